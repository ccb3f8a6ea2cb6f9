"""`export-diagnostics FILE`: works beside whoever holds the home, and without anybody."""

from __future__ import annotations

import threading
from pathlib import Path

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE
from tray_connector.cli.words import number
from tray_connector.config.clock import Stop, Stopped
from tray_connector.desktop.channel import call
from tray_connector.desktop.instance import Instance
from tray_connector.desktop.wire import GoneError, Message
from tray_connector.sync.diagnostics import gather, save
from tray_connector.sync.session import Environment

PATIENCE = 5.0
"""Seconds that the running process has to say how it is; one that hangs is part of what is to be found out."""


def export_diagnostics(environment: Environment, path: Path, console: Console, stop: Stop) -> int:
    """Gather, write, and say what is in it."""
    bundle = gather(environment, stop, status_of_holder(environment, stop))
    if path.is_dir():
        path = path / bundle.file_name
    save(bundle, path)
    for trouble in bundle.troubles:
        console.err(trouble)
    console.out(f"{number(len(bundle.parts), 'file', 'files')} in {path}")
    console.out("Without keys, e-mail addresses and titles. Look through it before you send it on.")
    return DONE


def status_of_holder(environment: Environment, stop: Stop) -> dict[str, object] | None:
    """What the process that holds the home says of itself; None when there is none.

    `Stopped` when `stop` is set.
    """
    holder = Instance(environment.paths.lock, environment.clock).note()
    if holder is None or holder.address is None:
        return None
    said: dict[str, object] = {}

    def take(message: Message) -> None:
        if isinstance(message.get("data"), dict):
            said.update(message["data"])

    limit = Stop()
    watch = threading.Timer(PATIENCE, limit.set)
    watch.start()
    try:
        with stop.calls(limit.set):
            call(holder.address, holder.token, {"argv": ["status", "--json"]}, take, limit)
    except Stopped:
        if stop.is_set():
            raise
        return {"state": "does not answer", "pid": holder.pid, "doing": holder.doing}
    except GoneError:
        return None
    finally:
        watch.cancel()
    return said
