"""What the cards say of a status, as of now: times go on by themselves between two of them."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from tray_connector.model.errors import Problem
from tray_connector.model.events import SourceName
from tray_connector.model.status import EngineStatus, WebhookState
from tray_connector.ui.form_parts import MarkState
from tray_connector.ui.status_cards import CardText
from tray_connector.ui.status_details import Details
from tray_connector.ui.texts import ago_text, number, time_text

translate = QCoreApplication.translate


def card_texts(status: EngineStatus, details: Details, now: datetime) -> dict[str, CardText]:
    """By card."""
    return {
        "teamwork": source_text("teamwork", status, details, now),
        "missive": source_text("missive", status, details, now),
        "destination": destination_text(status, details, now),
        "webhooks": webhook_text(status.webhooks, now),
    }


def source_text(source: SourceName, status: EngineStatus, details: Details, now: datetime) -> CardText:
    """Records stored, when that was last checked, what happened today, what is left out."""
    if source == "teamwork":
        main = translate("Cards", "%n task(s)", None, status.stored.get("tasks", 0))
    else:
        main = translate("Cards", "%n e-mail(s)", None, status.stored.get("emails", 0))
    checked = status.last_verified.get(source)
    problem = status.problem_of.get(source)
    more = [today(source, details, now)]
    left_out = status.left_out.get(source, 0)
    if left_out:
        more.append(translate("Cards", "%n left out, as set", None, left_out))
    words = translate("Cards", "not checked yet")
    if checked is not None:
        words = translate("Cards", "checked {ago}").format(ago=ago_text(now - checked))
    return CardText(mark_of(problem, status, checked is not None), main, words, tuple(more), problem)


def destination_text(status: EngineStatus, details: Details, now: datetime) -> CardText:
    """Records, the last time something was written, and what the month's calls are of the plan's."""
    main = translate("Cards", "%n record(s)", None, sum(status.stored.values()))
    written = status.last_verified.get("destination")
    problem = status.problem_of.get("destination") or status.problem_of.get("files")
    words = translate("Cards", "nothing written yet")
    if written is not None:
        words = translate("Cards", "reached {ago}").format(ago=ago_text(now - written))
    more: list[str] = []
    if details.plan is not None:
        calls = number(status.calls_month["destination"])
        if details.plan_calls is None:
            more.append(translate("Cards", "at least {count} calls this month").format(count=calls))
        else:
            limit = number(details.plan_calls)
            text = translate("Cards", "at least {count} of {limit} calls this month")
            more.append(text.format(count=calls, limit=limit))
    if status.files.failed:
        more.append(translate("Cards", "%n attachment(s) not stored", None, status.files.failed))
    elif status.files.waiting:
        more.append(translate("Cards", "%n attachment(s) on the way", None, status.files.waiting))
    return CardText(mark_of(problem, status, written is not None), main, words, tuple(more), problem)


def webhook_text(webhooks: WebhookState, now: datetime) -> CardText:
    """Whether changes are announced, and when one was last."""
    last = ""
    if webhooks.last_delivery is not None:
        last = translate("Cards", "last one {ago}").format(ago=ago_text(now - webhooks.last_delivery))
    if webhooks.mode == "off":
        return CardText("none", translate("Cards", "off"), translate("Cards", "changes are found by asking regularly"))
    if webhooks.mode == "polling":
        words = translate("Cards", "asking every few seconds instead")
        return CardText("attention", translate("Cards", "not working"), words, (last,), webhooks.problem)
    proved = last or translate("Cards", "none has come yet")
    return CardText("good", translate("Cards", "working"), proved, (), webhooks.problem)


def today(source: str, details: Details, now: datetime) -> str:
    """Changes since midnight, or since the program started where that was later."""
    midnight = now.astimezone(details.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    count = details.rates.written(source, midnight)
    if details.rates.since <= midnight:
        return translate("Cards", "%n change(s) today", None, count)
    text = translate("Cards", "%n change(s) since {time}", None, count)
    return text.format(time=time_text(details.rates.since, details.zone))


def mark_of(problem: Problem | None, status: EngineStatus, verified: bool) -> MarkState:
    """Of a part of the engine."""
    if problem is not None:
        return "stopped" if status.state == "stopped" and problem == status.problem else "attention"
    return "good" if verified else "none"
