"""Lists that change while they are read, fail half-way, or are too long for one question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.log_guard import ExpectLog
from tests.support.teamwork_source import TASKS, Altered, Reader, all_expected, by_id, reading_teamwork
from tray_connector.model.errors import ConnectorError, InternalError, TransientError
from tray_connector.sandbox.faults import Faults, When
from tray_connector.sandbox.teamwork import TeamworkSwitches

BY_CHANGE = TeamworkSwitches(order_by_id_supported=False)
SECOND_PAGE = When(TASKS, match=lambda request: request.query.get("page") == "2", times=None)
EDITS_BETWEEN = When(TASKS, times=None)


def live_ids(site: Reader) -> list[int]:
    return [task.id for task in site.office.live_tasks()]


def delete(site: Reader, ids: list[int]) -> None:
    for key in ids:
        site.office.delete_task(key)


@pytest.mark.parametrize("switches", [TeamworkSwitches(), BY_CHANGE])
def test_edits_between_pages_lose_nothing(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=1600, switches=switches) as site:
        ids = live_ids(site)
        turns = iter(range(0, 1600, 7))

        def edit() -> None:
            site.clock.advance(3)
            for _ in range(3):
                site.office.edit_task(ids[next(turns)], name="Geändert")

        site.server.faults.call(edit, EDITS_BETWEEN)
        first = site.changed()
        assert first.keys() == all_expected(site).keys()
        site.server.faults.clear()
        assert first | site.changed(since=site.since(600)) == all_expected(site)


@pytest.mark.parametrize("switches", [TeamworkSwitches(), BY_CHANGE])
@pytest.mark.parametrize("gone", [1, 3, 40, 700])
def test_tasks_that_disappear_between_pages_hide_no_others(
    tmp_path: Path, gone: int, switches: TeamworkSwitches
) -> None:
    with reading_teamwork(tmp_path, tasks=1600, switches=switches) as site:
        ids = live_ids(site)
        site.server.faults.call(lambda: delete(site, ids[:gone]), When(TASKS, at=1))
        site.server.faults.call(lambda: delete(site, ids[-2:]), When(TASKS, at=2))
        read = site.changed()
        assert all_expected(site).keys() <= read.keys()


def test_the_border_of_a_page_may_disappear_itself(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=1600) as site:
        border = sorted(live_ids(site))[480:500]
        site.server.faults.call(lambda: delete(site, border), When(TASKS, at=1))
        assert all_expected(site).keys() <= site.changed().keys()


def test_the_rest_of_a_list_that_shrank_is_still_read(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=505) as site:
        ids = sorted(live_ids(site))
        site.server.faults.call(lambda: delete(site, ids[:20]), When(TASKS, at=1))
        assert all_expected(site).keys() <= site.changed().keys()


@pytest.mark.parametrize("switches", [TeamworkSwitches(), BY_CHANGE])
def test_many_changes_in_one_second_are_all_read(tmp_path: Path, switches: TeamworkSwitches) -> None:
    with reading_teamwork(tmp_path, tasks=1400, switches=switches) as site:
        site.clock.advance(60)
        for key in live_ids(site)[:1200]:
            site.office.edit_task(key)
        assert len(site.changed(since=site.since(30))) == 1200
        assert site.requests() <= 5


def test_a_site_that_does_not_order_by_id_is_asked_only_once_for_it(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=600, switches=BY_CHANGE) as site:
        assert site.changed() == all_expected(site)
        site.server.requests.clear()
        site.changed(since=site.since(60))
        assert site.requests() == 1


def test_a_question_refused_for_another_reason_is_an_error(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5) as site:
        site.server.faults.status(400, When(times=2), body='{"errors":[{"detail":"projectIds: unknown value"}]}')
        with pytest.raises(InternalError, match="projectIds: unknown value"):
            site.changed()
        site.changed()
        assert "id" in {request.query.get("orderBy") for request in site.server.requests.all()[2:]}


FAILURES: dict[str, Callable[[Faults], object]] = {
    "500": lambda faults: faults.status(500, SECOND_PAGE),
    "html": lambda faults: faults.html(SECOND_PAGE),
    "cut": lambda faults: faults.cut(SECOND_PAGE),
    "truncated": lambda faults: faults.truncate(SECOND_PAGE),
    "dropped": lambda faults: faults.drop(SECOND_PAGE),
    "silent": lambda faults: faults.silence(SECOND_PAGE),
    "401": lambda faults: faults.status(401, SECOND_PAGE),
    "empty object": lambda faults: faults.status(200, SECOND_PAGE, body=b"{}"),
    "array": lambda faults: faults.status(200, SECOND_PAGE, body=b"[]"),
    "429": lambda faults: faults.status(429, SECOND_PAGE, headers={"Retry-After": "3"}),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_second_page_that_fails_is_never_the_end_of_the_list(tmp_path: Path, failure: str) -> None:
    with reading_teamwork(tmp_path, tasks=800) as site:
        FAILURES[failure](site.server.faults)
        pages = site.source.changes("tasks", site.since(400 * 86_400), site.stop)
        first = next(pages)
        assert len(first.events) == 500
        with pytest.raises(ConnectorError):
            next(pages)
        site.server.faults.clear()
        assert site.changed() == all_expected(site)


@pytest.mark.parametrize("past", ["empty", "400"])
def test_more_tasks_than_one_list_gives_are_read_in_slices(tmp_path: Path, past: str) -> None:
    switches = TeamworkSwitches(row_ceiling=2000, past_ceiling="400" if past == "400" else "empty")
    with reading_teamwork(tmp_path, tasks=5200, switches=switches, ceiling=2000) as site:
        assert site.changed() == all_expected(site)
        site.server.requests.clear()
        assert site.walked().keys() == all_expected(site).keys()
        # From the second walk on the slices are known.
        assert site.requests() <= 5200 / 500 * 1.1 + 6
        site.clock.advance(1)
        site.server.requests.clear()
        site.changed(since=site.since(60))
        assert site.requests() == 1


def test_slices_keep_to_the_date_before_which_nothing_is_taken(tmp_path: Path) -> None:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    switches = TeamworkSwitches(row_ceiling=2000)
    with reading_teamwork(tmp_path, tasks=5200, switches=switches, ceiling=2000, process_after=start) as site:
        wanted = {key: task for key, task in all_expected(site).items() if task.created_at and task.created_at >= start}
        assert 2000 < len(wanted) < 5200
        assert site.changed() == wanted == site.walked()


def test_too_many_tasks_of_one_second_are_an_error_and_no_silent_loss(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=2600, ceiling=2000, switches=TeamworkSwitches(row_ceiling=2000)) as site:
        moment = site.office.now() - 9000
        for task in site.office.tasks():
            site.office.put_task(replace(task, created_at=moment))
        with pytest.raises(InternalError, match="more tasks than it shows"):
            site.changed()


def clamped(site: Reader, most: int) -> Altered:
    """The site, giving no more than so many rows at once."""
    return Altered(site.service, lambda query: {**query, "pageSize": str(min(int(query["pageSize"]), most))})


def test_a_site_with_smaller_pages_than_asked_is_read_completely(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=900) as site:
        site.server.service = clamped(site, 200)
        assert site.changed() == all_expected(site)


@pytest.mark.parametrize(("tasks", "most"), [(4000, 50), (1200, 20)])
def test_pages_stay_large_to_the_end_of_a_long_list(tmp_path: Path, tasks: int, most: int) -> None:
    with reading_teamwork(tmp_path, tasks=tasks) as site:
        site.server.service = clamped(site, most)
        for _ in range(2):
            site.server.requests.clear()
            assert len(site.walked()) == tasks
            assert site.requests(TASKS) <= tasks / most * 1.5


def test_pages_too_small_to_overlap_are_an_error_and_no_endless_walk(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=100) as site:
        site.server.service = clamped(site, 2)
        with pytest.raises(InternalError, match="very small pages"):
            site.changed()


def test_an_entry_without_an_id_costs_only_itself(tmp_path: Path, expect_log: ExpectLog) -> None:
    with reading_teamwork(tmp_path, tasks=5) as site:
        body = b'{"tasks":[{"id":7,"name":"Gut"},{"name":"ohne"},null,{"id":"x-y"}],"meta":{"page":{"hasMore":false}}}'
        site.server.faults.status(200, body=body)
        (page,) = site.pages()
        assert ([event.id for event in page.events], page.left_out) == (["7"], ())
        expect_log("3 entries in a list from Teamwork have no id")


def test_a_list_without_tasks_member_is_no_empty_list(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=5) as site:
        site.server.faults.status(200, body=b'{"STATUS":"OK"}')
        with pytest.raises(TransientError, match="another form"):
            site.changed()
        site.server.faults.status(200, body=b'{"tasks":null,"meta":{"page":{"hasMore":false}}}')
        assert by_id(site.pages()) == {}
