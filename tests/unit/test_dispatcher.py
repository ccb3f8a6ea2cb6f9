"""Readings on their way to the writer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clock import START, FakeClock
from tray_connector.model.errors import TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Task
from tray_connector.sources.base import Reading
from tray_connector.sync.dispatcher import chunked

DOWN = TransientError("destination-down", "The database cannot be reached")


def test_what_was_read_before_a_service_failed_is_written() -> None:
    event = Event(source="teamwork", kind="task", id="7", since=START)

    def readings() -> Iterator[Reading]:
        yield Reading(event, (Task(task_id="7"),))
        raise DOWN

    chunks = chunked(readings(), FakeClock())
    assert [reading.event.id for reading in next(chunks)] == ["7"]
    with pytest.raises(TransientError):
        next(chunks)
