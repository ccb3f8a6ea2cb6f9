"""The sandbox's Missive delivers as the real one is known to: rules, owners, bodies, signatures, switching off."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.support.clock import FakeClock
from tests.support.registration import Sink, sink
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_hooks import MissiveHooks
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.server import SandboxServer


@pytest.fixture
def site() -> Iterator[MissiveSite]:
    with MissiveSite(Mailbox(clock=FakeClock()), scale=1000, webhook_pace=50_000) as running:
        yield running


@pytest.fixture
def hooks(site: MissiveSite) -> MissiveHooks:
    return site.service.hooks


@pytest.fixture
def place() -> Iterator[tuple[Sink, SandboxServer]]:
    with sink() as both:
        yield both


def send(site: MissiveSite, method: str, path: str, body: object = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {site.token}"}
        return session.request(method, f"{site.url}/{path}", json=body, headers=headers, timeout=10)


def made(site: MissiveSite, **details: object) -> str:
    answer = send(site, "POST", "hooks", {"hooks": {"type": "incoming_email", **details}})
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["hooks"]) == {"id"}
    return str(answer.json()["hooks"]["id"])


def organization(site: MissiveSite) -> str:
    return next(iter(site.mailbox.organizations))


def heard(site: MissiveSite, place: Sink) -> list[Any]:
    assert site.service.hooks.deliveries.settle()
    return place.bodies()


def test_a_hook_of_an_organisation_hears_of_its_mail_and_a_personal_one_of_private_mail(
    site: MissiveSite, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    shared = made(site, url=server.url, organization=organization(site))
    personal = made(site, url=server.url)
    in_office = site.mailbox.add_conversation("Angebot")
    private = site.mailbox.add_conversation("Gehalt", private=True)
    bodies = {body["rule"]["id"]: body for body in heard(site, place_of)}
    assert {rule: body["conversation"]["id"] for rule, body in bodies.items()} == {
        shared: in_office.id,
        personal: private.id,
    }


def test_the_body_names_rule_conversation_and_mail_and_is_not_signed(
    site: MissiveSite, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    made(site, url=server.url, organization=organization(site))
    site.mailbox.add_conversation("Größe & Maß", files=("Plan.pdf",))
    (body,) = heard(site, place_of)
    (request,) = place_of.received
    assert set(body) == {"rule", "conversation", "message"}
    assert body["rule"]["type"] == "incoming_email"
    assert "last_activity_at" not in body["conversation"]
    assert "created_at" in body["conversation"]
    assert body["message"]["subject"] == "Größe & Maß"
    assert {"body", "attachments"}.isdisjoint(body["message"])
    assert request.body == json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert "X-Hook-Signature" not in request.headers


@pytest.mark.parametrize(
    ("key", "names"), [("latest_message", {"latest_message"}), ("both", {"message", "latest_message"})]
)
def test_the_mail_may_stand_elsewhere(
    site: MissiveSite, place: tuple[Sink, SandboxServer], key: str, names: set[str]
) -> None:
    place_of, server = place
    site.service.switches = replace(site.service.switches, message_key="both" if key == "both" else "latest_message")
    made(site, url=server.url, organization=organization(site))
    site.mailbox.add_conversation()
    (body,) = heard(site, place_of)
    assert set(body) - {"rule", "conversation"} == names


def test_what_the_api_registers_hears_of_nothing_but_its_own_kind(
    site: MissiveSite, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    conversation = site.mailbox.add_conversation()
    made(site, url=server.url, organization=organization(site))
    mailbox = site.mailbox
    mailbox.label(conversation.id, "KGR_300")
    mailbox.reply(conversation.id)
    mailbox.close(conversation.id)
    mailbox.assign(conversation.id, "Ida")
    mailbox.comment(conversation.id)
    mailbox.trash(conversation.id)
    mailbox.receive_text_message(conversation.id)
    mailbox.delete_conversation(conversation.id)
    assert heard(site, place_of) == []


def test_rules_made_by_hand_hear_of_the_rest_signed_with_their_secret(
    site: MissiveSite, hooks: MissiveHooks, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    mailbox = site.mailbox
    conversation = mailbox.add_conversation()
    kinds = (
        "outgoing_email", "label_change", "conversation_closed", "conversation_reopened",
        "conversation_assignee_change", "team_change", "new_comment", "incoming_sms_message",
    )  # fmt: skip
    for kind in kinds:
        hooks.add(kind, server.url, organization=organization(site), secret="geheim")
    assert [request.body for request in place_of.received] == [b"{}"] * len(kinds)
    place_of.received.clear()
    mailbox.reply(conversation.id)
    mailbox.label(conversation.id, "KGR_300")
    mailbox.close(conversation.id)
    mailbox.reopen(conversation.id)
    mailbox.assign(conversation.id, "Ida")
    mailbox.assign_team(conversation.id, "Einkauf")
    mailbox.comment(conversation.id)
    mailbox.receive_text_message(conversation.id)
    bodies = heard(site, place_of)
    assert sorted(body["rule"]["type"] for body in bodies) == sorted(kinds)
    assert all(
        set(body) - {"rule", "conversation"}
        == {
            "label_change": {"latest_message"},
            "new_comment": {"comment", "latest_message"},
            "outgoing_email": {"message"},
            "incoming_sms_message": {"message"},
        }.get(body["rule"]["type"], set())
        for body in bodies
    )
    for request in place_of.received:
        digest = hmac.new(b"geheim", request.body, hashlib.sha256).hexdigest()
        assert request.headers["X-Hook-Signature"] == f"sha256={digest}"


def test_filters_narrow_a_hook_down(site: MissiveSite, place: tuple[Sink, SandboxServer]) -> None:
    place_of, server = place
    made(site, url=server.url, organization=organization(site), subject_contains="rechnung")
    site.mailbox.add_conversation("Rechnung 4711")
    site.mailbox.add_conversation("Angebot")
    (body,) = heard(site, place_of)
    assert body["message"]["subject"] == "Rechnung 4711"


def test_a_failed_delivery_is_tried_five_times_more(site: MissiveSite, place: tuple[Sink, SandboxServer]) -> None:
    place_of, server = place
    place_of.status = 500
    made(site, url=server.url, organization=organization(site))
    site.mailbox.add_conversation()
    assert site.service.hooks.deliveries.settle()
    assert len(place_of.received) == 6
    assert len({request.body for request in place_of.received}) == 1


def test_more_than_fifty_failures_in_a_row_switch_a_rule_off(
    site: MissiveSite, hooks: MissiveHooks, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    made(site, url=server.url, organization=organization(site))
    place_of.status = 404
    for _ in range(9):
        site.mailbox.add_conversation()
        assert hooks.deliveries.settle()
    (rule,) = hooks.rules()
    assert (rule.active, rule.failures, len(place_of.received)) == (False, 51, 51)
    place_of.status = 200
    site.mailbox.add_conversation()
    assert hooks.deliveries.settle()
    assert len(place_of.received) == 51


def test_a_success_between_failures_keeps_a_rule_on(
    site: MissiveSite, hooks: MissiveHooks, place: tuple[Sink, SandboxServer]
) -> None:
    place_of, server = place
    made(site, url=server.url, organization=organization(site))
    place_of.status = 500
    site.mailbox.add_conversation()
    assert hooks.deliveries.settle()
    place_of.status = 204
    site.mailbox.add_conversation()
    assert hooks.deliveries.settle()
    assert [(rule.active, rule.failures) for rule in hooks.rules()] == [(True, 0)]


def test_hooks_are_deleted_by_id_and_never_listed(site: MissiveSite) -> None:
    hook = made(site, url="https://x.example")
    assert send(site, "GET", "hooks").status_code == 404
    assert send(site, "DELETE", f"hooks/{hook}").status_code == 200
    assert send(site, "DELETE", f"hooks/{hook}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"type": "incoming_email", "url": "https://x.example"},
        {"hooks": {"type": "outgoing_email", "url": "https://x.example"}},
        {"hooks": {"type": "incoming_email"}},
    ],
)
def test_bad_hooks_are_refused(site: MissiveSite, body: object) -> None:
    answer = send(site, "POST", "hooks", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_the_address_may_be_tried_before_a_hook_is_made(site: MissiveSite, place: tuple[Sink, SandboxServer]) -> None:
    place_of, server = place
    site.service.switches = replace(site.service.switches, validate_on_api_hook=True)
    place_of.status = 500
    refused = send(site, "POST", "hooks", {"hooks": {"type": "incoming_email", "url": server.url}})
    assert (refused.status_code, site.service.hooks.rules()) == (400, [])
    place_of.status = 200
    made(site, url=server.url)
