"""`quit`: ask what runs in this home to end, and wait until it has. For whoever installs another version."""

from __future__ import annotations

import logging

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.paths import Paths
from tray_connector.desktop.channel import call
from tray_connector.desktop.instance import Holder, Instance
from tray_connector.desktop.wire import GoneError
from tray_connector.model.errors import TransientError
from tray_connector.sync.session import Environment

logger = logging.getLogger(__name__)

REQUEST = {"show": "quit", "argv": ["quit"]}
"""The tray takes the first, a command without windows the second."""
PATIENCE = 30.0
"""Seconds that it may take: work under way is brought to a place where nothing is lost, and a window with unsaved work
asks its user."""
LOOK = 0.1


def quit_running(environment: Environment, console: Console, stop: Stop) -> int:
    """End the process of this home and of its demo. TransientError when one goes on."""
    home = environment.paths
    ended = [end_holder(paths, environment.clock, stop) for paths in (home, Paths(home.home / "demo"))]
    console.out("It has ended." if any(ended) else "Nothing was running.")
    return DONE


def end_holder(paths: Paths, clock: Clock, stop: Stop) -> bool:
    """Whether there was one."""
    if not paths.lock.exists():
        return False
    instance, deadline = Instance(paths.lock, clock), clock.monotonic() + PATIENCE
    asked: set[int] = set()
    while True:
        with instance.held("quit") as hold:
            if hold is not None:
                return bool(asked)
        holder = instance.note()
        if holder is not None and holder.address is not None and holder.pid not in asked:
            try:
                call(holder.address, holder.token, REQUEST, lambda _: None, stop)
                asked.add(holder.pid)
            except GoneError as reason:
                logger.debug("The holder of the home is not there: %s", reason)
        if clock.monotonic() > deadline:
            raise still_running(holder)
        if clock.wait(stop, LOOK):
            raise Stopped


def still_running(holder: Holder | None) -> TransientError:
    """It was asked, and did not end."""
    who = "A process" if holder is None else f"Process {holder.pid} ('{holder.doing}')"
    return TransientError(
        "still-running",
        "It is still running",
        f"{who} did not end within {PATIENCE:.0f} seconds.",
        "Save or close its windows, choose Quit in its menu, then try again.",
    )
