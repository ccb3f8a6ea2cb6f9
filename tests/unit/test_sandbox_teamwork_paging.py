"""Order and paging of the sandbox's Teamwork, over data that changes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clock import FakeClock
from tests.support.teamwork_site import EVERYTHING, V3, Site, teamwork_site
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.teamwork import TeamworkSwitches

LIST = f"{V3}/tasks.json"


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        yield running


def test_the_default_is_50_by_due_date_with_undated_tasks_last(site: Site) -> None:
    rows = site.get(LIST)["tasks"]
    assert len(rows) == 50
    dues = [row["dueDate"] for row in site.tasks()]
    dated = [due for due in dues if due]
    assert dues == sorted(dated) + [None] * (len(dues) - len(dated))


def test_pages_tell_offset_size_count_and_whether_there_are_more(site: Site) -> None:
    total = len(site.ids())
    full, rest = divmod(total, 40)
    first = site.get(LIST, pageSize=40)["meta"]["page"]
    assert first == {"pageOffset": 0, "pageSize": 40, "count": total, "hasMore": True}
    quick = site.get(LIST, pageSize=40, page=2, skipCounts="true")["meta"]["page"]
    assert quick == {"pageOffset": 1, "pageSize": 40, "count": 81 if full > 1 else total, "hasMore": full > 1}
    last = site.get(LIST, pageSize=40, page=full + 1, skipCounts="true")
    assert (len(last["tasks"]), last["meta"]["page"]["count"], last["meta"]["page"]["hasMore"]) == (rest, total, False)
    beyond = site.get(LIST, page=99)
    assert (beyond["tasks"], beyond["meta"]["page"]["hasMore"]) == ([], False)


def test_more_than_500_a_page_are_clamped_or_refused() -> None:
    with teamwork_site(Office.generate(clock=FakeClock(), tasks=1500)) as site:
        assert site.get(LIST, pageSize=1000, **EVERYTHING)["meta"]["page"]["pageSize"] == 500
        site.service.switches = TeamworkSwitches(page_size_over_500="400")
        assert site.send("GET", LIST, pageSize=501).status_code == 400


def test_by_id_every_page_has_its_own_tasks(site: Site) -> None:
    assert site.walk(7, orderBy="id", **EVERYTHING) == sorted(task.id for task in site.office.live_tasks())
    descending = site.walk(50, orderBy="id", orderMode="desc")
    assert descending == sorted(descending, reverse=True)


def test_a_site_may_not_know_order_by_id(site: Site) -> None:
    site.service.switches = TeamworkSwitches(order_by_id_supported=False)
    assert site.send("GET", LIST, orderBy="id").status_code == 400
    assert site.send("GET", LIST, orderBy="updatedat").ok


def test_tasks_of_one_second_come_in_no_order_of_their_ids_but_always_the_same(site: Site) -> None:
    made = [site.office.create_task(f"Import {number}").id for number in range(40)]
    after = {"updatedAfter": "2026-09-02T09:59:59Z", "orderBy": "updatedat"}
    seen = site.ids(**after)
    assert sorted(seen) == made != seen
    assert site.walk(7, **after) == seen
    site.service.switches = TeamworkSwitches(ties="id")
    assert site.ids(**after) == made


def test_several_levels_of_order(site: Site) -> None:
    rows = site.tasks(sort="priority,-updatedat", **EVERYTHING)
    ranks = [(["high", "medium", "low", None].index(row["priority"]), row["updatedAt"]) for row in rows]
    assert [rank for rank, _ in ranks] == sorted(rank for rank, _ in ranks)
    high = [updated for rank, updated in ranks if rank == 0]
    assert high == sorted(high, reverse=True)


def test_an_edit_between_pages_makes_offset_paging_by_change_time_skip_a_task(site: Site) -> None:
    order = {"orderBy": "updatedat", **EVERYTHING}
    before = site.walk(50, **order)
    site.clock.advance(10)
    site.faults.call(lambda: site.office.edit_task(before[0], name="Eben geändert"), When(LIST))
    seen = site.walk(50, **order)
    assert set(before) - set(seen) == {before[50]}
    assert seen.count(before[0]) == 2


def test_an_edit_between_pages_leaves_paging_by_id_whole(site: Site) -> None:
    order = {"orderBy": "id", **EVERYTHING}
    before = site.walk(50, **order)
    site.faults.call(lambda: site.office.edit_task(before[0], name="Eben geändert"), When(LIST))
    assert site.walk(50, **order) == before


def test_a_task_can_vanish_between_list_and_get(site: Site) -> None:
    first = site.ids()[0]
    site.faults.call(lambda: site.office.delete_task(first), When(LIST))
    assert first in site.ids()
    assert site.send("GET", f"{V3}/tasks/{first}.json").status_code == 404


@pytest.mark.parametrize("past", ["empty", "400"])
def test_a_query_gives_no_row_beyond_the_ceiling(past: str) -> None:
    switches = TeamworkSwitches(row_ceiling=120, past_ceiling="empty" if past == "empty" else "400")
    with teamwork_site(Office.generate(clock=FakeClock(), tasks=200), switches=switches) as site:
        page: dict[str, str | int] = {"pageSize": 60, **EVERYTHING}
        second = site.get(LIST, page=2, **page)
        assert len(second["tasks"]) == 60
        assert second["meta"]["page"]["hasMore"] == (past == "400")
        third = site.send("GET", LIST, page=3, **page)
        assert third.status_code == (200 if past == "empty" else 400)


def test_a_long_address_can_be_refused(site: Site) -> None:
    site.service.switches = TeamworkSwitches(longest_url=2000)
    assert site.send("GET", LIST, ids=",".join(["21400001"] * 300)).status_code == 414
