"""What the Teamwork source reads from a site, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.teamwork_source import (
    EVERYTHING,
    FIRST_RUN,
    TASKS,
    all_expected,
    expected,
    moment,
    reading_teamwork,
    task_of,
)
from tray_connector.sandbox.limits import RateLimiter, Window
from tray_connector.sandbox.office_records import Party
from tray_connector.sandbox.teamwork import TeamworkSwitches
from tray_connector.sources.base import Fate

SITES = [
    TeamworkSwitches(),
    TeamworkSwitches(project_on_task="task", dates="date", empty_assignees="null", empty_included="empty"),
    TeamworkSwitches(project_on_task="meta", rate_reset="epoch", order_by_id_supported=False),
]


@pytest.mark.parametrize("switches", SITES)
def test_the_first_run_reads_every_task_completely(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=1300, switches=switches) as site:
        assert site.changed() == all_expected(site)


def test_the_first_run_of_five_thousand_tasks_costs_what_the_pages_cost(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5000, people=620) as site:
        site.source.refresh_directories(site.stop)
        assert len(site.changed()) == 5000
        site.changed("deletions")
        floor = 5000 / 500 + 2 + 1 + 2
        assert site.requests() <= floor * 1.1
        assert site.service.limiter.violations == 0


def test_a_quiet_poll_is_one_request_and_gives_nothing(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=700) as site:
        newest = max(page.newest for page in site.pages() if page.newest)
        site.server.requests.clear()
        (page,) = site.pages(since=replace(FIRST_RUN, changed_after=newest + timedelta(seconds=1)))
        assert (page.events, page.newest) == ((), None)
        assert site.requests() == 1


def test_a_poll_finds_a_change_in_the_very_second_of_its_checkpoint(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=20) as site:
        site.clock.advance(10)
        edited = site.office.edit_task(site.office.live_tasks()[3].id, name="Neu")
        since = replace(FIRST_RUN, changed_after=moment(edited.updated_at))
        assert site.changed(since=since) == {str(edited.id): expected(site, edited)}


def test_what_was_cleared_arrives_empty(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=20) as site:
        task = site.office.create_task("Plan", description="Text", tags=["R_101"], assignees=[Party("teams", 61)])
        assert site.changed()[str(task.id)].tags == ("R_101",)
        site.clock.advance(5)
        site.office.edit_task(task.id, description="", tag_ids=(), assignees=(), due_date=None)
        read = site.changed(since=site.since(30))[str(task.id)]
        assert (read.description, read.tags, read.tag_ids, read.assignees) == (None, (), (), ())


def test_newest_is_the_latest_change_and_never_later_than_the_answer(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=20) as site:
        now = int(site.clock.now().timestamp())
        site.office.edit_task(site.office.live_tasks()[0].id, updated_at=now - 50)
        assert max(page.newest for page in site.pages() if page.newest) == moment(now - 50)
        site.office.edit_task(site.office.live_tasks()[1].id, updated_at=now + 900)
        assert max(page.newest for page in site.pages() if page.newest) == moment(now)


def test_every_page_carries_the_number_of_its_own_read(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=1200) as site:
        numbers = [{event.read_number for event in page.events} for page in site.pages()]
        assert numbers == [{1}, {2}, {3}]
        assert {event.title for event in site.pages()[0].events} <= {task.name for task in site.office.tasks()}


def test_only_the_chosen_projects_are_read(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=150, projects=frozenset({"70001", "70003"})) as site:
        wanted = {key: task for key, task in all_expected(site).items() if task.project_id in ("70001", "70003")}
        assert wanted
        assert site.changed() == wanted
        assert site.walked() == wanted
        other = next(task for task in all_expected(site).values() if task.task_id not in wanted)
        reading = site.readings(site.event(other.task_id))[other.task_id]
        assert (reading.records, reading.left_out, reading.gone) == ((), 1, False)
        assert not site.source.in_scope(other)


def test_what_was_created_before_the_date_is_left_out(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=150) as before:
        created = sorted(task.created_at for task in before.office.live_tasks())
    start = moment(created[len(created) // 2])
    with reading_teamwork(tmp_path, tasks=150, process_after=start) as site:
        wanted = {key: task for key, task in all_expected(site).items() if task.created_at and task.created_at >= start}
        assert 0 < len(wanted) < 150
        assert site.changed() == wanted == site.changed(since=EVERYTHING)
        old = next(task for key, task in all_expected(site).items() if key not in wanted)
        assert not site.source.in_scope(old)
        assert site.readings(site.event(old.task_id))[old.task_id].left_out == 1


def test_completed_tasks_may_be_left_out_of_the_first_run_only(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=150, include_completed=False) as site:
        everything = all_expected(site)
        assert site.changed() == {key: task for key, task in everything.items() if task.status != "completed"}
        assert site.changed(since=EVERYTHING) == everything
        assert site.changed(since=site.since(400 * 86_400)) == everything


def test_an_event_with_its_record_costs_no_request(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=20) as site:
        (page,) = site.pages()
        site.server.requests.clear()
        readings = site.readings(*page.events)
        assert {key: reading.records for key, reading in readings.items()} == {
            event.id: (event.payload,) for event in page.events
        }
        assert site.requests() == 0


def test_events_without_a_record_are_read_together(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=400) as site:
        wanted = dict(list(all_expected(site).items())[:230])
        readings = site.readings(*(site.event(key) for key in wanted))
        assert {key: task_of(reading.records[0]) for key, reading in readings.items()} == wanted
        assert {reading.read_number for reading in readings.values()} == {1, 2, 3}
        assert site.requests() == 3


@pytest.mark.parametrize("refusal", [TeamworkSwitches(max_ids=30), TeamworkSwitches(longest_url=600)])
def test_a_look_up_that_is_refused_is_asked_in_smaller_portions(tmp_path: Path, refusal: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=150, switches=refusal) as site:
        wanted = dict(list(all_expected(site).items())[:90])
        readings = site.readings(*(site.event(key) for key in wanted))
        assert {key: task_of(reading.records[0]) for key, reading in readings.items()} == wanted


def test_a_look_up_that_is_cut_short_loses_nothing(tmp_path: Path) -> None:
    switches = TeamworkSwitches(max_ids=30, too_many_ids="cut")
    with reading_teamwork(tmp_path, tasks=150, switches=switches) as site:
        wanted = dict(list(all_expected(site).items())[:60])
        verdicts = site.source.look_again(wanted, site.stop)
        assert {verdict.fate for verdict in verdicts.values()} == {Fate.THERE}


def test_the_walk_shows_what_the_first_run_showed(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=1300) as site:
        assert site.walked() == site.changed() == all_expected(site)


def test_the_live_test_says_who_and_how_much(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=1204) as site:
        lines = site.source.check(site.stop)
        owner = site.office.people[site.office.me_id].name
        assert [line.ok for line in lines] == [True, True, True]
        assert lines[1].message == f"Key is accepted: {owner}"
        assert lines[2].message.startswith("You see 1,204 tasks in ")


def test_the_live_test_tells_a_wrong_key_from_a_wrong_address(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5, key="twp_wrong") as site:
        address, key = site.source.check(site.stop)
        assert (address.ok, key.ok) == (True, False)
        assert key.message.startswith("Teamwork refuses the key: ")
        assert "twp_wrong" not in repr((address, key))
        site.server.faults.status(404, body="<html><title>No such site</title></html>")
        (line,) = site.source.check(site.stop)
        assert (line.ok, line.message.split(":")[0]) == (False, "There is no Teamwork at this address")


def test_lists_are_asked_for_with_all_switches_and_nothing_else(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5) as site:
        site.changed(since=site.since(60))
        (request,) = site.server.requests.all(TASKS)
        assert dict(request.query) == {
            "includeCompletedTasks": "true",
            "showCompletedLists": "true",
            "includeArchivedProjects": "true",
            "includeTentativeProjects": "true",
            "updatedAfter": "2026-09-02T09:58:59Z",
            "include": "projects,tasklists,users,tags,companies,teams",
            "orderBy": "id",
            "orderMode": "asc",
            "page": "1",
            "pageSize": "500",
            "skipCounts": "true",
        }


def test_a_task_that_left_the_scope_is_neither_updated_nor_deleted(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=150, projects=frozenset({"70001"})) as site:
        stays, moves = list(site.changed())[:2]
        elsewhere = next(each for each in site.office.lists.values() if each.project_id == 70003)
        site.office.move_task(int(moves), elsewhere.id)
        assert moves not in site.walked()
        assert site.source.look_again([stays, moves], site.stop).keys() == {stays}


def test_a_file_name_that_is_no_task_id_costs_no_request(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5) as site:
        assert site.readings(site.event("b5d63fbc-0000"))["b5d63fbc-0000"].gone
        assert site.requests() == 0


@pytest.mark.parametrize(("style", "scale"), [("fixed", 30), ("sliding", 45)])
def test_a_smaller_limit_is_learnt_from_the_headers_and_never_exceeded(tmp_path: Path, style: str, scale: int) -> None:
    with reading_teamwork(tmp_path, tasks=60) as site:
        windows = [Window(scale, 60)]
        limiter = RateLimiter(windows, clock=site.clock, style="fixed" if style == "fixed" else "sliding")
        site.service.limiter = limiter
        began = site.clock.monotonic()
        for turn in range(200):
            site.clock.advance(0.05)
            site.client.get("projects/api/v3/me.json", stop=site.stop, urgent=turn % 3 == 0)
        assert limiter.violations == 0
        # Full: what the windows allow, with the last tenth kept.
        assert site.clock.monotonic() - began <= 200 / (scale * 0.9) * 61 + 61
