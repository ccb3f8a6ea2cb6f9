"""`python -m tray_connector`, and the command `tray-connector`."""

from __future__ import annotations

import sys

from tray_connector.cli.main import main as command_line


def main() -> None:
    """Entry point."""
    sys.exit(command_line())


if __name__ == "__main__":
    main()
