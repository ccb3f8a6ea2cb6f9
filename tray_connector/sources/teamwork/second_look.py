"""What became of tasks that a list did not show: there, deleted, or gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tray_connector.config.clock import Stop
from tray_connector.model.events import Event
from tray_connector.model.records import Record, Task
from tray_connector.sources.base import Fate, ReadNumber, Verdict
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork import questions
from tray_connector.sources.teamwork.listing import Batch, Haste, Listing
from tray_connector.sources.teamwork.questions import (
    ALL_TASKS,
    FEW_IDS,
    IDS_AT_MOST,
    IN_DELETED_LISTS,
    WITH_DELETED,
    WITH_NAMES,
)
from tray_connector.sources.teamwork.values import mapping

_log = logging.getLogger(__name__)

_ASKED_ONE_BY_ONE = 25
"""So many tasks that no list shows are asked for singly; when all are gone, the rest is believed."""
_NOT_THERE = frozenset({403, 404, 410})
"""Documented as 404 without a body; 403 when the right to see the project was lost."""

EventsOf = Callable[[Batch, bool], list[Event]]
"""Makes a batch's events; with True as tasks that are deleted."""


class SecondLook:
    """Asks for single tasks in ever wider ways. A task seen only among the deleted is deleted."""

    def __init__(self, client: HttpClient, listing: Listing, read_number: ReadNumber, events_of: EventsOf) -> None:
        self._client = client
        self._listing = listing
        self._read_number = read_number
        self._events_of = events_of

    def look(self, ids: Collection[str], stop: Stop, haste: Haste = "usual") -> dict[str, Verdict]:
        """A verdict for each id. What is no number is no task of Teamwork."""
        verdicts = {key: Verdict(Fate.GONE) for key in ids if not key.isdecimal()}
        # A site may look at a part of many ids only, without a word: what is missing is asked for in small portions
        # before it counts as not shown.
        for at_most in (IDS_AT_MOST, FEW_IDS) if len(ids) > FEW_IDS else (FEW_IDS,):
            missing = [key for key in ids if key not in verdicts]
            for batch in self._listing.look_up(missing, {**ALL_TASKS, **WITH_NAMES}, stop, haste, at_most=at_most):
                verdicts |= _verdicts(self._events_of(batch, False))
        # `showDeleted` may replace the live rows: those of deleted lists are then asked for by themselves.
        for flags in (WITH_DELETED, IN_DELETED_LISTS):
            missing = [key for key in ids if key not in verdicts]
            asked = {**ALL_TASKS, **WITH_NAMES, **flags}
            for batch in self._listing.look_up(missing, asked, stop, haste, at_most=FEW_IDS):
                verdicts |= _verdicts(self._events_of(batch, True))
        missing = [key for key in ids if key not in verdicts]
        return verdicts | self._one_by_one(missing, stop, haste)

    def _one_by_one(self, ids: list[str], stop: Stop, haste: Haste) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        for position, key in enumerate(ids):
            if position == _ASKED_ONE_BY_ONE and all(verdict.fate is Fate.GONE for verdict in verdicts.values()):
                _log.info("Teamwork shows %d more tasks in no list; they count as gone", len(ids) - position)
                return verdicts | {rest: Verdict(Fate.GONE) for rest in ids[position:]}
            verdicts[key] = self._single(key, stop, haste)
        return verdicts

    def _single(self, key: str, stop: Stop, haste: Haste) -> Verdict:
        read_number = self._read_number()
        quiet = haste == "quiet"
        answer = self._client.get(questions.task(key), WITH_NAMES, stop=stop, quiet=quiet, accept=_NOT_THERE)
        if answer.status in _NOT_THERE:
            return Verdict(Fate.GONE)
        row = mapping(answer.data.get("task"))
        batch = Batch((row,), answer.data.get("included"), read_number, answer.server_time)
        events = self._events_of(batch, False)
        if events and _is_filed_under_deleted(events[0].payload, mapping(batch.included)):
            events = self._events_of(batch, True)
        return _verdicts(events).get(key, Verdict(Fate.GONE))


def _is_filed_under_deleted(task: Record | None, included: Mapping[str, Any]) -> bool:
    """Whether the list or project of a task is deleted; its own status does not tell."""
    if not isinstance(task, Task):
        return False
    around = (("tasklists", task.tasklist_id), ("projects", task.project_id))
    return any(mapping(mapping(included.get(kind)).get(key or "")).get("status") == "deleted" for kind, key in around)


def _verdicts(events: list[Event]) -> dict[str, Verdict]:
    verdicts = {}
    for event in events:
        if isinstance(event.payload, Task) and event.payload.deleted:
            verdicts[event.id] = Verdict(Fate.DELETED, event, event.payload.deleted_at)
        else:
            verdicts[event.id] = Verdict(Fate.THERE, event)
    return verdicts
