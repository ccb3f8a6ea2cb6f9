"""The sandbox's Teamwork delivers as the real one is known to: events, bodies, headers, signatures, switching off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tests.support.registration import Sink, sink
from tests.support.teamwork_site import V3, Site, teamwork_site
from tray_connector.sandbox.server import Request, SandboxServer
from tray_connector.sandbox.teamwork import TeamworkSwitches
from tray_connector.sandbox.teamwork_hooks import EVENTS, TeamworkHooks
from tray_connector.sandbox.teamwork_hooks_bodies import as_form, signature

VECTOR = b'{"eventCreator":{"id":501,"firstName":"Ada","lastName":"Byron","avatar":""},"id":9001}'
JSON = "application/json"


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        running.service.hooks.deliveries.pace = 5000
        yield running
        running.service.hooks.deliveries.stop()


@pytest.fixture
def place() -> Iterator[tuple[Sink, SandboxServer]]:
    with sink() as both:
        yield both


@pytest.fixture
def hooks(site: Site) -> TeamworkHooks:
    return site.service.hooks


def hear(site: Site, url: str, *events: str, **details: str) -> None:
    """Register through the API."""
    for event in events or EVENTS:
        body = {"event": event, "url": url, "version": "2", "contentType": JSON, "token": "t", **details}
        answer = site.send("POST", "/webhooks.json", json={"webhook": body})
        assert (answer.status_code, answer.json()["STATUS"]) == (201, "OK")
        assert isinstance(answer.json()["id"], int)


def heard(site: Site, place: Sink) -> list[str]:
    """The events that arrived, sorted: they come several at a time."""
    assert site.service.hooks.deliveries.settle()
    events = sorted(request.headers["X-Projects-Event"] for request in place.received)
    place.received.clear()
    return events


def test_each_change_is_announced_by_its_own_event(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url)
    office = site.office
    task = office.create_task("Neu")
    assert heard(site, sink) == ["TASK.CREATED"]
    office.edit_task(task.id, name="Anders")
    assert heard(site, sink) == ["TASK.UPDATED"]
    office.tag(task.id, "KGR_300")
    assert heard(site, sink) == ["TASK.TAGGED"]
    office.untag(task.id)
    assert heard(site, sink) == ["TASK.UNTAGGED"]
    office.complete(task.id)
    assert heard(site, sink) == ["TASK.COMPLETED"]
    office.reopen(task.id)
    assert heard(site, sink) == ["TASK.REOPENED"]
    other = office.create_list("Andere", office.lists[task.tasklist_id].project_id)
    office.move_task(task.id, other.id)
    assert heard(site, sink) == ["TASK.MOVED"]
    office.delete_task(task.id)
    assert heard(site, sink) == ["TASK.DELETED"]
    office.restore_task(task.id)
    office.rename_tag(next(iter(office.tags)), "umbenannt")
    office.put_task(task)
    assert heard(site, sink) == []


def test_an_update_may_come_beside_the_special_event(place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    with teamwork_site(switches=TeamworkSwitches(updated_too=True)) as site:
        hear(site, server.url)
        task = site.office.create_task("Neu")
        site.office.tag(task.id, "R_101")
        assert heard(site, sink) == ["TASK.CREATED", "TASK.TAGGED", "TASK.UPDATED"]


def test_changes_through_the_api_are_announced_too(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url, "TASK.DELETED")
    assert site.send("DELETE", f"{V3}/tasks/{site.office.create_task('Weg').id}.json").status_code == 204
    assert heard(site, sink) == ["TASK.DELETED"]


def test_the_body_of_version_2_is_json_with_these_headers(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url, "TASK.CREATED", "TASK.DELETED", token="geheim")
    task = site.office.create_task("Aufmaß prüfen", tags=("KGR_300",), priority="high")
    (created,) = sink.wait_for(1)
    body = json.loads(created.body)
    assert set(body) == {"eventCreator", "project", "task", "taskList", "users"}
    assert (body["task"]["id"], body["task"]["name"], body["task"]["taskListId"]) == (
        task.id,
        "Aufmaß prüfen",
        task.tasklist_id,
    )
    assert created.headers["Content-Type"] == JSON
    assert created.headers["X-Projects-Event"] == "TASK.CREATED"
    assert created.headers["X-Projects-Signature"] == signature("geheim", created.body)
    assert len(created.headers["X-Projects-Delivery"]) == 36
    site.office.delete_task(task.id)
    deleted = json.loads(sink.wait_for(2)[1].body)
    assert (set(deleted), deleted["id"]) == ({"eventCreator", "id"}, task.id)


def test_the_signature_is_the_one_that_others_compute() -> None:
    assert signature("whsec-example-1", VECTOR) == "597a18d80bc1609eef3377c7864090c629988c197516a33b8a05491f2197dca7"
    form = as_form({**json.loads(VECTOR), "eventCreator": {**json.loads(VECTOR)["eventCreator"],
                    "avatar": "https://s3.example.com/avatars/u501.png"}})  # fmt: skip
    assert signature("whsec-example-1", form) == "80418a3012d15338e27295ebab7552dbcce7aa078abf6c171d9d6760c5cc8038"


def arrived(site: Site, place: tuple[Sink, SandboxServer], **details: str | None) -> Request:
    sink, server = place
    body = {"event": "task.updated", "url": server.url}
    body |= {name: value for name, value in details.items() if value is not None}
    assert site.send("POST", "/projects/api/v1/webhooks.json", json={"webhook": body}).status_code == 201
    site.office.edit_task(site.office.live_tasks()[0].id, name="Angebot einholen & prüfen")
    return sink.wait_for(1)[0]


def test_without_a_version_it_is_a_form_in_the_names_of_version_2(
    site: Site, place: tuple[Sink, SandboxServer]
) -> None:
    request = arrived(site, place)
    fields = parse_qs(request.body.decode())
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert fields["Task.Name"] == ["Angebot einholen & prüfen"]
    assert fields["Task.ID"] == [str(site.office.live_tasks()[0].id)]
    assert {"EventCreator.ID", "Task.ProjectID", "Task.TaskListID", "Task.ParentID"} <= set(fields)
    assert list(fields) == sorted(fields)
    assert "X-Projects-Signature" not in request.headers


def test_version_1_is_a_form_of_ids_without_signature_and_number(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    request = arrived(site, place, version="1", token="t")
    fields = parse_qs(request.body.decode())
    assert set(fields) == {"accountId", "event", "objectId", "projectId", "userId"}
    assert fields["event"] == ["TASK.UPDATED"]
    assert not [name for name in request.headers if name.startswith("x-projects")]


def test_a_delivery_keeps_its_number_over_its_tries_and_three_discarded_switch_the_hook_off(
    site: Site, hooks: TeamworkHooks, place: tuple[Sink, SandboxServer]
) -> None:
    sink, server = place
    sink.status = 503
    hear(site, server.url, "TASK.CREATED")
    for number in range(4):
        site.office.create_task(f"Nummer {number}")
        assert hooks.deliveries.settle()
    assert len(sink.received) == 12
    assert len({request.headers["X-Projects-Delivery"] for request in sink.received}) == 3
    (listed,) = site.get("/webhooks.json")["webhooks"]
    assert (listed["status"], listed["validated"]) == ("INACTIVE", "1")
    assert isinstance(listed["id"], str)
    site.send("PUT", f"/webhooks/{listed['id']}/resume.json")
    sink.status = 200
    site.office.create_task("Nummer 5")
    assert hooks.deliveries.settle()
    assert len(sink.received) == 13


def test_hooks_of_a_project_hear_of_that_project_only(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    lists = list(site.office.lists.values())
    other = next(each for each in lists if each.project_id != lists[0].project_id)
    body = {"webhook": {"event": "TASK.CREATED", "url": server.url, "version": "2", "contentType": JSON}}
    path = f"/projects/{lists[0].project_id}/webhooks.json"
    assert site.send("POST", path, json=body).status_code == 201
    site.office.create_task("hier", tasklist_id=lists[0].id)
    site.office.create_task("dort", tasklist_id=other.id)
    assert heard(site, sink) == ["TASK.CREATED"]
    assert len(site.get(path)["webhooks"]) == 1
    assert site.get("/webhooks.json")["webhooks"] == []


def test_a_switched_off_site_delivers_nothing(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url)
    assert site.send("PUT", "/webhooks/disable.json").json() == {"STATUS": "OK"}
    site.office.create_task("Neu")
    assert heard(site, sink) == []


def test_past_deliveries_are_listed_and_sent_again(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url, "TASK.CREATED")
    site.office.create_task("Neu")
    assert site.service.hooks.deliveries.settle()
    (hook,) = site.get("/webhooks.json")["webhooks"]
    (delivery,) = site.get(f"/webhooks/{hook['id']}/deliveries.json")["deliveries"]
    assert delivery["response"]["code"] == "200"
    assert site.send("POST", f"/webhooks/{hook['id']}/redeliver.json", json={"uuid": delivery["uuid"]}).ok
    first, second = sink.wait_for(2)
    assert (first.body, first.headers["X-Projects-Delivery"]) == (second.body, second.headers["X-Projects-Delivery"])


def test_a_delivery_may_run_ahead_of_what_can_be_read(site: Site, place: tuple[Sink, SandboxServer]) -> None:
    sink, server = place
    hear(site, server.url, "TASK.CREATED")
    task = site.office.create_task("Früh")
    site.office.purge_task(task.id)
    sink.wait_for(1)
    site.service.hooks.announce("TASK.CREATED", task)
    sink.wait_for(2)
    assert site.send("GET", f"{V3}/tasks/{task.id}.json").status_code == 404
    site.office.put_task(task)
    assert site.send("GET", f"{V3}/tasks/{task.id}.json").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/webhooks.json", {}, 422),
        ("POST", "/webhooks.json", {"webhook": {"event": "TASK.INVENTED", "url": "https://x.example"}}, 422),
        ("POST", "/webhooks.json", {"webhook": {"event": "TASK.CREATED", "url": "x"}}, 422),
        ("GET", "/webhooks/99.json", None, 404),
        ("DELETE", "/webhooks/99.json", None, 404),
        ("PUT", "/webhooks/99.json", {"webhook": {"event": "TASK.CREATED", "url": "https://x.example"}}, 404),
    ],
)
def test_refusals_have_the_form_of_version_1(
    site: Site, method: str, path: str, body: dict[str, object] | None, status: int
) -> None:
    answer = site.send(method, path, json=body)
    assert (answer.status_code, answer.json()["STATUS"]) == (status, "Error")
    assert answer.json()["MESSAGE"]
