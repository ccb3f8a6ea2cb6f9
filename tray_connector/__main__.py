"""`python -m tray_connector`, and the command `tray-connector`: without a command the tray, else the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tray_connector.cli.signals import stop_on_signals
from tray_connector.config.clock import Stop

if TYPE_CHECKING:  # the engine is imported when signals are attended to
    from tray_connector.sync.session import Environment


def main() -> None:
    """Entry point."""
    give_streams()
    stop = Stop()
    stop_on_signals(stop)
    # Only now, as it takes a moment in which a signal may come.
    from tray_connector.cli.main import main as command_line  # noqa: PLC0415

    sys.exit(command_line(stop=stop, tray=tray, window_parts=window_parts))


def give_streams() -> None:
    """The packaged program without a console has none on Windows: what is said there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def tray(environment: Environment, stop: Stop, *, autostart: bool = False, demo: bool = False) -> int:
    """Show the tray until the user quits; the exit code. ImportError where Qt is not installed."""
    # Only here: a command needs no Qt, and the tray not all commands.
    from tray_connector.cli.home import server  # noqa: PLC0415
    from tray_connector.ui.application import run_tray  # noqa: PLC0415

    return run_tray(environment, server, stop, autostart=autostart, demo=demo)


def window_parts(with_tray: bool) -> Sequence[tuple[str, Callable[[], str]]]:
    """What `self-test` tests of Qt. ImportError where Qt is not installed."""
    from tray_connector.ui.self_test import window_parts as parts  # noqa: PLC0415 - as above

    return parts(with_tray)


if __name__ == "__main__":
    main()
