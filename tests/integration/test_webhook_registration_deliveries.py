"""What was registered is delivered by the sandbox to our listener, and accepted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.registration import Homes
from tests.support.webhooks import SECRETS, listening
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.webhooks.listener import Listener


@pytest.fixture
def listener(connector: Connector, clock: FakeClock) -> Iterator[Listener]:
    engine = connector.engine
    with listening(engine.spool, clock, last_read_number=engine.ledger.last_read_number) as listener:
        yield listener


@pytest.fixture
def registered(office: SandboxOffice, listener: Listener, tmp_path: Path) -> Iterator[SandboxOffice]:
    """An office whose services deliver to the listener."""
    homes = Homes(office, tmp_path)
    assert homes(secrets=SECRETS).ensure(f"http://127.0.0.1:{listener.port}").problems == ()
    yield office
    homes.close()


def settled(office: SandboxOffice) -> None:
    assert office.teamwork.hooks.deliveries.settle()
    assert office.missive.service.hooks.deliveries.settle()


def statuses(office: SandboxOffice) -> set[int]:
    attempts = office.teamwork.hooks.deliveries.attempts + office.missive.service.hooks.deliveries.attempts
    return {attempt.status for attempt in attempts}


def test_every_kind_of_change_of_a_task_is_delivered_and_taken(
    registered: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    office = registered.office
    task = office.create_task("Neu")
    office.tag(task.id, "KGR_300")
    office.untag(task.id)
    office.complete(task.id)
    office.reopen(task.id)
    office.edit_task(task.id, name="Anders")
    office.delete_task(task.id)
    settled(registered)
    assert statuses(registered) == {200}
    assert listener.counts().accepted == 7
    assert connector.sync().failed == 0


def test_a_mail_is_delivered_and_taken_whoever_it_belongs_to(
    registered: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    registered.mailbox.add_conversation("Für alle")
    registered.mailbox.add_conversation("Für mich", private=True)
    settled(registered)
    assert (statuses(registered), listener.counts().accepted) == ({200}, 2)
    connector.sync()
    assert len(connector.rows("emails")) == 2


def test_duplicates_another_order_and_repeats_do_no_harm(
    registered: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    deliveries = registered.teamwork.hooks.deliveries
    deliveries.hold()
    task = registered.office.create_task("Neu")
    registered.office.edit_task(task.id, name="Neuer Name")
    held = deliveries.held
    deliveries.release(lambda parcels: [*reversed(parcels), *parcels])
    assert (listener.counts().accepted, listener.counts().duplicates) == (2, 2)
    assert deliveries.send(held[0].url, held[0].headers, held[0].body) == 200
    assert deliveries.send(held[0].url, {**held[0].headers, "X-Projects-Signature": "0" * 64}, held[0].body) == 401
    connector.sync()
    assert connector.task(task.id)["name"] == "Neuer Name"


def test_a_rule_made_by_hand_is_saved_with_our_address(registered: SandboxOffice, listener: Listener) -> None:
    hooks = registered.missive.service.hooks
    (organization,) = registered.mailbox.organizations
    url = hooks.rules()[0].url
    hooks.add("label_change", url, organization=organization)
    registered.missive.service.switches = replace(registered.missive.service.switches, validate_on_api_hook=True)
    conversation = registered.mailbox.add_conversation("Für alle")
    registered.mailbox.label(conversation.id, "KGR_300")
    settled(registered)
    assert statuses(registered) == {200}
    assert listener.counts().accepted == 2
