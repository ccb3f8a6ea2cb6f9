"""`TeamworkSource`: the tasks of a Teamwork site."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, InternalError
from tray_connector.model.events import Event, SourceName
from tray_connector.model.records import Record, Stored, Task
from tray_connector.sources.base import Fate, Known, Page, Reading, ReadNumber, Since, Stream, Verdict
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork import questions
from tray_connector.sources.teamwork.directory import Directory
from tray_connector.sources.teamwork.listing import CEILING, Batch, Haste, Listing, changed_at
from tray_connector.sources.teamwork.live_test import live_test
from tray_connector.sources.teamwork.parse import Included, parse_task, rename, unnamed
from tray_connector.sources.teamwork.questions import ALL_TASKS, WITH_NAMES, Params
from tray_connector.sources.teamwork.second_look import SecondLook
from tray_connector.sources.teamwork.values import moment

TASKS_STREAM, DELETIONS_STREAM = "tasks", "deletions"
_DELETIONS_EVERY = 60.0
_TRASH_KEEPS = timedelta(days=30)
"""How long Teamwork keeps deleted tasks: the first question about deletions looks no further back."""
_BOUNDARY = timedelta(seconds=1)
"""`updatedAfter` excludes the moment itself and has whole seconds; `deletedAfter`'s boundary is not documented."""


class TeamworkSource:
    """Reads tasks; implements `sources.base.Source`. Names come with the tasks, people and tags also from files.

    `projects` limits the scope to these project ids. A task created before `process_after` is left out. Without
    `include_completed_on_first_sync` the first run leaves completed tasks out.
    """

    name: SourceName = "teamwork"

    def __init__(
        self,
        *,
        client: HttpClient,
        site_url: str,
        people_file: Path,
        tags_file: Path,
        projects: frozenset[str],
        process_after: datetime | None,
        include_completed_on_first_sync: bool,
        clock: Clock,
        read_number: ReadNumber,
        ceiling: int = CEILING,
    ) -> None:
        self.client = client
        self._site = site_url.strip().rstrip("/")
        self._projects = projects
        self._process_after = process_after
        self._include_completed = include_completed_on_first_sync
        self._clock = clock
        self._directory = Directory(client, people_file, tags_file, clock)
        self._listing = Listing(client, read_number, ceiling=ceiling)
        self._second_look = SecondLook(client, self._listing, read_number, self._events_of)
        self._deletion_pages = 1

    def streams(self, stop: Stop) -> Sequence[Stream]:  # noqa: ARG002 - the protocol's
        """Tasks with every poll, deletions every minute; rarer where a site answers those with the whole list."""
        return (Stream(TASKS_STREAM, 0.0), Stream(DELETIONS_STREAM, _DELETIONS_EVERY * self._deletion_pages))

    def changes(self, stream: str, since: Since, stop: Stop) -> Iterator[Page]:
        """One page per answer. A poll's first request is urgent; a first run's and a backfill's are not."""
        haste: Haste = "usual" if since.changed_after is None else "urgent"
        if stream == TASKS_STREAM:
            first_run = since.changed_after is None and not since.everything
            params = {**ALL_TASKS, **self._scope()}
            if since.changed_after is not None:
                params["updatedAfter"] = questions.time(since.changed_after - _BOUNDARY)
            if first_run and not self._include_completed:
                return self._open_tasks(params, stop)
            return self._pages(params, stop, haste)
        if stream == DELETIONS_STREAM:
            return self._deletions(since, stop, haste)
        raise InternalError("teamwork-stream", "Teamwork has no such stream", stream)

    def _open_tasks(self, params: Params, stop: Stop) -> Iterator[Page]:
        # Without the newest change of all, the next poll would bring the completed tasks that were changed since the
        # newest change of an open one.
        yield Page((), _newest(self._listing.latest(params, stop), "updatedAt"))
        yield from self._pages({**params, "includeCompletedTasks": "false"}, stop, open_only=True)

    def walk(self, stop: Stop, *, quiet: bool = False) -> Iterator[Page]:
        """All tasks that the settings let in, with the flags of the poll."""
        return self._pages({**ALL_TASKS, **self._scope()}, stop, "quiet" if quiet else "usual")

    def _pages(self, params: Params, stop: Stop, haste: Haste = "usual", *, open_only: bool = False) -> Iterator[Page]:
        for batch in self._listing.walk({**params, **WITH_NAMES}, stop, haste):
            events = self._events_of(batch, False)
            taken = tuple(
                event
                for event in events
                if self._is_in_scope(event.payload) and not (open_only and _is_completed(event.payload))
            )
            left_out = {event.id for event in events} - {event.id for event in taken}
            yield Page(taken, _newest(batch, "updatedAt"), tuple(sorted(left_out)))
        self._directory.save()

    def _deletions(self, since: Since, stop: Stop, haste: Haste) -> Iterator[Page]:
        after = since.changed_after or self.client.service_time() - _TRASH_KEEPS
        params = {**questions.only_deleted(after - _BOUNDARY), **questions.of_projects(self._projects)}
        pages = 0
        for batch in self._listing.walk(params, stop, haste):
            pages += 1
            deleted = tuple(event for event in self._events_of(batch, False) if _is_deleted(event.payload))
            # The live rows that may come along say nothing about how far deletions have been read.
            yield Page(deleted, _newest(batch, "deletedAt"))
        self._deletion_pages = max(1, pages)

    def complete(self, events: Sequence[Event], known: Known, stop: Stop) -> Iterator[Reading]:  # noqa: ARG002 - the protocol's
        """Events with a payload cost nothing, unless it names someone nobody knows; the others are read by `ids`."""
        unsure: list[Reading] = []
        for event in events:
            if isinstance(event.payload, Task):
                reading = Reading(event, (event.payload,), read_number=event.read_number)
                if event.payload.deleted or not unnamed(event.payload):
                    yield reading
                else:
                    unsure.append(reading)
        unsure += self._read_afresh([event for event in events if not isinstance(event.payload, Task)], stop)
        yield from self._named(unsure, stop)

    def _read_afresh(self, events: Sequence[Event], stop: Stop) -> list[Reading]:
        verdicts = self._second_look.look([event.id for event in events], stop) if events else {}
        readings = []
        for event in events:
            verdict = verdicts.get(event.id, Verdict(Fate.GONE))
            found = verdict.event
            if found is None or not isinstance(found.payload, Task):
                readings.append(Reading(event, gone=True, read_number=event.read_number))
            elif found.payload.deleted or self.in_scope(found.payload):
                readings.append(Reading(event, (found.payload,), read_number=found.read_number))
            else:
                readings.append(Reading(event, left_out=1, read_number=found.read_number))
        self._directory.save()
        return readings

    def _named(self, readings: list[Reading], stop: Stop) -> Iterator[Reading]:
        unknown = frozenset().union(*(unnamed(task) for reading in readings for task in _tasks(reading)))
        if unknown:
            self._directory.look_up(unknown, stop)
        for reading in readings:
            yield replace(reading, records=tuple(self.renamed(record) for record in reading.records))

    def look_again(self, ids: Collection[str], stop: Stop, *, quiet: bool = False) -> Mapping[str, Verdict]:
        """In the whole site, whatever the scope. A task that left the scope gets no verdict: it is neither deleted
        nor to be updated.
        """
        verdicts = self._second_look.look(ids, stop, "quiet" if quiet else "usual")
        self._directory.save()
        return {key: verdict for key, verdict in verdicts.items() if not self._has_left(verdict)}

    def _has_left(self, verdict: Verdict) -> bool:
        return verdict.fate is Fate.THERE and verdict.event is not None and not self._is_in_scope(verdict.event.payload)

    def read_whole(self, ids: Sequence[str], stop: Stop) -> Mapping[str, Stored | ConnectorError | None]:
        """In the whole site, deleted ones too where Teamwork still shows them."""
        verdicts = self._second_look.look(ids, stop) if ids else {}
        found = {key: verdict.event.payload for key, verdict in verdicts.items() if verdict.event is not None}
        tasks = {key: task for key, task in found.items() if isinstance(task, Task)}
        return {key: tasks.get(key) for key in ids}

    def first_run_from(self) -> datetime | None:
        """The first run takes every task."""
        return None

    def first_run_takes(self, record: Record) -> bool:
        """All but completed tasks, where the settings leave those out."""
        return self._include_completed or not _is_completed(record)

    def in_scope(self, record: Record) -> bool:
        """By project and by time of creation."""
        return isinstance(record, Task) and self._is_in_scope(record)

    def _is_in_scope(self, record: Record | None) -> bool:
        if not isinstance(record, Task):
            return False
        # Where a row does not tell its project, the question's own filter has decided.
        if self._projects and record.project_id is not None and record.project_id not in self._projects:
            return False
        if self._process_after is None or record.created_at is None:
            return True
        return record.created_at >= self._process_after

    def renamed(self, record: Stored) -> Stored:
        """Tags, assignees, creator, last editor, project and list by the names of today."""
        return rename(record, self._directory.name) if isinstance(record, Task) else record

    def refresh_directories(self, stop: Stop) -> bool:
        """People, tags and teams in full, 500 a request."""
        return self._directory.refresh(stop)

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Address, key with its owner, and how much it sees."""
        return live_test(self.client, questions.of_projects(self._projects), stop)

    def waiting_until(self) -> datetime | None:
        """When Teamwork's limits allow the next ordinary request; None when now."""
        return self.client.waiting_until()

    def least_poll_interval(self) -> float:
        """One request a poll; the deletions, once a minute, do not count."""
        return self.client.half_pace(1)

    def close(self) -> None:
        """Close the client's connections."""
        self.client.close()

    def requests_sent(self) -> int:
        """Requests sent by the client."""
        return self.client.sent

    def _scope(self) -> dict[str, str]:
        scope = dict(questions.of_projects(self._projects))
        if self._process_after is not None:
            scope["createdAfter"] = questions.time(self._process_after)
        return scope

    def _events_of(self, batch: Batch, as_deleted: bool) -> list[Event]:
        self._directory.learn(batch.included)
        included = Included(batch.included, self._directory.name)
        now = self._clock.now()
        events = []
        for row in batch.rows:
            task = parse_task(row, included, self._site)
            if task is None:
                continue
            if as_deleted:
                task = replace(task, deleted=True, status="deleted")
            events.append(
                Event(
                    source="teamwork",
                    kind="task",
                    id=task.task_id,
                    payload=task,
                    read_number=batch.read_number,
                    since=now,
                    title=task.name,
                )
            )
        return events


def _newest(batch: Batch, member: str) -> datetime | None:
    times = [changed_at(row) if member == "updatedAt" else moment(row.get(member)) for row in batch.rows]
    newest = max((at for at in times if at is not None), default=None)
    if newest is None or batch.server_time is None:
        return newest
    return min(newest, batch.server_time)


def _tasks(reading: Reading) -> list[Task]:
    return [record for record in reading.records if isinstance(record, Task)]


def _is_completed(record: Record | None) -> bool:
    return isinstance(record, Task) and record.status == "completed"


def _is_deleted(record: Record | None) -> bool:
    return isinstance(record, Task) and record.deleted
