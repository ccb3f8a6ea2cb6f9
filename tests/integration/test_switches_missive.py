"""Whatever Missive's undocumented habits are: the database holds what the mailbox holds, after every deed of a day."""

from __future__ import annotations

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock, SkewedClock
from tests.support.connector import Connector
from tests.support.day import Day, day_in
from tests.support.small_office import HOUR, small_mailbox, thread
from tray_connector.model.events import SourceName
from tray_connector.sandbox.mailbox_filing import BUMPS
from tray_connector.sandbox.mailbox_records import Conversation, Message
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

EVERYTHING_BUMPS = BUMPS | {"label", "close", "assign", "trash", "merge"}
VALUES: dict[str, tuple[Any, ...]] = {
    "until_inclusive": (True, False),
    "extend_ties": (True, False),
    "all_includes_trash": (False, True),
    "all_includes_spam": (False, True),
    "all_covers_teams": (True, False),
    "activity_bump_on": (
        BUMPS,
        frozenset(),
        frozenset({"message"}),
        BUMPS | {"label"},
        BUMPS | {"trash", "merge"},
        EVERYTHING_BUMPS,
    ),
    "redact_unrelated": ("off", "drop", "null"),
    "unknown_id": ("envelope", "empty"),
    "batch_missing_id": ("omit", "404"),
    "batch_max": (None, 1, 7),
    "limit_cap": (50, 10),
    "rate_headers_on_200": (False, True),
}
ONE_BY_ONE: list[dict[str, Any]] = [
    {},
    *({name: value} for name, values in VALUES.items() for value in values[1:]),
    {"until_inclusive": False, "extend_ties": False, "limit_cap": 10},
]


def combination(seed: int) -> dict[str, Any]:
    """Every switch somewhere."""
    chance = random.Random(seed)
    return {name: chance.choice(values) for name, values in VALUES.items()}


OF_WEBHOOKS = frozenset({"hook_rights", "hooks_without_id", "message_key", "validate_on_api_hook"})
"""Tried where hooks are registered and deliveries taken."""


def named(switches: dict[str, Any]) -> str:
    words = (f"{name}={'+'.join(sorted(v)) if isinstance(v, frozenset) else v}" for name, v in switches.items())
    return " ".join(words) or "defaults"


def test_every_switch_is_tried_in_every_position() -> None:
    defaults = {name: value for name, value in asdict(MissiveSwitches()).items() if name not in OF_WEBHOOKS}
    assert {name: values[0] for name, values in VALUES.items()} == defaults


@pytest.mark.parametrize("switches", ONE_BY_ONE, ids=named)
def test_a_day_with_one_habit(tmp_path: Path, clock: FakeClock, switches: dict[str, Any]) -> None:
    one_day(tmp_path, clock, switches)


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_day_with_any_habits(tmp_path: Path, clock: FakeClock, seed: int) -> None:
    switches = combination(seed)
    one_day(tmp_path, clock, switches, only="missive" if seed % 4 else None)


@pytest.mark.parametrize("seconds", [-600, 600], ids=["behind", "ahead"])
def test_a_day_at_a_service_whose_clock_is_ten_minutes_off(tmp_path: Path, clock: FakeClock, seconds: float) -> None:
    one_day(tmp_path, clock, {}, site_clock=SkewedClock(clock, seconds))


@pytest.mark.parametrize("scale", [0.04, 0.2])
def test_small_limits_are_never_broken(tmp_path: Path, clock: FakeClock, scale: float) -> None:
    one_day(tmp_path, clock, {"rate_headers_on_200": True}, rate_scale=scale)
    assert sum(clock.waits) > 60


def one_day(
    home: Path,
    clock: FakeClock,
    switches: dict[str, Any],
    *,
    site_clock: FakeClock | None = None,
    only: SourceName | None = "missive",
    rate_scale: float = 1000,
) -> None:
    there = site_clock or clock
    with day_in(
        home,
        clock,
        office=Office.generate(clock=there, tasks=3, deleted=0),
        mailbox=small_mailbox(there),
        missive=MissiveSwitches(**switches),
        site_clock=site_clock,
        rate_scale=rate_scale,
        only=only,
    ) as day:
        bumps = day.sandbox.missive.service.switches.activity_bump_on
        mails_come(day, walks=0 if "message" in bumps else 1)
        people_file(day)
        things_disappear(day)


def mails_come(day: Day, *, walks: int) -> None:
    """What a sync must bring without a walk, if mails move a conversation's activity."""
    box = day.mailbox
    long, mixed, old = (named_so(day, name) for name in ("Bauantrag", "Gemischt", "Voriges Jahr"))
    day.then(
        "a mail in a long thread, and an answer",
        lambda: box.receive_mail(long.id, files=("Plan.pdf",)),
        lambda: box.reply(long.id),
        walks=walks,
    )
    day.then(
        "new conversations",
        lambda: box.add_conversation("Arzt", private=True),
        lambda: new_ones(day),
        walks=walks,
    )
    day.then("a mail was long on its way", lambda: late_mail(day, named_so(day, "Vergabe")), walks=walks)
    day.then("a mail is edited", lambda: box.edit_mail(mails_of(day, long)[-3].id, html="<p>neu</p>", subject="Neu"),
             lambda: box.receive_mail(long.id), walks=walks)  # fmt: skip
    day.then("an SMS, a remark and a draft", lambda: box.receive_text_message(mixed.id), lambda: box.comment(mixed.id),
             lambda: box.add_draft(long.id), walks=walks)  # fmt: skip
    draft = next(each for each in box.messages_of(box.conversation(mixed.id)) if each.draft)
    day.then("a draft is sent", lambda: box.send_draft(draft.id), walks=walks)
    if "message" in box.bump_on:
        day.then("an old conversation comes to life", lambda: box.receive_mail(old.id))


def people_file(day: Day) -> None:
    """Labels, Trash, Spam and who may see it: unless it moves the activity, only a walk shows it."""
    box = day.mailbox
    long, team, shared = (named_so(day, name) for name in ("Bauantrag", "Sammelversand 1", "Baustelle"))
    day.then(
        "labels",
        lambda: box.label(long.id, "Hansen, Petersen & Partner"),
        lambda: box.unlabel(long.id, "R_101"),
        lambda: box.unlabel(named_so(day, "Gehalt").id, "Vertrag/Recht"),
        lambda: box.rename_label("KGR_300", "KGR_300a"),
        lambda: box.close(shared.id),
        lambda: box.trash(shared.id, user="Tom"),
        walks=1,
    )
    day.then(
        "Trash and Spam",
        lambda: box.trash(long.id),
        lambda: box.junk(team.id, user="Ida"),
        lambda: box.trash(shared.id, user="Ida"),
        walks=1,
    )
    day.then(
        "a mail comes into the Trash", lambda: box.receive_mail(long.id), lambda: box.label(long.id, "R_102"), walks=1
    )
    day.then(
        "out of Trash and Spam",
        lambda: box.untrash(long.id),
        lambda: box.unjunk(team.id),
        lambda: box.untrash(shared.id, user="Ida"),
        lambda: box.untrash(named_so(day, "Werbung").id),
        walks=1,
    )
    day.then(
        "others may see it",
        lambda: box.share(named_so(day, "Fremdes").id, "Ida"),
        lambda: box.make_guest(named_so(day, "Später").id),
        lambda: box.assign_team(named_so(day, "Vergabe").id, "Planung"),
        lambda: box.assign(team.id, "Tom"),
        walks=1,
    )


def things_disappear(day: Day) -> None:
    """Merged, deleted, withheld."""
    box = day.mailbox
    one, two, closed, third = (named_so(day, name) for name in ("Eins", "Zwei", "Erledigt", "Sammelversand 2"))
    secret, long, mixed = (named_so(day, name) for name in ("Vertraulich", "Baustelle", "Gemischt"))
    day.then("two become one", lambda: box.merge(one.id, two.id), walks=1)
    day.then("two become a third", lambda: box.merge(closed.id, third.id, into_new=True), walks=2)
    day.then(
        "messages are deleted", lambda: [box.delete_message(each.id) for each in mails_of(day, long)[3:5]], walks=1
    )
    if "message" in box.bump_on:
        # Otherwise nothing at all tells of it: as many messages as before, and no activity.
        day.then(
            "one is deleted, one comes",
            lambda: box.delete_message(mails_of(day, long)[2].id),
            lambda: box.receive_mail(long.id, html="<p>neu</p>"),
        )
    day.then(
        "one is deleted before its conversation is merged",
        lambda: box.delete_message(mails_of(day, long)[1].id),
        lambda: box.merge(long.id, mixed.id),
        walks=2,
    )
    first, last = (each.id for each in mails_of(day, secret))
    day.then(
        "mails are withheld",
        lambda: box.redact(first, "drop"),
        lambda: box.redact(last, "null"),
        lambda: box.edit_mail(first, subject="Geheim"),
        lambda: box.edit_mail(last, html="<p>geheim</p>"),
        lambda: box.receive_mail(secret.id),
        walks=1,
    )
    day.then(
        "they may be read again",
        lambda: box.redact(first, None),
        lambda: box.redact(last, None),
        lambda: box.edit_mail(first, html="<p>offen</p>"),
        lambda: box.edit_mail(last, subject="Offen"),
        lambda: box.receive_mail(secret.id),
        walks=1,
    )
    day.then("a conversation is deleted", lambda: box.delete_conversation(secret.id), walks=2)


def named_so(day: Day, subject: str) -> Conversation:
    """The conversation that began with a mail of that subject."""
    for each in day.mailbox.conversations():
        messages = day.mailbox.messages_of(each)
        if messages and messages[0].subject == subject:
            return each
    raise LookupError(subject)


def mails_of(day: Day, conversation: Conversation) -> list[Message]:
    return day.mailbox.messages_of(day.mailbox.conversation(conversation.id))


def new_ones(day: Day) -> None:
    for number in range(5):
        day.mailbox.add_conversation(f"Neu {number}", team="Einkauf" if number % 2 else "Planung", mails=1 + number % 2)


def late_mail(day: Day, conversation: Conversation) -> None:
    day.mailbox.receive_mail(conversation.id, delivered_at=day.mailbox.now() - 20_000)


@pytest.mark.parametrize("seen_first", [True, False])
@pytest.mark.parametrize("place", ["survivor", "absorbed"])
def test_a_text_message_never_stands_in_for_a_deleted_mail(
    connector: Connector, office: SandboxOffice, place: str, seen_first: bool
) -> None:
    box = office.mailbox
    absorbed = thread(box, "Baustelle", 14, box.now() - HOUR)
    survivor = thread(box, "Gemischt", 2, box.now() - 2 * HOUR)
    texted = survivor if place == "survivor" else absorbed
    box.receive_text_message(texted.id, at=box.now() - 2 * HOUR - 90)
    connector.sync()
    deleted = next(each.id for each in box.messages_of(box.conversation(absorbed.id)) if each.channel == "email")
    box.delete_message(deleted)
    box.merge(absorbed.id, survivor.id)
    if seen_first:
        box.comment(survivor.id)
        connector.sync()
    connector.engine.reconcile(connector.stop)
    rows = connector.rows("emails")
    assert {key for key, row in rows.items() if row["deleted"]} == {deleted}
    assert {row["conversation_id"] for row in rows.values()} == {survivor.id}
