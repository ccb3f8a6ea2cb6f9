"""What registration tells: the hooks that stand, what a person must do by hand, what went wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal

from tray_connector.model.errors import ConnectorError, Problem, TransientError
from tray_connector.model.events import SourceName
from tray_connector.webhooks.signatures import Secrets

Scope = Literal["all", "shared"]
"""`MISSIVE_SCOPE`."""
_NOT_ALLOWED = ("-right-missing", "-request", "-address")
"""403, any other refusal, and a part of the API that is not there."""
_NAMES: dict[SourceName, str] = {"teamwork": "Teamwork", "missive": "Missive"}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook at a service."""

    service: SourceName
    id: str
    """Empty where the service did not tell it."""
    event: str
    url: str = field(repr=False)
    """May hold a secret in its path."""
    active: bool = True
    organization: str = ""
    """Of Missive's hooks; empty = personal."""


@dataclass(frozen=True, slots=True)
class ManualValue:
    """Something to type or paste, exactly as it is."""

    label: str
    value: str = field(repr=False)
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ManualStep:
    """What a person has to do at the service, because its API cannot or may not."""

    code: str
    """Stable, such as ``teamwork-hooks`` or ``missive-outgoing_email``."""
    service: SourceName
    title: str
    where: str
    """The way through the service's menus."""
    values: tuple[ManualValue, ...]
    reason: str
    needed: bool
    """Without it no webhook of this kind arrives at all; otherwise polling alone finds these changes, later."""


@dataclass(frozen=True, slots=True)
class Registered:
    """How the webhooks stand."""

    hooks: tuple[Hook, ...] = ()
    """Ours, all switched on as far as the service tells. Missive does not: its hooks are those that were made."""
    foreign_dead: tuple[Hook, ...] = ()
    """Hooks of others that the service has switched off. Nothing was done about them."""
    manual: tuple[ManualStep, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Registered) -> Registered:
        """Both together."""
        return Registered(
            self.hooks + other.hooks,
            self.foreign_dead + other.foreign_dead,
            self.manual + other.manual,
            self.problems + other.problems,
        )


def mark_of(url: str, token: str = "") -> str:
    """What tells later whether a hook was made with this address and token, without giving either away."""
    return hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()


def problem_of(service: SourceName, error: ConnectorError, secrets: Secrets) -> Problem:
    """A failed request in the words of registration, without what the service may have echoed of our secrets.

    What time mends, a refused key and trouble on the way speak for themselves.
    """
    found = replace(error.problem, message=_cleaned(error.problem.message, secrets))
    if isinstance(error, TransientError) or not found.code.endswith(_NOT_ALLOWED):
        return found
    return Problem(
        f"{service}-webhooks-refused",
        f"{_NAMES[service]} lets this key register no webhooks",
        found.message,
        "Make them by hand with the values shown, or use an administrator's key. Until then changes come by polling.",
    )


def _cleaned(text: str, secrets: Secrets) -> str:
    for secret in (secrets.path_secret, secrets.teamwork_token):
        text = text.replace(secret, "…") if secret else text
    return text
