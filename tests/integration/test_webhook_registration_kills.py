"""Registration broken off between any two requests: the next run leaves neither stale nor doubled hooks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.registration import OURS, Homes, Installation, sink, wait_until
from tray_connector.config.clock import Stop, Stopped
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import SandboxServer

Fate = Literal["lost", "carried out"]
CRASHING = """
import sys
from pathlib import Path
from types import SimpleNamespace
from tests.support.registration import Installation
from tray_connector.config.clock import SystemClock

_, teamwork, missive, key, token, folder, address = sys.argv
office = SimpleNamespace(
    teamwork_server=SimpleNamespace(url=teamwork),
    missive=SimpleNamespace(url=missive, token=token),
    teamwork=SimpleNamespace(api_key=key),
)
Installation(office, Path(folder), clock=SystemClock()).ensure(address)
"""


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with sandbox(FakeClock()) as running:
        yield running


@pytest.fixture
def make(office: SandboxOffice, tmp_path: Path) -> Iterator[Homes]:
    homes = Homes(office, tmp_path)
    yield homes
    homes.close()


def broken_off(ours: Installation, server: SandboxServer, number: int, fate: Fate, address: str) -> bool:
    """Whether a run ended at its so-manieth request to this server: nothing after that moment is done by us."""
    stop, carried_out, left = Stop(), threading.Event(), threading.Event()

    def end_before_the_answer() -> None:
        stop.set()
        carried_out.set()
        assert left.wait(10)

    when = When(at=number)
    if fate == "lost":
        server.faults.call(stop.set, when, moment="before")
        server.faults.drop(when)
    else:
        server.faults.call(end_before_the_answer, when, moment="after")
    try:
        ours.ensure(address, stop)
    except Stopped:
        assert fate == "lost" or carried_out.wait(10)
        return True
    finally:
        left.set()
        server.faults.clear()
    return stop.is_set()


def settled_with_deliveries(office: SandboxOffice, ours: Installation, address: str) -> None:
    """One mail for each owner is delivered; what the deliveries show is looked after."""
    with sink() as (place, server):
        hooks = office.missive.service.hooks
        for rule in hooks.rules():
            # What stands at the public address is this place; behind other addresses there is nothing any more.
            hooks.change(rule.id, url=rule.url.replace(address, server.url), active=rule.url.startswith(address))
        office.mailbox.add_conversation("An alle")
        office.mailbox.add_conversation("Nur für mich", private=True)
        assert hooks.deliveries.settle()
        for body in place.bodies():
            organization = body["conversation"]["organization"]
            ours.registration.noticed(body["rule"]["id"], body["rule"]["type"], organization and organization["id"])
        for rule in hooks.rules():
            hooks.change(rule.id, url=rule.url.replace(server.url, address))
    ours.inspect()


@pytest.mark.parametrize("fate", ["lost", "carried out"])
@pytest.mark.parametrize("service", ["teamwork", "missive"])
def test_a_run_that_ends_at_any_request_is_made_good_by_the_next(
    office: SandboxOffice, tmp_path: Path, service: str, fate: Fate
) -> None:
    server = office.teamwork_server if service == "teamwork" else office.missive.server
    homes = Homes(office, tmp_path)
    number = 0
    ended = True
    while ended:
        number += 1
        address, next_address = f"https://run-{number}.example", f"https://after-{number}.example"
        ended = broken_off(homes(), server, number, fate, address)
        after = homes()
        after.ensure(next_address)
        settled_with_deliveries(office, after, next_address)
        url = OURS.teamwork_path
        assert {hook.url for hook in office.teamwork.hooks.hooks()} == {next_address + url}
        assert len(office.teamwork.hooks.hooks()) == 8
        live = [rule for rule in office.missive.service.hooks.rules() if rule.url.startswith(next_address)]
        assert len(live) == len({rule.organization for rule in live}) == 2
    homes.close()
    assert number > (17 if service == "teamwork" else 4)


@pytest.mark.parametrize("number", [2, 3])
def test_at_a_lasting_address_a_hook_that_a_crash_hid_shows_itself_and_goes(
    office: SandboxOffice, make: Homes, number: int
) -> None:
    address = "https://always.example"
    assert broken_off(make(), office.missive.server, number, "carried out", address)
    again = make()
    again.ensure(address)
    wait_until(lambda: len(office.missive.service.hooks.rules()) == 3)
    settled_with_deliveries(office, again, address)
    again.assert_complete(address)


def test_at_a_passing_address_a_hook_that_a_crash_hid_is_told(office: SandboxOffice, make: Homes) -> None:
    clock = FakeClock()
    assert broken_off(make(clock=clock), office.missive.server, 2, "carried out", "https://gone.example")
    again = make(clock=clock)
    told = again.ensure("https://new.example").problems
    assert [problem.code for problem in told] == ["missive-hook-left"]
    assert told[0].message == "Its address begins with https://gone.example."
    clock.advance(8 * 24 * 3600)
    assert again.inspect().problems == ()


def test_a_rule_made_by_hand_is_not_taken_for_one_that_a_crash_hid(office: SandboxOffice, make: Homes) -> None:
    (organization,) = office.mailbox.organizations
    assert broken_off(make(), office.missive.server, 2, "lost", "https://always.example")
    ours = make()
    ours.ensure("https://always.example")
    with sink() as (_, server):
        by_hand = office.missive.service.hooks.add("label_change", server.url, organization=organization)
        ours.registration.noticed(by_hand.id, "label_change", organization)
        personal = office.missive.service.hooks.add("incoming_email", server.url)
        ours.registration.noticed(personal.id, "incoming_email", None)
    ours.inspect()
    assert {by_hand.id, personal.id} <= {rule.id for rule in office.missive.service.hooks.rules()}


@pytest.mark.parametrize(("service", "number"), [("teamwork", 5), ("missive", 2)])
def test_a_killed_process_leaves_nothing_double(
    office: SandboxOffice, make: Homes, tmp_path: Path, service: str, number: int
) -> None:
    server = office.teamwork_server if service == "teamwork" else office.missive.server
    server.faults.silence(When(at=number, times=None))
    address = "https://always.example"
    arguments = (
        office.teamwork_server.url, office.missive.url, office.teamwork.api_key, office.missive.token,
        str(tmp_path / "home"), address,
    )  # fmt: skip
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", CRASHING, *arguments], cwd=root)
    try:
        wait_until(lambda: server.faults.silent > 0, 30)
    finally:
        process.kill()
        process.wait(10)
    server.faults.clear()
    after = make()
    after.ensure(address)
    settled_with_deliveries(office, after, address)
    after.assert_complete(address)
