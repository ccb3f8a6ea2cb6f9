"""`python -m tray_connector`, and the command `tray-connector`."""

from __future__ import annotations

import sys

from tray_connector.cli.signals import stop_on_signals
from tray_connector.config.clock import Stop


def main() -> None:
    """Entry point."""
    stop = Stop()
    stop_on_signals(stop)
    # Only now, as it takes a moment in which a signal may come.
    from tray_connector.cli.main import main as command_line  # noqa: PLC0415

    sys.exit(command_line(stop=stop))


if __name__ == "__main__":
    main()
