"""What the engine says, in the user's language: headlines, next steps, times and numbers. Every result is plain text.

The engine's own texts are English. Headlines are made anew from state, reason and numbers; problems are found again by
their English words, and stay English where no translation is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus, State, oldest_success
from tray_connector.ui.engine_words import in_own_words

translate = QCoreApplication.translate
SHORT = QLocale.FormatType.ShortFormat


def number(count: int) -> str:
    """1,204 or 1.204, as the user writes it."""
    return QLocale().toString(count)


def time_text(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day by the office's clock."""
    local = moment.astimezone(zone)
    return QLocale().toString(QTime(local.hour, local.minute), SHORT)


def date_text(day: datetime, zone: ZoneInfo) -> str:
    """The day by the office's clock."""
    local = day.astimezone(zone)
    return QLocale().toString(QDate(local.year, local.month, local.day), SHORT)


def moment_text(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time of day, with the date unless it is today's."""
    if moment.astimezone(zone).date() == now.astimezone(zone).date():
        return time_text(moment, zone)
    return f"{date_text(moment, zone)} {time_text(moment, zone)}"


def ago_text(passed: timedelta) -> str:
    """``just now``, ``12 seconds ago``, ``5 minutes ago`` …"""
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 2:
        return translate("Status", "just now")
    if seconds < 60:
        return translate("Status", "%n second(s) ago", None, seconds)
    if seconds < 3_600:
        return translate("Status", "%n minute(s) ago", None, seconds // 60)
    if seconds < 86_400:
        return translate("Status", "%n hour(s) ago", None, seconds // 3_600)
    return translate("Status", "%n day(s) ago", None, seconds // 86_400)


def in_text(wait: timedelta) -> str:
    """``now``, ``in 48 s``, ``in 5 min``, ``in 3 h``."""
    seconds = int(wait.total_seconds())
    if seconds < 1:
        return translate("Status", "now")
    if seconds < 60:
        return translate("Status", "in %n s", None, seconds)
    if seconds < 3_600:
        return translate("Status", "in %n min", None, seconds // 60)
    return translate("Status", "in %n h", None, seconds // 3_600)


def duration_text(length: timedelta) -> str:
    """Roughly, for an estimate: ``less than a minute``, ``about 5 minutes``, ``about 3 hours``."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return translate("Status", "less than a minute")
    if minutes < 90:
        return translate("Status", "about %n minute(s)", None, minutes)
    return translate("Status", "about %n hour(s)", None, round(minutes / 60))


def state_word(state: State) -> str:
    """The state in one or two words, for a screen reader."""
    words: dict[State, str] = {
        "starting": translate("Status", "Starting"),
        "in step": translate("Status", "In step"),
        "syncing": translate("Status", "Syncing"),
        "paused": translate("Status", "Paused"),
        "offline": translate("Status", "Offline"),
        "attention": translate("Status", "Needs a look"),
        "stopped": translate("Status", "Stopped"),
    }
    return words[state]


def headline(status: EngineStatus, now: datetime, zone: ZoneInfo) -> str:
    """What the engine's headline says, in the user's language and as of now: a time goes on by itself."""
    match status.state:
        case "stopped":
            reason = title_text(status.problem) if status.problem is not None else ""
            return translate("Status", "Stopped: {reason}").format(reason=reason) if reason else state_word("stopped")
        case "paused" if status.paused_until is not None and not status.pause_open_ended:
            until = moment_text(status.paused_until, now, zone)
            return translate("Status", "Paused until {time}").format(time=until)
        case "paused":
            return translate("Status", "Paused until you resume")
        case "offline":
            return translate("Status", "Offline. Continues by itself")
        case "starting":
            return translate("Status", "Starting")
        case "syncing":
            return _syncing(status)
        case "in step":
            return _in_step(status, now, zone)
    return _attention(status, now, zone)


def headline_for_tray(status: EngineStatus, now: datetime, zone: ZoneInfo) -> str:
    """The headline with a time of day in place of "12 seconds ago": each change costs the desktop work."""
    checked = last_checked(status)
    if status.state == "in step" and checked is not None:
        return translate("Status", "In step, checked at {time}").format(time=moment_text(checked, now, zone))
    return headline(status, now, zone)


def _syncing(status: EngineStatus) -> str:
    if status.reason == "files":
        return translate("Status", "%n attachment(s) are being stored", None, status.files.waiting)
    total = max(status.total, status.synced + status.queue.waiting)
    return translate("Status", "Syncing {done} of {total}").format(done=number(status.synced), total=number(total))


def _in_step(status: EngineStatus, now: datetime, zone: ZoneInfo) -> str:
    checked = last_checked(status)
    if checked is None:
        return state_word("in step")
    text = translate("Status", "In step, checked {ago}").format(ago=ago_text(now - checked))
    if status.collected_until is None or not status.queue.waiting:
        return text
    waits = translate("Status", "%n change(s) are written at {time}", None, status.queue.waiting)
    return f"{text}. {waits.format(time=time_text(status.collected_until, zone))}"


def _attention(status: EngineStatus, now: datetime, zone: ZoneInfo) -> str:
    checked = last_checked(status)
    if status.reason == "problem" and status.problem is not None:
        return title_text(status.problem)
    if status.reason == "queue":
        return translate("Status", "%n record(s) need a look", None, status.queue.retrying + status.queue.unreadable)
    if status.reason == "waiting":
        return translate("Status", "%n record(s) wait to be stored", None, status.queue.waiting)
    if status.reason == "files" and status.files.failed:
        return translate("Status", "%n attachment(s) are not stored", None, status.files.failed)
    if status.reason == "files":
        return translate("Status", "%n attachment(s) wait to be stored", None, status.files.waiting)
    if status.reason == "stale" and checked is not None:
        return translate("Status", "Not checked since {time}").format(time=moment_text(checked, now, zone))
    return translate("Status", "Not checked yet")


def next_step(status: EngineStatus) -> str:
    """What to do, or what happens by itself; empty where there is nothing to say."""
    match status.reason:
        case "problem" if status.problem is not None:
            return hint_text(status.problem)
        case "queue":
            return translate("Status", "The queue in the status window shows why.")
        case "files" if status.files.failed:
            return translate("Status", "The log names them. They are tried again.")
    return ""


def last_checked(status: EngineStatus) -> datetime | None:
    """The moment since which both sources are known to be in step."""
    return oldest_success({part: at for part, at in status.last_verified.items() if part != "destination"})


def title_text(problem: Problem) -> str:
    """The problem's title in the user's language, where it is known."""
    return in_own_words(problem.title)


def hint_text(problem: Problem) -> str:
    """The problem's next step in the user's language, where it is known."""
    return in_own_words(problem.hint)


def message_text(problem: Problem) -> str:
    """The words of the service; ours among them in the user's language."""
    return in_own_words(problem.message)


def problem_text(problem: Problem) -> str:
    """All of it, a paragraph for each part: what it is, the service's own words, the next step."""
    parts = (title_text(problem), message_text(problem), hint_text(problem))
    return "\n\n".join(part for part in parts if part)
