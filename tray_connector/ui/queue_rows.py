"""The queue as the window needs it: its order, and one page of rows, both read in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import Problem
from tray_connector.model.events import Event, Kind, SourceName
from tray_connector.sync.session import Session

Key = tuple[SourceName, str]
LISTED = 20
"""Names of unreadable files that are read at most."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One event, without what it carries: a page of mails would be megabytes."""

    source: SourceName
    kind: Kind
    id: str
    title: str | None
    since: datetime
    attempts: int
    next_try: datetime | None
    problem: Problem | None
    url: str | None

    @property
    def key(self) -> Key:
        """What the spool knows it by."""
        return self.source, self.id


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """The ids that wait, by age, and how long it took to find them out."""

    keys: Sequence[Key]
    seconds: float


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some rows. What was asked for and is not among them is gone, or cannot be read."""

    asked: Sequence[Key]
    rows: Sequence[QueueRow]


def read_order(session: Session, known: Sequence[Key]) -> QueueOrder | None:
    """The order now; None when it is still the `known` one. No file is read."""
    began = session.clock.monotonic()
    keys = session.engine.spool.order()
    if keys == known:
        return None
    return QueueOrder(keys, session.clock.monotonic() - began)


def read_page(session: Session, stop: Stop, keys: Sequence[Key]) -> QueuePage:
    """Read the files of these events; `Stopped` in between when `stop` is set."""
    rows: list[QueueRow] = []
    for key in keys:
        if stop.is_set():
            raise Stopped
        rows.extend(row_of(event, session.settings.teamwork_base_url) for event in session.engine.spool.read([key]))
    return QueuePage(keys, rows)


def row_of(event: Event, teamwork_url: str | None) -> QueueRow:
    """The event without its content. One that only asks for a fresh read of a task has no address but its id's."""
    url = None if event.payload is None else event.payload.url
    if url is None and event.source == "teamwork" and teamwork_url is not None:
        url = f"{teamwork_url}/app/tasks/{event.id}"
    return QueueRow(
        event.source,
        event.kind,
        event.id,
        event.title,
        event.since,
        event.attempts,
        event.next_try,
        event.last_error,
        url,
    )


def unreadable_names(session: Session, _: Stop) -> tuple[str, ...]:
    """Some of the files in `unreadable/`, by name."""
    folder = session.paths.spool / "unreadable"
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))[:LISTED]
