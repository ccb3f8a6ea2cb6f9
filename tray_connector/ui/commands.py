"""What tray and windows do with one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tray_connector.config.clock import Stop
from tray_connector.config.settings import Backend
from tray_connector.model.errors import Problem
from tray_connector.sync.durations import Duration
from tray_connector.sync.pause import Pause
from tray_connector.sync.session import Session
from tray_connector.ui.host import EngineHost

PAUSES: tuple[Duration | None, ...] = (
    Duration(timedelta(minutes=30)),
    Duration(timedelta(hours=1)),
    Duration(None),
    None,
)
"""What is offered: 30 minutes, an hour, until tomorrow at 06:00, until resumed."""

Failed = Callable[[Problem], None]


def sync_now(host: EngineHost, failed: Failed | None = None) -> None:
    """Have everything looked at now."""

    def work(session: Session, _: Stop) -> None:
        session.engine.sync_now()

    host.submit(work, failed=failed)


def pause(host: EngineHost, length: Duration | None, failed: Failed | None = None) -> None:
    """Rest for so long, None = until resumed."""

    def work(session: Session, _: Stop) -> None:
        until = None if length is None else length.end(session.clock.now(), session.settings.timezone)
        session.engine.pause(Pause(until=until, open_ended=until is None))

    host.submit(work, failed=failed)


def resume(host: EngineHost, failed: Failed | None = None) -> None:
    """End the pause."""

    def work(session: Session, _: Stop) -> None:
        session.engine.resume()

    host.submit(work, failed=failed)


def allow_removals(host: EngineHost, failed: Failed | None = None) -> None:
    """Compare everything, and flag as deleted what has vanished, however much it is: the user said so."""

    def work(session: Session, stop: Stop) -> None:
        session.engine.reconcile(stop, allow_removals=True)

    host.submit(work, failed=failed)


def data_place(session: Session, _: Stop) -> tuple[Backend, str]:
    """The kind of the database, and its address in a browser where it has one."""
    settings = session.settings
    if settings.db_backend == "airtable" and settings.airtable_base_id:
        return settings.db_backend, f"https://airtable.com/{settings.airtable_base_id}"
    return settings.db_backend, ""
