"""The JSON of the sandbox's Teamwork: null, [], 0 and absent where they belong; side-loads; sparse fields."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.support.teamwork_site import EVERYTHING, V3, Site, teamwork_site
from tray_connector.sandbox.office_records import Party
from tray_connector.sandbox.teamwork import TeamworkSwitches

INCLUDE = "projects,tasklists,users,tags,companies,teams"


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        yield running


def single(site: Site, task_id: int, **params: str) -> dict[str, Any]:
    row: dict[str, Any] = site.get(f"{V3}/tasks/{task_id}.json", **params)["task"]
    return row


def test_a_bare_task_has_null_empty_zero_and_absent_members(site: Site) -> None:
    row = single(site, site.office.create_task("Leer").id)
    for name in ("tags", "tagIds", "priority", "parentTask", "startDate", "dueDate", "originalDueDate"):
        assert row[name] is None, name
    for name in ("assigneeUserIds", "assigneeTeamIds", "assigneeCompanyIds"):
        assert row[name] is None, name
    for name in ("assignees", "assigneeUsers", "assigneeTeams", "assigneeCompanies", "attachments"):
        assert row[name] == [], name
    assert (row["parentTaskId"], row["estimateMinutes"], row["isPrivate"]) == (0, 0, 0)
    absent = ("completedAt", "completedBy", "deletedAt", "deletedBy", "projectId", "completed", "url")
    assert not set(absent) & set(row)
    assert row["createdAt"] == row["updatedAt"] == row["dateUpdated"] == "2026-09-02T10:00:00Z"
    assert row["tasklist"] == {"id": row["tasklistId"], "type": "tasklists"}


def test_a_full_task_keeps_the_order_of_its_assignees(site: Site) -> None:
    parties = [Party("teams", 61), Party("users", 503), Party("companies", 12), Party("users", 501)]
    parent = site.office.create_task("Oben", estimate_minutes=30)
    child = site.office.create_task(
        "Unten",
        tags=("R_101", "Ahlers, Dirk"),
        assignees=parties,
        parent_id=parent.id,
        start_date=date(2026, 9, 1),
        due_date=date(2026, 9, 30),
        estimate_minutes=90,
        priority="high",
    )
    row = single(site, child.id)
    assert [(each["type"], each["id"]) for each in row["assignees"]] == [tuple(party) for party in parties]
    assert (row["assigneeUserIds"], row["assigneeTeamIds"], row["assigneeCompanyIds"]) == ([503, 501], [61], [12])
    assert [each["id"] for each in row["tags"]] == row["tagIds"]
    assert (row["startDate"], row["dueDate"]) == ("2026-09-01T00:00:00Z", "2026-09-30T00:00:00Z")
    assert (row["parentTaskId"], row["parentTask"]) == (parent.id, {"id": parent.id, "type": "tasks"})
    assert single(site, parent.id)["accumulatedEstimatedMinutes"] == 120
    done = site.office.complete(child.id)
    assert single(site, child.id) | {"status": "completed"} == single(site, child.id)
    assert single(site, child.id)["completedBy"] == done.completed_by


def test_the_switches_of_the_task_object(site: Site) -> None:
    task = site.office.create_task("Schalter", due_date=date(2026, 9, 30))
    tasklist = site.office.lists[task.tasklist_id]
    site.service.switches = TeamworkSwitches(dates="date", project_on_task="task", empty_assignees="null")
    row = single(site, task.id)
    assert (row["dueDate"], row["projectId"], row["assignees"]) == ("2026-09-30", tasklist.project_id, None)
    site.service.switches = TeamworkSwitches(project_on_task="meta")
    meta = single(site, task.id)["tasklist"]["meta"]
    assert meta == {"name": tasklist.name, "projectId": tasklist.project_id}


def test_a_deleted_task_is_404_without_a_body_or_given_as_deleted(site: Site) -> None:
    task = site.office.create_task("Weg")
    site.office.delete_task(task.id)
    answer = site.send("GET", f"{V3}/tasks/{task.id}.json")
    assert (answer.status_code, answer.content) == (404, b"")
    site.service.switches = TeamworkSwitches(deleted_get=200)
    assert single(site, task.id)["status"] == "deleted"


def test_side_loads_are_maps_by_id_with_everything_that_is_referenced(site: Site) -> None:
    body = site.get(f"{V3}/tasks.json", include=INCLUDE, pageSize=500, **EVERYTHING)
    included = body["included"]
    assert set(included) == set(INCLUDE.split(","))
    for row in body["tasks"]:
        tasklist = included["tasklists"][str(row["tasklistId"])]
        assert str(tasklist["projectId"]) in included["projects"]
        assert {str(each) for each in row["tagIds"] or ()} <= set(included["tags"])
        for kind in ("users", "teams", "companies"):
            assigned = {str(each["id"]) for each in row["assignees"] if each["type"] == kind}
            assert assigned <= set(included[kind])
        assert {str(row["createdBy"]), str(row["updatedBy"])} <= set(included["users"])
    assert all(key == str(value["id"]) for table in included.values() for key, value in table.items())


def test_nothing_is_side_loaded_unasked_and_an_empty_side_load_may_be_missing(site: Site) -> None:
    assert site.get(f"{V3}/tasks.json")["included"] == {}
    task = site.office.create_task("Ohne alles")
    path = f"{V3}/tasks/{task.id}.json"
    assert set(site.get(path, include="tags,users,teams")["included"]) == {"users"}
    site.service.switches = TeamworkSwitches(empty_included="empty")
    assert site.get(path, include="tags,users,teams")["included"]["tags"] == {}


def test_names_change_without_changing_the_tasks(site: Site) -> None:
    office = site.office
    tag, person = office.tag_named("KGR_300"), office.person_named("Lena Vogt")
    before = site.ids(updatedAfter="2026-09-02T09:00:00Z", **EVERYTHING)
    office.rename_tag(tag.id, "KG 300")
    office.rename_person(person.id, "Lena", "Vogt-Petersen")
    assert site.ids(updatedAfter="2026-09-02T09:00:00Z", **EVERYTHING) == before
    included = site.get(f"{V3}/tasks.json", include="tags,users", pageSize=500, **EVERYTHING)["included"]
    assert included["tags"][str(tag.id)]["name"] == "KG 300"
    assert included["users"][str(person.id)]["lastName"] == "Vogt-Petersen"


def test_sparse_fields_leave_the_other_members_out(site: Site) -> None:
    body = site.get(f"{V3}/tasks.json", include="users", **{"fields[Tasks]": "id,name", "fields[users]": "id"})
    assert all(set(row) == {"id", "name"} for row in body["tasks"])
    assert all(set(user) == {"id"} for user in body["included"]["users"].values())
    assert len(site.get(f"{V3}/tasks.json", **{"fields[cats]": "id"})["tasks"][0]) > 30
