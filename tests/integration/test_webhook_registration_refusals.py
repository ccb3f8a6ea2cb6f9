"""Services that refuse, fail or answer oddly while webhooks are registered: what is told, and what stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.registration import ADDRESS, OURS, Homes, Installation
from tray_connector.config.clock import Stop, Stopped
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.webhooks.registration import ManualStep, manual_steps
from tray_connector.webhooks.registration_teamwork import EVENTS

TEAMWORK_URL = ADDRESS + OURS.teamwork_path
MISSIVE_URL = ADDRESS + OURS.missive_path


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with sandbox(FakeClock()) as running:
        yield running


@pytest.fixture
def make(office: SandboxOffice, tmp_path: Path) -> Iterator[Homes]:
    homes = Homes(office, tmp_path)
    yield homes
    homes.close()


def values(step: ManualStep, label: str) -> list[str]:
    return [value.value for value in step.values if value.label == label]


def texts(office: SandboxOffice, ours: Installation) -> str:
    """Everything that is told about failures."""
    found = ours.ensure()
    return repr(found) + " ".join(problem.sentence() for problem in found.problems)


@pytest.mark.parametrize("rights", ["none", "read"])
def test_a_key_without_the_right_gets_the_exact_values_to_paste(
    office: SandboxOffice, make: Homes, rights: str
) -> None:
    switches = office.teamwork.switches
    office.teamwork.switches = replace(switches, webhook_rights="none" if rights == "none" else "read")
    found = make().ensure()
    (problem,) = found.problems
    assert (problem.code, problem.title) == (
        "teamwork-webhooks-refused",
        "Teamwork lets this key register no webhooks",
    )
    assert "You do not have permission" in problem.message
    (step,) = [step for step in found.manual if step.service == "teamwork"]
    assert step.needed
    assert values(step, "Event") == list(EVENTS)
    assert values(step, "URL") == [TEAMWORK_URL]
    assert values(step, "Token") == [OURS.teamwork_token]
    assert values(step, "Content type") == ["application/json"]
    assert {hook.service for hook in found.hooks} == {"missive"}


def test_hooks_that_were_made_by_hand_with_these_values_are_left_alone(office: SandboxOffice, make: Homes) -> None:
    office.teamwork.switches = replace(office.teamwork.switches, webhook_rights="read")
    ours = make()
    ours.ensure()
    for event in EVENTS:
        office.teamwork.hooks.add(event, TEAMWORK_URL, content_type="application/json", token=str(OURS.teamwork_token))
    found = ours.inspect()
    again = make().ensure()
    assert len([hook for hook in again.hooks if hook.service == "teamwork"]) == 8
    assert (found.problems, again.problems) == ((), ())
    ours.assert_complete()


def test_hooks_made_by_hand_get_the_right_token_once_that_is_allowed(office: SandboxOffice, make: Homes) -> None:
    for event in EVENTS:
        office.teamwork.hooks.add(event, TEAMWORK_URL + "/", token="typed wrongly")
    ours = make()
    ours.ensure()
    assert {hook.token for hook in office.teamwork.hooks.hooks()} == {OURS.teamwork_token}
    assert len(office.teamwork.hooks.hooks()) == 8


def test_a_refused_key_says_so_itself(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    office.teamwork.api_key, office.missive.service.token = "changed", "changed"
    found = ours.ensure()
    assert [problem.code for problem in found.problems] == ["teamwork-key-refused", "missive-key-refused"]
    assert [step.code for step in found.manual] == ["teamwork-hooks"]


def test_a_member_who_may_only_make_personal_rules_is_told_the_organisations_rule(
    office: SandboxOffice, make: Homes
) -> None:
    office.missive.service.switches = replace(office.missive.service.switches, hook_rights="personal")
    found = make().ensure()
    assert [hook.organization for hook in found.hooks if hook.service == "missive"] == [""]
    (step,) = [step for step in found.manual if step.needed]
    assert step.title == "Add a rule for incoming e-mails of Nordlicht Planung"
    assert values(step, "URL") == [MISSIVE_URL]
    assert "admin or owner" in step.reason
    assert [problem.code for problem in found.problems] == ["missive-webhooks-refused"]


def test_hooks_of_another_persons_key_do_not_keep_the_new_ones_away(office: SandboxOffice, make: Homes) -> None:
    make().ensure("https://old.example")
    office.missive.server.faults.status(403, When(method="DELETE", times=None))
    ours = make()
    found = ours.ensure()
    assert len([hook for hook in found.hooks if hook.service == "missive"]) == 2
    assert [problem.code for problem in found.problems] == ["missive-hook-left"]
    assert "https://old.example" in found.problems[0].message


def test_what_missives_api_cannot_register_is_explained_with_the_rule_and_the_address(make: Homes) -> None:
    steps = [step for step in make().ensure().manual if step.service == "missive"]
    assert {step.code for step in steps} == {
        "missive-outgoing_email",
        "missive-label_change",
        "missive-conversation_assignee_change",
        "missive-team_change",
        "missive-conversation_closed",
        "missive-conversation_reopened",
    }
    assert len(steps) == 12
    assert {tuple(values(step, "URL")) for step in steps} == {(MISSIVE_URL,)}
    assert not any(step.needed for step in steps)


def test_all_steps_can_be_asked_for_without_a_service() -> None:
    steps = manual_steps(ADDRESS, OURS, teamwork_events=EVENTS, organizations=["Büro"], scope="shared")
    assert len(steps) == 1 + 1 + 6
    assert "Büro" in steps[1].where


def test_no_secret_stands_in_what_is_told(office: SandboxOffice, make: Homes) -> None:
    office.teamwork_server.faults.status(
        422, When(method="POST", times=None), body=f'{{"MESSAGE":"no: {OURS.teamwork_token}","STATUS":"Error"}}'
    )
    office.missive.server.faults.status(
        400, When(method="POST", times=None), body=f'{{"error":{{"message":"no: {MISSIVE_URL}"}}}}'
    )
    told = texts(office, make())
    assert "no: …" in told
    assert OURS.path_secret not in told
    assert str(OURS.teamwork_token) not in told


def test_one_services_trouble_does_not_touch_the_other(office: SandboxOffice, make: Homes) -> None:
    office.teamwork_server.faults.status(503, When(times=None))
    ours = make()
    found = ours.ensure()
    assert [problem.code for problem in found.problems] == ["teamwork-in-trouble"]
    assert all(step.service == "missive" for step in found.manual)
    ours.assert_missive_complete()
    office.teamwork_server.faults.clear()
    assert ours.inspect().problems == ()
    ours.assert_complete()


def test_what_failed_in_the_middle_is_completed_by_the_next_look(office: SandboxOffice, make: Homes) -> None:
    office.teamwork_server.faults.status(500, When(method="POST", at=4, times=None))
    ours = make()
    found = ours.ensure()
    assert len([hook for hook in found.hooks if hook.service == "teamwork"]) == 3
    office.teamwork_server.faults.clear()
    ours.inspect()
    ours.assert_complete()


def test_an_answer_that_is_lost_does_not_double_a_hook(office: SandboxOffice, make: Homes) -> None:
    office.teamwork_server.faults.cut(When(method="POST", at=2), keep=0)
    ours = make()
    found = ours.ensure()
    assert [problem.code for problem in found.problems] == ["teamwork-cut"]
    assert len(office.teamwork.hooks.hooks()) == 2
    ours.inspect()
    ours.assert_complete()


def test_a_service_that_tells_no_id_gets_no_second_hook(office: SandboxOffice, make: Homes) -> None:
    office.missive.service.switches = replace(office.missive.service.switches, hooks_without_id=True)
    ours = make()
    ours.ensure()
    ours.inspect()
    again = make()
    again.ensure()
    again.assert_missive_complete()
    (organization,) = office.mailbox.organizations
    known = next(rule for rule in office.missive.service.hooks.rules() if rule.organization == organization)
    again.registration.noticed(known.id, "incoming_email", organization)
    again.inspect()
    again.assert_missive_complete()


def test_a_site_that_refuses_a_second_equal_hook_is_no_trouble(office: SandboxOffice, make: Homes) -> None:
    office.teamwork.switches = replace(office.teamwork.switches, duplicate_hooks="refused")
    make().ensure()
    again = make("other home, same secrets")
    assert [problem.service for problem in again.ensure().hooks if problem.service == "teamwork"] == ["teamwork"] * 8
    assert len(office.teamwork.hooks.hooks()) == 8


def test_the_sites_switch_is_turned_on_only_where_nobody_else_uses_webhooks(office: SandboxOffice, make: Homes) -> None:
    office.teamwork.hooks.enabled = False
    make().ensure()
    assert office.teamwork.hooks.enabled
    office.teamwork.hooks.enabled = False
    other = make("second", secrets=replace(OURS, installation_id="fedcba9876543210"))
    other.ensure("https://other.example")
    assert not office.teamwork.hooks.enabled


@pytest.mark.parametrize("body", ['{"STATUS":"OK"}', '{"webhooks":{"1":{}}}'])
def test_a_list_that_cannot_be_read_is_not_an_empty_one(office: SandboxOffice, make: Homes, body: str) -> None:
    make().ensure()
    office.teamwork_server.faults.status(200, When("/webhooks.json", method="GET"), body=body)
    found = make().ensure()
    assert [problem.code for problem in found.problems] == ["teamwork-webhooks-list"]
    assert len(office.teamwork.hooks.hooks()) == 8


def test_a_stop_ends_it_at_once(office: SandboxOffice, make: Homes) -> None:
    stop = Stop()
    office.teamwork_server.faults.silence(When(times=None))
    office.teamwork_server.faults.call(stop.set, moment="before")
    with pytest.raises(Stopped):
        make().ensure(stop=stop)
