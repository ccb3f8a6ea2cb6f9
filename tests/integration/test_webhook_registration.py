"""Webhooks registered over real HTTP with the sandbox: the right ones, once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.registration import OURS, Homes
from tray_connector.config.clock import Stop
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.webhooks.registration_teamwork import EVENTS
from tray_connector.webhooks.signatures import Secrets

THEIRS = Secrets("fedcba9876543210", "other5ecret000000000", "their-token")


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with sandbox(FakeClock()) as running:
        yield running


@pytest.fixture
def make(office: SandboxOffice, tmp_path: Path) -> Iterator[Homes]:
    homes = Homes(office, tmp_path)
    yield homes
    homes.close()


def writes(office: SandboxOffice) -> int:
    servers = (office.teamwork_server, office.missive.server)
    return sum(len(server.requests) - server.requests.count(method="GET") for server in servers)


def test_the_first_start_registers_what_is_needed(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    registered = ours.ensure()
    ours.assert_complete()
    assert (registered.problems, registered.foreign_dead) == ((), ())
    assert [(hook.service, hook.active) for hook in registered.hooks] == [("teamwork", True)] * 8 + [
        ("missive", True)
    ] * 2
    assert {hook.event for hook in registered.hooks if hook.service == "teamwork"} == set(EVENTS)


def test_a_second_start_leaves_what_is_right_alone(office: SandboxOffice, make: Homes) -> None:
    make().ensure()
    before = [hook.id for hook in office.teamwork.hooks.hooks()]
    again = make()
    again.ensure()
    again.assert_complete()
    assert [hook.id for hook in office.teamwork.hooks.hooks()] == before


def test_missives_hooks_are_made_anew_at_each_start_because_nothing_tells_whether_they_work(
    office: SandboxOffice, make: Homes
) -> None:
    make().ensure()
    for rule in office.missive.service.hooks.rules():
        office.missive.service.hooks.change(rule.id, active=False)
    again = make()
    again.ensure()
    again.assert_complete()
    assert all(rule.active for rule in office.missive.service.hooks.rules())


def test_an_inspection_of_what_is_right_changes_nothing(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    ours.ensure()
    before = writes(office)
    assert len(ours.inspect().hooks) == 10
    assert writes(office) == before
    ours.assert_complete()


def test_another_address_moves_all_hooks_there(make: Homes) -> None:
    ours = make()
    ours.ensure()
    ours.ensure("https://new-address.ngrok.example/")
    ours.assert_complete("https://new-address.ngrok.example")


def test_a_start_without_the_old_secrets_leaves_no_hook_that_could_not_be_verified(make: Homes) -> None:
    make().ensure()
    changed = make(secrets=replace(OURS, path_secret="another00secret", teamwork_token="token-of-tomorrow"))
    changed.ensure()
    changed.assert_complete()


def test_a_lost_list_is_made_good_where_the_service_lists_them(office: SandboxOffice, make: Homes) -> None:
    make("first").ensure()
    again = make("second")
    again.ensure()
    assert len(office.teamwork.hooks.hooks()) == 8


def test_a_hook_that_teamwork_switched_off_is_made_again(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    ours.ensure()
    off = office.teamwork.hooks.hooks()[2]
    office.teamwork.hooks.change(off.id, status="INACTIVE")
    assert len(ours.inspect().hooks) == 10
    ours.assert_complete()
    assert off.id not in {hook.id for hook in office.teamwork.hooks.hooks()}


def test_a_hook_that_somebody_deleted_is_made_again(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    ours.ensure()
    gone = office.teamwork.hooks.hooks()[5]
    client = ours.clients[0]
    client.change("DELETE", f"webhooks/{gone.id}.json", stop=Stop())
    ours.inspect()
    ours.assert_complete()


def test_hooks_of_others_stay_and_the_dead_ones_are_told(office: SandboxOffice, make: Homes) -> None:
    hooks = office.teamwork.hooks
    alive = hooks.add("TASK.CREATED", "https://other.example/webhook/teamwork/")
    dead = hooks.add("TASK.UPDATED", f"https://old.example/webhook/teamwork/{THEIRS.installation_id}")
    hooks.change(dead.id, status="INACTIVE")
    ours = make()
    registered = ours.ensure()
    ours.inspect()
    ours.registration.remove(Stop())
    left = {hook.id: hook.status for hook in hooks.hooks()}
    assert left == {alive.id: "ACTIVE", dead.id: "INACTIVE"}
    assert [(hook.id, hook.url, hook.active) for hook in registered.foreign_dead] == [(str(dead.id), dead.url, False)]


def test_two_installations_on_one_account_do_not_touch_each_other(make: Homes) -> None:
    one, other = make("one"), make("other", secrets=THEIRS)
    one.ensure()
    other.ensure("https://other.example")
    one.ensure()
    other.inspect()
    one.assert_complete()
    other.assert_complete("https://other.example")
    one.registration.remove(Stop())
    other.assert_complete("https://other.example")


def test_the_shared_scope_registers_nothing_personal(office: SandboxOffice, make: Homes) -> None:
    make().ensure()
    shared = make(scope="shared")
    registered = shared.ensure()
    (organization,) = office.mailbox.organizations
    assert [rule.organization for rule in office.missive.service.hooks.rules()] == [organization]
    assert not any("private" in step.title for step in registered.manual)


def test_a_clean_exit_leaves_nothing(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    ours.ensure()
    ours.registration.remove(Stop())
    assert (office.teamwork.hooks.hooks(), office.missive.service.hooks.rules()) == ([], [])
    assert ours.store.rows("teamwork") == ours.store.rows("missive") == []
    assert ours.inspect().hooks == ()


def test_what_an_exit_could_not_remove_goes_at_the_next_start(office: SandboxOffice, make: Homes) -> None:
    ours = make()
    ours.ensure()
    office.teamwork_server.faults.status(500, When(method="DELETE", times=None))
    office.missive.server.faults.status(500, When(method="DELETE", times=None))
    ours.registration.remove(Stop())
    for server in (office.teamwork_server, office.missive.server):
        server.faults.clear()
    again = make()
    again.ensure("https://next.example")
    again.assert_complete("https://next.example")


def test_an_exit_is_short_when_a_service_is_silent(office: SandboxOffice, make: Homes) -> None:
    ours = make(remove_within=0.2)
    ours.ensure()
    office.missive.server.faults.silence(When(times=None))
    ours.registration.remove(Stop())
    assert len(office.teamwork.hooks.hooks()) == 8
