"""Fills a mailbox: the scenes of the demo, and everyday threads in any number."""

from __future__ import annotations

import random
from dataclasses import replace

from tray_connector.sandbox.mailbox_office import COLLEAGUES, WRITERS
from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.mailbox_scenes import Mail, Scene, read_scenes
from tray_connector.sandbox.mailbox_scenes_building import BUILDING
from tray_connector.sandbox.mailbox_scenes_office import OFFICE
from tray_connector.sandbox.mailbox_scenes_routine import ANSWERS, ROUTINE, TRADES
from tray_connector.sandbox.mailbox_state import MailState
from tray_connector.sandbox.mailbox_writing import MOST_MESSAGES, MailWriting

_DAY = 86_400
_HOUR = 3_600
_OFFICE_SIZE = 60
_OLD = 8
"""So many of the office's conversations lie before the last four weeks."""
_COLLEAGUES = frozenset(writer.key for writer in COLLEAGUES)


def play(mailbox: MailWriting) -> None:
    """The office of the demo: every written scene once, and everyday threads up to 60 conversations."""
    rng = random.Random(mailbox.random.random())
    scenes = [*read_scenes(BUILDING), *read_scenes(OFFICE)]
    routine = read_scenes(ROUTINE)
    scenes += [filled(rng, mailbox, routine[n % len(routine)]) for n in range(_OFFICE_SIZE - len(scenes))]
    rng.shuffle(scenes)
    now = mailbox.now()
    for number, scene in enumerate(scenes):
        days = rng.uniform(35, 150) if number < _OLD and scene.state == "open" else rng.uniform(0.02, 26)
        play_scene(mailbox, scene, now - int(days * _DAY))


def fill(mailbox: MailWriting, conversations: int, messages: int, days: int) -> None:
    """So many everyday threads with so many mails altogether, their ends spread over the last `days`."""
    if not conversations <= messages <= conversations * MOST_MESSAGES:
        raise ValueError(f"{messages} messages do not fit into {conversations} conversations of 1 to {MOST_MESSAGES}")
    rng = random.Random(mailbox.random.random())
    routine = read_scenes(ROUTINE)
    now = mailbox.now()
    lengths = _shares(rng, conversations, messages)
    for number, length in enumerate(lengths):
        scene = stretched(rng, filled(rng, mailbox, routine[number % len(routine)]), length)
        play_scene(mailbox, scene, now - 60 - int(rng.random() * days * _DAY))


def play_scene(mailbox: MailWriting, scene: Scene, end: int) -> Conversation:
    """Write the scene's mails so that the last one arrives at `end`."""
    private = scene.state == "private"
    start = end - int(sum(mail.hours for mail in scene.mails[1:]) * _HOUR)
    began = mailbox.begin(team=scene.team, users=scene.users, labels=scene.labels, private=private, at=start)
    at = start
    for number, mail in enumerate(scene.mails):
        at += int(mail.hours * _HOUR) if number else 0
        if scene.state == "sms":
            mailbox.receive_text_message(began.id, sender=mail.who, text=mail.text, at=at)
        else:
            write(mailbox, began.id, mail, scene.subject if number == 0 else None, at)
    _set_state(mailbox, began.id, scene.state)
    return mailbox.conversation(began.id)


def write(mailbox: MailWriting, conversation_id: str, mail: Mail, subject: str | None, at: int) -> None:
    """One mail of a scene."""
    mailbox.receive_mail(
        conversation_id,
        sender=mail.who,
        text=mail.text,
        subject=subject,
        to=mail.to,
        cc=mail.cc,
        files=mail.files,
        news=mail.news,
        at=at,
    )


def filled(rng: random.Random, mailbox: MailState, scene: Scene) -> Scene:
    """An everyday scene with its gaps filled."""
    by_parent: dict[str, list[str]] = {}
    for label in mailbox.labels.values():
        if label.parent_id in mailbox.labels:
            by_parent.setdefault(mailbox.labels[label.parent_id].name, []).append(label.name)
    gaps = {
        "project": rng.choice(by_parent["Projekte"]),
        "customer": rng.choice(by_parent["Kunden"]),
        "room": rng.choice(by_parent["Räume"]),
        "kgr": rng.choice(by_parent["Kostengruppen"]),
        "trade": rng.choice(TRADES),
        "number": str(rng.randint(1001, 9899)),
        "amount": f"{rng.randint(1, 98)}.{rng.randint(0, 999):03},{rng.randint(0, 99):02}",
        "day": str(rng.randint(1, 28)),
    }
    mails = tuple(
        replace(mail, text=mail.text.format(**gaps), files=tuple(name.format(**gaps) for name in mail.files))
        for mail in scene.mails
    )
    labels = tuple(label.format(**gaps) for label in scene.labels)
    return replace(scene, subject=scene.subject.format(**gaps), mails=mails, labels=labels)


def stretched(rng: random.Random, scene: Scene, length: int) -> Scene:
    """The scene cut or continued to so many mails."""
    mails = list(scene.mails[:length])
    outsider = next((mail.who for mail in mails if mail.who not in _COLLEAGUES), "mara")
    while len(mails) < length:
        inside = mails[-1].who not in _COLLEAGUES or WRITERS[outsider].program == "plain"
        who = rng.choice(("ida", "lena", "tom")) if inside else outsider
        mails.append(Mail(who, rng.choice(ANSWERS), rng.uniform(0.2, 30)))
    return replace(scene, mails=tuple(mails))


def _shares(rng: random.Random, conversations: int, messages: int) -> list[int]:
    """Threads are short, some are long: split the rest unevenly, nobody above the most a thread may hold."""
    lengths = [1] * conversations
    left = messages - conversations
    while left:
        place = rng.randrange(conversations)
        more = min(left, MOST_MESSAGES - lengths[place], rng.choice((1, 1, 2, 3, 5, 9)))
        lengths[place] += more
        left -= more
    return lengths


def _set_state(mailbox: MailWriting, conversation_id: str, state: str) -> None:
    match state:
        case "closed":
            mailbox.close(conversation_id)
        case "trashed":
            mailbox.trash(conversation_id)
        case "trashed by me":
            mailbox.trash(conversation_id, user=mailbox.me_id)
        case "junked":
            mailbox.junk(conversation_id)
        case "guest":
            mailbox.make_guest(conversation_id)
        case "assigned":
            mailbox.assign(conversation_id, mailbox.me_id)
        case "snoozed":
            mailbox.mark(conversation_id, "snoozed", user=mailbox.me_id)
        case "flagged":
            mailbox.mark(conversation_id, "flagged", user=mailbox.me_id)
        case "draft":
            mailbox.add_draft(conversation_id, "Hallo Svenja,\n\nPreise kommen morgen.", author="lena")
        case "open" | "private" | "sms":
            return
        case _:
            raise ValueError(f"no such state of a scene: {state}")
