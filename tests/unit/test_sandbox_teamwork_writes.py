"""Writing through the sandbox's Teamwork, the changes of a live day, and the sandbox as a whole."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.clock import FakeClock
from tests.support.teamwork_site import EVERYTHING, V3, Site, teamwork_site
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.teamwork import TeamworkSwitches


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        yield running


def test_a_task_is_made_changed_completed_deleted_and_restored_over_http(site: Site) -> None:
    made = site.send(
        "POST",
        f"{V3}/tasklists/300002/tasks.json",
        json={
            "task": {
                "name": "Über HTTP",
                "assignees": {"userIds": [502], "teamIds": [61]},
                "tagIds": [10001],
                "dueAt": "2026-10-01",
                "estimatedMinutes": 45,
            }
        },
    )
    assert made.status_code == 201
    task = made.json()["task"]
    assert (task["assigneeUserIds"], task["assigneeTeamIds"], task["tagIds"]) == ([502], [61], [10001])
    assert (task["dueDate"], task["estimateMinutes"], task["tasklistId"]) == ("2026-10-01T00:00:00Z", 45, 300002)
    path = f"{V3}/tasks/{task['id']}.json"
    site.clock.advance(3)
    changed = site.send("PATCH", path, json={"task": {"description": "neu", "tagIds": None}}).json()["task"]
    assert (changed["description"], changed["tags"], changed["name"]) == ("neu", None, "Über HTTP")
    assert changed["updatedAt"] == "2026-09-02T10:00:03Z"
    assert site.send("PUT", f"/tasks/{task['id']}/complete.json").json() == {"STATUS": "OK"}
    assert site.get(path)["task"]["status"] == "completed"
    site.send("PUT", f"/tasks/{task['id']}/uncomplete.json")
    reopened = site.get(path)["task"]
    assert (reopened["status"], "completedAt" in reopened) == ("reopened", False)
    assert site.send("DELETE", path).status_code == 204
    assert site.send("DELETE", path).status_code == 404
    assert str(task["id"]) in [each["id"] for each in site.get("/trashcan/projects/70001.json")["tasks"]]
    site.send("PUT", f"/trashcan/tasks/{task['id']}/restore.json")
    assert site.get(path)["task"]["status"] == "reopened"


def test_deleting_takes_the_subtasks_along(site: Site) -> None:
    office = site.office
    parent = office.create_task("Oben")
    child = office.create_task("Unten", parent_id=parent.id)
    site.service.switches = TeamworkSwitches(delete_status=200)
    assert site.send("DELETE", f"{V3}/tasks/{parent.id}.json").json() == {"STATUS": "OK"}
    assert not {parent.id, child.id} & set(site.ids(**EVERYTHING))


def test_bad_writes_are_refused(site: Site) -> None:
    create, other = f"{V3}/tasklists/300002/tasks.json", site.office.list_named("Halle")
    task = site.office.create_task("Bleibt")
    assert site.send("POST", create, json={"name": "ohne Umschlag"}).status_code == 422
    assert site.send("POST", create, json={"task": {}}).status_code == 400
    assert site.send("POST", create).status_code == 400
    assert site.send("POST", f"{V3}/tasklists/1/tasks.json", json={"task": {"name": "x"}}).status_code == 404
    move = {"task": {"tasklistId": other.id}}
    assert site.send("PUT", f"{V3}/tasks/{task.id}.json", json=move).status_code == 422
    assert site.office.task(task.id) == task


def test_tags_lists_and_projects_change_as_people_change_them(site: Site) -> None:
    office = site.office
    task = office.create_task("Wandert", tags=("R_101",))
    site.clock.advance(1)
    assert office.tag(task.id, "Ganz neu").updated_at == task.updated_at + 1
    office.delete_tag(office.tag_named("R_101").id)
    assert [office.tags[tag].name for tag in office.task(task.id).tag_ids] == ["Ganz neu"]
    assert office.untag(task.id).tag_ids == ()
    made = office.create_list("Neu", office.create_project("2501 Neubau").id)
    office.move_task(task.id, made.id)
    assert task.id in site.ids(projectIds=made.project_id)
    office.set_project_status(made.project_id, "archived")
    assert task.id not in site.ids()
    assert task.id in site.ids(includeArchivedProjects="true")


def test_a_live_day_changes_both_halves_and_each_change_is_served() -> None:
    clock = FakeClock()
    with SandboxOffice(clock=clock) as sandbox, requests.Session() as session:
        session.trust_env = False
        settings = sandbox.environment()
        session.headers["Authorization"] = f"Bearer {settings['TEAMWORK_API_KEY']}"
        day = sandbox.live_changes()
        happened = []
        for _ in range(24):
            clock.advance(30)
            change = day.apply_next()
            assert str(change)
            happened.append(change.source)
            if change.source == "teamwork":
                url = f"{settings['TEAMWORK_BASE_URL']}{V3}/tasks/{change.record_id}.json"
                updated = session.get(url, timeout=10).json()["task"]["updatedAt"]
                assert updated == clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            else:
                assert sandbox.mailbox.conversation(change.record_id)
        assert happened == ["teamwork", "missive"] * 12


def test_a_port_that_is_taken_leaves_nothing_running() -> None:
    with SandboxOffice(clock=FakeClock()) as first:
        port = int(first.missive.server.url.rsplit(":", 1)[1])
        second = SandboxOffice(clock=FakeClock(), missive_port=port)
        with pytest.raises(OSError) as refused:  # noqa: PT011 - its text is the operating system's
            second.start()
        assert refused.value.errno == errno.EADDRINUSE
        with pytest.raises(requests.ConnectionError):
            requests.get(second.teamwork_server.url, timeout=10)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can answer")
def test_the_command_prints_the_settings_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "tray_connector.sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        settings = dict(process.stdout.readline().strip().split("=", 1) for _ in range(6))
        key = settings["TEAMWORK_API_KEY"]
        with requests.Session() as session:
            session.trust_env = False
            url = f"{settings['TEAMWORK_BASE_URL']}{V3}/me.json"
            assert session.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10).ok
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert settings["MISSIVE_BASE_URL"].endswith("/v1")
    assert settings["RATE_SCALE"] == "20"
