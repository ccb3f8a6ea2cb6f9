"""What a service offers to choose from, and how much there is of it: what the setup asks before anything is synced."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A project or a team."""

    id: str
    name: str
    detail: str = ""
    """What tells two of one name apart, such as the company."""


@dataclass(frozen=True, slots=True)
class MailVolume:
    """Conversations that a first run would take, counted in Missive's lists."""

    conversations: int = 0
    messages: int = 0
    """In these conversations, drafts and messages of other kinds among them."""
    private: int = 0
    """Conversations that belong to no organisation and no team."""
    complete: bool = True
    """False: there is more, and counting ended because every page costs a request."""
