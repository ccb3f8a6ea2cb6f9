"""What a person does by hand at the services, with the exact values to paste."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tray_connector.webhooks.registration_values import ManualStep, ManualValue, Scope
from tray_connector.webhooks.signatures import Secrets

_RULES = (
    ("outgoing_email", "Outgoing message › Email", "E-mails that your office sends"),
    ("label_change", "User action › Label change", "Labels that are added or removed"),
    ("conversation_assignee_change", "User action › Assignee changed", "Conversations that are assigned"),
    ("team_change", "User action › Team changed", "Conversations that move to another team"),
    ("conversation_closed", "User action › Conversation closed", "Conversations that are closed"),
    ("conversation_reopened", "User action › Conversation reopened", "Conversations that are opened again"),
)
_SILENT = "Trash, Spam and deletion are announced by no rule: polling finds them."
PERSONAL = "your own private conversations"


def manual_steps(
    address: str, secrets: Secrets, *, teamwork_events: Sequence[str], organizations: Iterable[str], scope: Scope
) -> tuple[ManualStep, ...]:
    """Every step that there is for this address: for Teamwork's events, and for Missive's mail and further rules.

    `organizations` are Missive's, by name.
    """
    owners = [*organizations, *(() if scope == "shared" else (PERSONAL,))]
    url = address + secrets.missive_path
    return (
        teamwork_steps(address + secrets.teamwork_path, secrets.teamwork_token or "", teamwork_events, ""),
        *(missive_mail_step(url, owner, "") for owner in owners),
        *missive_rule_steps(url, owners),
    )


def teamwork_steps(url: str, token: str, events: Iterable[str], said: str) -> ManualStep:
    """One webhook per event."""
    return ManualStep(
        "teamwork-hooks",
        "teamwork",
        "Add one webhook for each event",
        "Teamwork › Settings › Integrations › Webhooks › Enable, then Add webhook",
        (
            *(ManualValue("Event", event) for event in events),
            ManualValue("URL", url),
            ManualValue("Version", "2"),
            ManualValue("Content type", "application/json"),
            ManualValue("Token", token, secret=True),
        ),
        said or "The key may not register webhooks.",
        needed=True,
    )


def missive_mail_step(url: str, owner: str, said: str) -> ManualStep:
    """A rule for incoming mail, where the API may not make it."""
    return ManualStep(
        "missive-incoming_email",
        "missive",
        f"Add a rule for incoming e-mails of {owner}",
        _where(owner),
        _values("Incoming message › Email", url),
        said or "The key may not register this rule.",
        needed=True,
    )


def missive_rule_steps(url: str, owners: Iterable[str]) -> tuple[ManualStep, ...]:
    """What no hook of Missive's API is about: its documentation knows these as rules made by hand only."""
    return tuple(
        ManualStep(
            f"missive-{kind}",
            "missive",
            f"{what} ({owner})",
            _where(owner),
            _values(trigger, url),
            f"Missive's API cannot register this. Without the rule polling finds it, some minutes later. {_SILENT}",
            needed=False,
        )
        for owner in owners
        for kind, trigger, what in _RULES
    )


def _where(owner: str) -> str:
    kind = "Personal" if owner == PERSONAL else f"Organization {owner}"
    return f"Missive › Settings › Rules › New rule › {kind}"


def _values(trigger: str, url: str) -> tuple[ManualValue, ...]:
    return (
        ManualValue("Rule type", trigger),
        ManualValue("Action", "Webhook"),
        ManualValue("URL", url, secret=True),
    )
