"""Deleted tasks: the stream of their own, the second look, single reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.teamwork_source import FIRST_RUN, TASKS, Altered, Reader, expected, moment, reading_teamwork, task_of
from tray_connector.model.records import Task
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.teamwork import TeamworkSwitches
from tray_connector.sources.base import Fate, Since

SITES = [
    TeamworkSwitches(),
    TeamworkSwitches(show_deleted="only", deleted_after="inclusive"),
    TeamworkSwitches(deleted_after_keeps_live=True, delete_bumps_updated_at=True, deleted_get=200),
    TeamworkSwitches(order_by_id_supported=False, show_deleted="only", deleted_get=200),
]


def deleted_now(site: Reader, task_id: int) -> Task:
    site.office.delete_task(task_id)
    return expected(site, site.office.task(task_id))


def childless(site: Reader) -> list[int]:
    return [task.id for task in site.office.live_tasks() if not site.office.has_children(task.id)]


@pytest.mark.parametrize("switches", SITES)
def test_a_deletion_is_found_by_its_own_stream(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=60, switches=switches) as site:
        site.changed("deletions")
        checkpoint = site.clock.now()
        site.clock.advance(90)
        gone = deleted_now(site, childless(site)[5])
        found = site.changed("deletions", Since(checkpoint))
        assert found.keys() == {gone.task_id}
        (task,) = found.values()
        assert (task.deleted, task.status, task.deleted_at) == (True, "deleted", gone.deleted_at)


@pytest.mark.parametrize("switches", SITES)
def test_a_deletion_in_the_second_of_the_checkpoint_is_found(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=60, switches=switches) as site:
        gone = deleted_now(site, childless(site)[5])
        assert gone.task_id in site.changed("deletions", Since(site.clock.now()))


def without_deletion_filters(query: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in query.items() if key not in ("deletedOnly", "deletedAfter")}


@pytest.mark.parametrize("also_live", [False, True])
def test_a_site_that_answers_deletions_with_everything_is_asked_less_often(tmp_path: Path, also_live: bool) -> None:
    with reading_teamwork(tmp_path, tasks=1200) as site:
        if also_live:
            site.server.service = Altered(site.service, without_deletion_filters)
        gone = deleted_now(site, childless(site)[5])
        found = site.changed("deletions")
        assert gone.task_id in found
        assert all(task.deleted for task in found.values())
        (_, deletions) = site.source.streams(site.stop)
        assert deletions.every == (180.0 if also_live else 60.0)


def test_newest_of_the_deletions_is_the_latest_deletion(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=60) as site:
        site.clock.advance(10)
        gone = deleted_now(site, childless(site)[5])
        site.clock.advance(10)
        site.office.edit_task(childless(site)[7])
        (page,) = site.pages("deletions", FIRST_RUN)
        assert page.newest == gone.deleted_at


@pytest.mark.parametrize("switches", SITES)
def test_the_second_look_tells_there_from_deleted_from_gone(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=60, switches=switches) as site:
        there, gone, trashed, *_ = childless(site)
        site.office.delete_task(trashed)
        site.office.purge_task(gone)
        listed = next(task for task in site.office.live_tasks() if task.id not in (there, gone, trashed))
        others = [task.id for task in site.office.live_tasks() if task.tasklist_id == listed.tasklist_id]
        site.office.delete_list(listed.tasklist_id)
        verdicts = site.source.look_again([str(key) for key in (there, gone, trashed, listed.id)], site.stop)
        fates = {int(key): verdict.fate for key, verdict in verdicts.items()}
        assert fates == {
            there: Fate.DELETED if there in others else Fate.THERE,
            gone: Fate.GONE,
            trashed: Fate.DELETED,
            listed.id: Fate.DELETED,
        }
        assert verdicts[str(trashed)].deleted_at == moment(site.office.task(trashed).deleted_at or 0)
        event = verdicts[str(listed.id)].event
        assert event is not None
        in_list = task_of(event.payload)
        assert (in_list.deleted, in_list.status, in_list.deleted_at) == (True, "deleted", None)


@pytest.mark.parametrize("switches", SITES)
def test_an_event_for_a_deleted_task_reads_as_deleted(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=60, switches=switches) as site:
        there, gone, trashed, *_ = childless(site)
        site.office.delete_task(trashed)
        site.office.purge_task(gone)
        readings = site.readings(site.event(there), site.event(gone), site.event(trashed))
        assert task_of(readings[str(there)].records[0]) == expected(site, site.office.task(there))
        assert task_of(readings[str(trashed)].records[0]).deleted
        assert (readings[str(gone)].gone, readings[str(gone)].records) == (True, ())


def test_a_restored_task_is_there_again(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=60) as site:
        key = childless(site)[3]
        site.office.delete_task(key)
        assert str(key) not in site.walked()
        site.clock.advance(5)
        site.office.restore_task(key)
        read = site.changed(since=site.since(3))[str(key)]
        assert (read.deleted, read.deleted_at) == (False, None)


def test_hundreds_of_vanished_tasks_are_not_asked_for_one_by_one(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=400) as site:
        keys = [str(task.id) for task in site.office.live_tasks()]
        for key in keys[:300]:
            site.office.purge_task(int(key))
        verdicts = site.source.look_again(keys[:300], site.stop)
        assert {verdict.fate for verdict in verdicts.values()} == {Fate.GONE}
        assert site.requests("/projects/api/v3/tasks/") == 25


def test_a_task_that_lists_hide_and_a_single_read_shows_is_there(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        key = str(childless(site)[0])
        nothing = b'{"tasks":[],"meta":{"page":{"hasMore":false}},"included":{}}'
        site.server.faults.status(200, When(TASKS, times=None), body=nothing)
        verdict = site.source.look_again([key], site.stop)[key]
        assert verdict.fate is Fate.THERE
        assert verdict.event is not None
        assert task_of(verdict.event.payload) == expected(site, site.office.task(int(key)))
