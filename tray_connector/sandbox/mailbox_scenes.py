"""Threads as a script: who writes what, to whom, how long after the mail before; and the reader of that script.

A scene begins with ``= Subject``, then come lines such as ``team Einkauf``, ``labels A; B``, ``users Ida, Tom``,
``state closed``. A mail begins with ``> writer | to a, b | cc c | after 2.5 | files x.pdf; y.png`` (hours, file names);
its text follows, with the marks of `mailbox_letters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a scene."""

    who: str
    """The writer's key in `mailbox_office.WRITERS`."""
    text: str
    hours: float = 3.0
    """After the mail before it."""
    files: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    """Keys of writers; empty: whoever took part so far."""
    cc: tuple[str, ...] = ()
    news: bool = False
    """A newsletter: no signature, markup of its own."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One thread."""

    subject: str
    mails: tuple[Mail, ...]
    team: str | None = "Planung"
    """None: a conversation of single users."""
    labels: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    """First names of those with access, beside the team's members."""
    state: str = "open"
    """``open``, ``closed``, ``trashed``, ``trashed by me``, ``junked``, ``guest``, ``assigned``, ``snoozed``,
    ``flagged``, ``draft``, ``private`` (no organisation, only the token's owner), ``sms``."""


def read_scenes(script: str) -> tuple[Scene, ...]:
    """The scenes of a script, in its order."""
    return tuple(_scene(part) for part in f"\n{script}".split("\n= ")[1:])


def _scene(part: str) -> Scene:
    head, *mails = part.split("\n> ")
    subject, *lines = head.strip().split("\n")
    facts = dict(line.split(" ", 1) for line in lines if line)
    team = facts.get("team", "Planung")
    return Scene(
        subject,
        tuple(_mail(mail) for mail in mails),
        None if team == "none" else team,
        _split(facts.get("labels", ""), ";"),
        _split(facts.get("users", ""), ","),
        facts.get("state", "open"),
    )


def _mail(part: str) -> Mail:
    head, _, text = part.partition("\n")
    who, *rest = head.split(" | ")
    facts = dict(_pairs(rest))
    return Mail(
        who.strip(),
        text.strip(),
        float(facts.get("after", "3")),
        _split(facts.get("files", ""), ";"),
        _split(facts.get("to", ""), ","),
        _split(facts.get("cc", ""), ","),
        "news" in facts,
    )


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        key, _, value = part.strip().partition(" ")
        yield key, value


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(mark) if each.strip())
