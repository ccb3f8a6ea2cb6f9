"""What the sandbox's Teamwork shows in a task list: defaults, boundaries, deletions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from tests.support.clock import FakeClock
from tests.support.teamwork_site import EVERYTHING, V3, Site, teamwork_site
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.teamwork import TeamworkSwitches


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        yield running


def project_of(office: Office, task: OfficeTask) -> tuple[str, str]:
    project = office.projects[office.lists[task.tasklist_id].project_id]
    return project.status, project.type


def test_by_default_only_open_tasks_of_open_lists_and_running_projects_are_shown(site: Site) -> None:
    office = site.office
    expected = {
        task.id
        for task in office.live_tasks()
        if task.completed_at is None
        and not office.lists[task.tasklist_id].completed
        and project_of(office, task) == ("active", "normal")
    }
    assert set(site.ids()) == expected


def test_each_switch_adds_its_own_and_all_together_give_every_live_task(site: Site) -> None:
    office = site.office
    assert set(site.ids(**EVERYTHING)) == {task.id for task in office.live_tasks()}
    for name in EVERYTHING:
        fewer = set(site.ids(**{key: value for key, value in EVERYTHING.items() if key != name}))
        hidden = [office.task(task_id) for task_id in set(site.ids(**EVERYTHING)) - fewer]
        assert hidden
        match name:
            case "includeCompletedTasks":
                assert all(task.status == "completed" for task in hidden)
            case "showCompletedLists":
                assert all(office.lists[task.tasklist_id].completed for task in hidden)
            case "includeArchivedProjects":
                assert all(project_of(office, task)[0] == "archived" for task in hidden)
            case _:
                assert all(project_of(office, task)[1] == "tentative" for task in hidden)


def test_project_type_empty_means_all_types(site: Site) -> None:
    both = set(site.ids(projectType=""))
    normal, tentative = set(site.ids(projectType="normal")), set(site.ids(projectType="tentative"))
    assert both == normal | tentative
    assert normal
    assert tentative
    assert not normal & tentative


def test_unknown_keys_are_ignored_and_unknown_values_refused(site: Site) -> None:
    assert site.ids(updatedAfterDate="20260902000000") == site.ids()
    for key, value in (
        ("orderBy", "dateupdated"),
        ("orderMode", "up"),
        ("includeCompletedTasks", "yes"),
        ("updatedAfter", "2026-09-02"),
        ("updatedAfter", "2026-09-02T10:00:00 00:00"),
        ("ids", "1,x"),
        ("taskFilter", "mine"),
        ("projectType", "big"),
        ("include", "users,cats"),
        ("page", "0"),
        ("pageSize", "many"),
    ):
        answer = site.send("GET", f"{V3}/tasks.json", **{key: value})
        assert answer.status_code == 400, key
        assert key in answer.json()["errors"][0]["detail"]


def test_updated_is_exclusive_and_created_inclusive_on_the_boundary(site: Site) -> None:
    task = site.office.create_task("Grenze")
    moment = "2026-09-02T10:00:00Z"
    assert task.updated_at == site.office.now()
    assert task.id not in site.ids(updatedAfter=moment)
    assert task.id in site.ids(updatedAfter="2026-09-02T09:59:59Z")
    assert task.id in site.ids(updatedAfter="2026-09-02T11:59:59+02:00")
    assert task.id not in site.ids(updatedBefore=moment)
    assert task.id in site.ids(updatedBefore="2026-09-02T10:00:01Z")
    assert task.id in site.ids(createdAfter=moment, createdBefore=moment)


def test_completed_after_shows_completed_tasks_only_and_includes_its_boundary(site: Site) -> None:
    site.clock.advance(5)
    task = site.office.complete(site.office.create_task("Fertig").id)
    assert site.ids(completedAfter="2026-09-02T10:00:05Z") == [task.id]
    assert site.ids(completedAfter="2026-09-02T10:00:06Z") == []
    assert all(row["status"] == "completed" for row in site.tasks(completedOnly="true"))
    assert all(row["status"] == "completed" for row in site.tasks(taskFilter="completed"))


def test_due_dates_are_exclusive_alone_and_inclusive_as_a_pair(site: Site) -> None:
    task = site.office.create_task("Frist", due_date=date(2031, 5, 5))
    assert site.ids(dueAfter="2031-05-04") == [task.id]
    assert site.ids(dueAfter="2031-05-05") == []
    assert task.id not in site.ids(dueBefore="2031-05-05")
    assert site.ids(dueAfter="2031-05-05", dueBefore="2031-05-05") == [task.id]
    dated = site.tasks(includeTasksWithoutDueDates="false")
    assert all(row["dueDate"] for row in dated)
    assert len(dated) < len(site.ids())


def test_ids_obey_the_other_filters(site: Site) -> None:
    done = next(task for task in site.office.live_tasks() if task.status == "completed")
    fresh = site.office.create_task("Neu")
    wanted = f"{done.id},{fresh.id},999"
    assert site.ids(ids=wanted) == [fresh.id]
    assert set(site.ids(ids=wanted, **EVERYTHING)) == {done.id, fresh.id}


def test_too_many_ids_are_refused_or_cut(site: Site) -> None:
    wanted = ",".join(str(task.id) for task in site.office.live_tasks()[:5])
    site.service.switches = TeamworkSwitches(max_ids=3)
    assert site.send("GET", f"{V3}/tasks.json", ids=wanted).status_code == 400
    site.service.switches = TeamworkSwitches(max_ids=3, too_many_ids="cut")
    assert len(site.ids(ids=wanted, **EVERYTHING)) == 3


def test_a_deleted_task_is_hidden_until_asked_for(site: Site) -> None:
    task = site.office.create_task("Weg damit")
    site.clock.advance(60)
    site.office.delete_task(task.id)
    assert task.id not in site.ids(**EVERYTHING)
    assert task.id in site.ids(showDeleted="true")
    (row,) = site.tasks(deletedOnly="true", ids=task.id)
    assert (row["status"], row["deletedAt"], row["deletedBy"]) == ("deleted", "2026-09-02T10:01:00Z", 501)
    assert row["updatedAt"] == "2026-09-02T10:00:00Z"


def test_show_deleted_adds_to_the_live_tasks_or_replaces_them(site: Site) -> None:
    live = set(site.ids())
    site.service.switches = TeamworkSwitches(show_deleted="also")
    also = set(site.ids(showDeleted="true"))
    site.service.switches = TeamworkSwitches(show_deleted="only")
    only = set(site.ids(showDeleted="true"))
    assert also == live | only
    assert only
    assert not live & only


def test_a_deletion_counts_as_a_change_only_by_a_switch(site: Site) -> None:
    task = site.office.create_task("Weg damit")
    site.clock.advance(60)
    site.office.delete_task(task.id)
    after = {"showDeleted": "true", "updatedAfter": "2026-09-02T10:00:30Z"}
    assert site.ids(**after) == []
    site.service.switches = TeamworkSwitches(delete_bumps_updated_at=True)
    (row,) = site.tasks(**after)
    assert (row["id"], row["updatedAt"]) == (task.id, "2026-09-02T10:01:00Z")


def test_deleted_after_leaves_live_tasks_out_and_its_boundary_is_a_switch(site: Site) -> None:
    task = site.office.create_task("Weg damit")
    site.office.delete_task(task.id)
    boundary = {"showDeleted": "true", "deletedAfter": "2026-09-02T10:00:00Z"}
    assert site.ids(showDeleted="true", deletedAfter="2026-09-02T09:59:59Z") == [task.id]
    assert site.ids(deletedAfter="2026-09-02T09:59:59Z") == []
    assert site.ids(**boundary) == []
    site.service.switches = TeamworkSwitches(deleted_after="inclusive")
    assert site.ids(**boundary) == [task.id]
    site.service.switches = replace(site.service.switches, deleted_after_keeps_live=True)
    assert set(site.ids(**boundary)) == {task.id, *site.ids()}


def test_tasks_of_deleted_lists_and_projects_need_their_own_switch(site: Site) -> None:
    office = site.office
    task = office.create_task("In der Liste")
    project_task = office.create_task("Im Projekt", tasklist_id=office.list_named("Halle").id)
    office.delete_list(task.tasklist_id)
    office.delete_project(office.project_named("2317 Werkhalle Ahlers").id)
    assert not {task.id, project_task.id} & set(site.ids(**EVERYTHING, showDeleted="true"))
    shown = site.tasks(**EVERYTHING, includeTasksFromDeletedLists="true")
    found = [row for row in shown if row["id"] in (task.id, project_task.id)]
    assert [row["status"] for row in found] == ["new", "new"]
    office.restore_list(task.tasklist_id)
    assert task.id in site.ids()


def test_a_list_can_be_narrowed_by_path_project_list_tag_and_assignee(site: Site) -> None:
    office = site.office
    tasklist = office.list_named("Vergabe")
    of_list = set(site.get(f"{V3}/tasklists/{tasklist.id}/tasks.json")["tasks"][0])
    assert of_list
    by_path = [row["id"] for row in site.get(f"{V3}/projects/{tasklist.project_id}/tasks.json", pageSize=500)["tasks"]]
    assert by_path == site.ids(projectIds=tasklist.project_id)
    tag = office.tag_named("KGR_440")
    assert all(tag.id in row["tagIds"] for row in site.tasks(tagIds=tag.id))
    assert all(505 in row["assigneeUserIds"] for row in site.tasks(responsiblePartyIds=505))
    assert all("fliesen" in row["name"].lower() for row in site.tasks(searchTerm="FLIESEN"))
    assert site.send("GET", f"{V3}/projects/1/tasks.json").status_code == 404


def test_a_vanished_task_is_nowhere(site: Site) -> None:
    task = site.office.create_task("Spurlos")
    site.office.purge_task(task.id)
    assert task.id not in site.ids(**EVERYTHING, showDeleted="true")
    assert site.send("GET", f"{V3}/tasks/{task.id}.json").status_code == 404


def test_the_same_seed_gives_the_same_office_in_any_size() -> None:
    one, other = (Office.generate(clock=FakeClock(), seed=7, tasks=1234, people=620, tags=700) for _ in range(2))
    assert one.tasks() == other.tasks()
    assert (len(one.live_tasks()), len(one.people), len(one.tags)) == (1234, 620, 700)
    assert len({person.email for person in one.people.values()}) == 620
    assert all(task.created_at <= task.updated_at <= one.now() for task in one.tasks())
