"""What `check` and `run` say about webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tray_connector.config.settings import Settings
from tray_connector.model.checks import CheckLine
from tray_connector.model.codec import time_to_text
from tray_connector.sync.session import Session
from tray_connector.webhooks.registration_values import ManualStep

NAME = "Webhooks"


def webhook_lines(session: Session) -> Iterator[CheckLine]:
    """Whether they work, as far as this process can tell, and what a person may do by hand."""
    settings, webhooks = session.settings, session.webhooks
    pace = f"polling every {settings.periodic_backfill_interval:g} s"
    if settings.disable_webhooks:
        yield CheckLine(NAME, True, f"switched off (DISABLE_WEBHOOKS), {pace}")
    elif not (settings.public_url or settings.ngrok_authtoken):
        hint = "For changes within a second: set NGROK_AUTHTOKEN, or PUBLIC_URL of an own reverse proxy."
        yield CheckLine(NAME, True, f"no way in from outside, {pace}", hint)
    elif webhooks is None:
        yield CheckLine(NAME, True, f"set up through {way_in(settings)}; tried while tray-connector run works")
    else:
        health = webhooks.health
        if health.reason is not None:
            reason = health.reason
            yield CheckLine(NAME, False, f"{reason.title}. {reason.message}".strip(), reason.hint, passing=True)
        else:
            last = "none yet" if health.last_delivery is None else time_to_text(health.last_delivery)
            state = "they work" if health.healthy else "not proved yet"
            yield CheckLine(NAME, True, f"{state}, through {way_in(settings)}; last delivery: {last}")
        registered = webhooks.registered
        for step in registered.manual:
            if step.needed:
                yield CheckLine(f"{NAME}: {step.title}", False, step.reason, by_hand(step), passing=True)
        yield from optional_rules([step for step in registered.manual if not step.needed])
        for hook in registered.foreign_dead:
            told = f"{hook.service.capitalize()} has switched off {hook.event} (id {hook.id})"
            yield CheckLine(f"{NAME} of others", True, told, "It is not ours and stays as it is.")


def optional_rules(steps: Sequence[ManualStep]) -> Iterator[CheckLine]:
    """What can be announced sooner by rules made by hand: one line per place where rules are made."""
    for where in dict.fromkeys(step.where for step in steps):
        here = [step for step in steps if step.where == where]
        wanted = ", ".join(step.values[0].value for step in here)
        rest = "; ".join(f"{value.label}: {value.value}" for value in here[0].values[1:])
        yield CheckLine(
            f"{NAME}: more rules", True, f"If you like, {where}: {wanted}. Polling finds these changes later.", rest
        )


def way_in(settings: Settings) -> str:
    """How deliveries come to this machine."""
    return "PUBLIC_URL" if settings.public_url else "ngrok"


def by_hand(step: ManualStep) -> str:
    """Where to click and what to type."""
    return f"{step.where} " + "; ".join(f"{value.label}: {value.value}" for value in step.values)
