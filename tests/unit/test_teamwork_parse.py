"""Rows of Teamwork's lists as tasks: the documented example, and whatever else a site may send."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tray_connector.model.codec import from_json, to_json
from tray_connector.model.events import is_id
from tray_connector.model.records import Task
from tray_connector.sources.teamwork.parse import Included, parse_task, rename, unnamed
from tray_connector.sources.teamwork.values import day, ident, moment, number, person_name, text

SITE = "https://office.teamwork.com"
ROW: dict[str, Any] = {
    "id": 9001,
    "name": "Write release notes",
    "description": "Cover **all** modules.",
    "priority": "high",
    "progress": 25,
    "tagIds": [41, 42],
    "tags": [{"id": 41, "type": "tags"}, {"id": 42, "type": "tags"}],
    "updatedAt": "2026-09-02T10:00:05Z",
    "updatedBy": 501,
    "parentTask": None,
    "status": "new",
    "tasklist": {"id": 3001, "type": "tasklists"},
    "startDate": "2026-09-01T00:00:00Z",
    "dueDate": "2026-09-30T00:00:00Z",
    "estimateMinutes": 90,
    "accumulatedEstimatedMinutes": 120,
    "assignees": [
        {"id": 501, "type": "users"},
        {"id": 61, "type": "teams"},
        {"id": 11, "type": "companies"},
        {"id": 5, "type": "jobRoles"},
    ],
    "attachments": [{"id": 70010, "type": "files"}],
    "createdBy": 502,
    "createdAt": "2026-09-01T08:15:30Z",
    "parentTaskId": 0,
    "tasklistId": 3001,
}
INCLUDED: dict[str, Any] = {
    "projects": {"77": {"id": 77, "name": "Website"}},
    "tasklists": {"3001": {"id": 3001, "name": "General tasks", "projectId": 77, "project": {"id": 77}}},
    "users": {
        "501": {"id": 501, "firstName": "Ada", "lastName": "Byron"},
        "502": {"id": 502, "firstName": "", "lastName": "", "email": "carl@example.com"},
    },
    "tags": {"41": {"id": 41, "name": "docs"}},
    "companies": {"11": {"id": 11, "name": "Owner Ltd"}},
    "teams": {"61": {"id": 61, "name": "Writers"}},
}


def nobody(kind: str, key: str) -> str | None:
    return None


def parsed(row: object, included: object = INCLUDED) -> Task:
    task = parse_task(row, Included(included, nobody), SITE)
    assert task is not None
    return task


def with_(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ROW, **changes}.items() if name not in names}


def test_the_documented_example() -> None:
    assert parsed(ROW) == Task(
        task_id="9001",
        name="Write release notes",
        description="Cover **all** modules.",
        status="new",
        priority="high",
        progress=25,
        project_id="77",
        project_name="Website",
        tasklist_id="3001",
        tasklist_name="General tasks",
        tag_ids=("41", "42"),
        tags=("docs", ""),
        assignee_user_ids=("501",),
        assignee_team_ids=("61",),
        assignee_company_ids=("11",),
        assignees=("Ada Byron", "Writers", "Owner Ltd"),
        start_date=date(2026, 9, 1),
        due_date=date(2026, 9, 30),
        created_at=datetime(2026, 9, 1, 8, 15, 30, tzinfo=UTC),
        created_by_id="502",
        created_by="carl@example.com",
        updated_at=datetime(2026, 9, 2, 10, 0, 5, tzinfo=UTC),
        updated_by_id="501",
        updated_by="Ada Byron",
        estimate_minutes=90,
        accumulated_estimated_minutes=120,
        url=f"{SITE}/app/tasks/9001",
        assignee_refs=("users:501", "teams:61", "companies:11"),
        attachment_ids=("70010",),
    )


def test_an_id_is_all_a_task_needs() -> None:
    assert parsed({"id": 7}, None) == Task(task_id="7", url=f"{SITE}/app/tasks/7")
    assert parsed(dict.fromkeys(ROW) | {"id": "7"}, None) == Task(task_id="7", url=f"{SITE}/app/tasks/7")


@pytest.mark.parametrize("row", [None, [], "9001", {}, {"id": None}, {"id": 0}, {"id": "../x"}, {"id": True}])
def test_what_has_no_id_is_no_task(row: object) -> None:
    assert parse_task(row, Included(INCLUDED, nobody), SITE) is None


@pytest.mark.parametrize(
    ("row", "included"),
    [
        (with_(projectId=77), {}),
        (with_(project={"id": "77"}), {}),
        (with_(tasklist={"id": 3001, "meta": {"projectId": 77, "name": "General tasks"}}), {}),
        (ROW, {"tasklists": {"3001": {"project": {"id": 77}}}}),
        (ROW, {"tasklists": {"3001": {"projectId": "77"}}}),
        (with_(projectId=77, project={"id": 78}), INCLUDED),
    ],
)
def test_the_project_is_found_in_four_places(row: object, included: object) -> None:
    assert parsed(row, included).project_id == "77"


def test_names_in_the_list_itself_are_taken_where_nothing_is_side_loaded() -> None:
    task = parsed(with_(tasklist={"id": 3001, "meta": {"name": "General tasks"}}), None)
    assert task.tasklist_name == "General tasks"


@pytest.mark.parametrize(
    "row",
    [
        without("assignees", assigneeUsers=[{"id": 501}], assigneeTeams=[{"id": 61}], assigneeCompanies=[{"id": 11}]),
        with_(assignees=None, assigneeUserIds=[501], assigneeTeamIds=["61"], assigneeCompanyIds=[11, None]),
        with_(assignees=[{"id": "501", "type": "users"}, {"id": 61, "type": "teams"}, {"id": 11, "type": "companies"}]),
    ],
)
def test_assignees_of_every_form(row: object) -> None:
    assert parsed(row).assignee_refs == ("users:501", "teams:61", "companies:11")


def test_an_empty_list_of_assignees_is_believed() -> None:
    assert parsed(with_(assignees=[], assigneeUserIds=[501])).assignees == ()


def test_tags_by_id_alone() -> None:
    assert parsed(with_(tags=None)).tag_ids == ("41", "42")
    assert parsed(with_(tags=None, tagIds=None)).tag_ids == ()


@pytest.mark.parametrize(("sent", "stored"), [(None, None), ("none", None), ("", None), ("low", "low")])
def test_no_priority_has_three_spellings(sent: object, stored: object) -> None:
    assert parsed(with_(priority=sent)).priority == stored


def test_the_time_of_change_falls_back() -> None:
    older = {"dateUpdated": "2026-09-02T11:00:00Z"}
    assert parsed(without("updatedAt") | older).updated_at == datetime(2026, 9, 2, 11, tzinfo=UTC)
    assert parsed(with_(updatedAt="soon")).updated_at == datetime(2026, 9, 1, 8, 15, 30, tzinfo=UTC)


def test_a_deleted_row_is_deleted_by_status_or_time() -> None:
    by_status, by_time = parsed(with_(status="deleted")), parsed(with_(deletedAt="2026-09-03T00:00:00Z"))
    assert (by_status.deleted, by_status.status, by_status.deleted_at) == (True, "deleted", None)
    assert (by_time.deleted, by_time.status) == (True, "deleted")
    assert by_time.deleted_at == datetime(2026, 9, 3, tzinfo=UTC)


def test_new_names_are_taken_over_and_unknown_ones_kept() -> None:
    names = {("tags", "42"): "urgent", ("users", "501"): "Ada Lovelace", ("projects", "77"): "Site"}
    task = rename(parsed(ROW), lambda kind, key: names.get((kind, key)))
    assert (task.tags, task.assignees) == (("docs", "urgent"), ("Ada Lovelace", "Writers", "Owner Ltd"))
    assert (task.updated_by, task.project_name, task.tasklist_name) == ("Ada Lovelace", "Site", "General tasks")
    assert unnamed(parsed(ROW)) == {("tags", "42")}
    assert unnamed(task) == frozenset()


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-09-02T10:00:05Z", datetime(2026, 9, 2, 10, 0, 5, tzinfo=UTC)),
        ("2026-09-02T10:00:05.987Z", datetime(2026, 9, 2, 10, 0, 5, tzinfo=UTC)),
        ("2026-09-02T12:00:05+02:00", datetime(2026, 9, 2, 10, 0, 5, tzinfo=UTC)),
        ("2026-09-02", datetime(2026, 9, 2, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        (1788343205, None),
    ],
)
def test_times(sent: object, stored: object) -> None:
    assert moment(sent) == stored


@pytest.mark.parametrize("sent", ["2026-09-30", "2026-09-30T00:00:00Z", "2026-09-30T23:59:59-11:00", "20260930"])
def test_a_date_is_never_shifted_by_a_zone(sent: str) -> None:
    assert day(sent) == date(2026, 9, 30)


def test_single_values() -> None:
    assert [number(value) for value in ("12", 12.4, "1e3", None, True, "x", 2**70, float("nan"), "inf")] == [
        12, 12, 1000, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [ident(value) for value in (7, "7", "007", {"id": 7}, 7.0, 0, "0", "", -1, [7])] == [
        "7", "7", "7", "7", "7", None, None, None, None, None,
    ]  # fmt: skip
    assert [text(value) for value in ("a", "", 5, None, True, "\ud83d")] == ["a", None, "5", None, None, "\ufffd"]
    assert person_name({"firstName": " Ida ", "lastName": None}) == "Ida"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12) | st.just("7"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "meta", "x"]), inner),
    max_leaves=6,
)
MEMBERS = sorted(
    {*ROW, "projectId", "project", "deletedAt", "completedAt", "assigneeUsers", "dateUpdated", "isPrivate"}
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), JSON | st.dictionaries(st.sampled_from(sorted(INCLUDED)), JSON))
@settings(deadline=None, max_examples=150)
def test_no_member_of_any_form_sinks_its_task(odd: dict[str, Any], included: object) -> None:
    task = parse_task({**ROW, **odd}, Included(included, nobody), SITE)
    if task is None:
        assert "id" in odd
        return
    assert is_id(task.task_id)
    assert len(task.tags) == len(task.tag_ids)
    assert len(task.assignees) == len(task.assignee_refs)
    assert "" not in (task.name, task.description, task.status, task.priority, task.created_by, task.project_name)
    assert from_json("task", to_json(task)) == task


@given(st.sampled_from(MEMBERS), JSON)
@settings(deadline=None)
def test_one_odd_member_leaves_the_others_as_they_are(name: str, odd: object) -> None:
    if name in ("id", "tasklist", "tasklistId", "projectId", "project", "deletedAt", "status"):
        return
    usual, task = parsed(ROW), parsed({**ROW, name: odd})
    assert (task.task_id, task.project_id, task.url) == (usual.task_id, usual.project_id, usual.url)
    changed = sum(getattr(task, field) != getattr(usual, field) for field in Task.__dataclass_fields__)
    assert changed <= 6


@given(JSON, JSON)
def test_anything_at_all_is_a_task_or_none(row: object, included: object) -> None:
    parse_task(row, Included(included, nobody), SITE)
