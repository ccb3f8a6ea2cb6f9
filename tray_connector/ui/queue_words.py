"""What the queue view says about events, in the user's language; every result is plain text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QCoreApplication

from tray_connector.model.status import QueueState
from tray_connector.ui.queue_model import next_try_text
from tray_connector.ui.queue_rows import QueueRow
from tray_connector.ui.status_words import kind_word, source_name
from tray_connector.ui.texts import hint_text, message_text, moment_text, problem_text, title_text

translate = QCoreApplication.translate


def queue_summary(queue: QueueState) -> str:
    """``3 records are waiting. 2 failed and are tried again.``"""
    total = queue.waiting + queue.retrying
    if not total:
        return translate("Queue", "Nothing is waiting.")
    words = [translate("Queue", "%n record(s) waiting", None, total)]
    if queue.retrying:
        words.append(translate("Queue", "%n of them failed before", None, queue.retrying))
    return ", ".join(words)


def short_explanation(row: QueueRow) -> str:
    """Below the table: what, the reason in our words and in the service's, the next step."""
    what = f"{' '.join((row.title or row.id).split())} ({source_name(row.source)}, {kind_word(row.source)} {row.id})"
    if row.problem is None:
        return "\n".join((what, translate("Queue", "Not tried yet.")))
    reason = ". ".join(text.rstrip(".") for text in (title_text(row.problem), message_text(row.problem)) if text) + "."
    return "\n".join(text for text in (what, reason, hint_text(row.problem)) if text)


def copied(row: QueueRow, now: datetime, zone: ZoneInfo) -> str:
    """Everything about an event, for the clipboard."""
    lines = [
        row.title or row.id,
        f"{source_name(row.source)}, {kind_word(row.source)} {row.id}",
        translate("Queue", "Waiting since {time}").format(time=moment_text(row.since, now, zone)),
    ]
    if row.attempts:
        lines.append(translate("Queue", "%n attempt(s)", None, row.attempts))
        lines.append(translate("Queue", "Next try: {time}").format(time=next_try_text(row, now)))
    if row.problem is not None:
        lines.append(f"[{row.problem.code}] {problem_text(row.problem)}")
    if row.url:
        lines.append(row.url)
    return "\n".join(lines)


def removals_question(held: Mapping[str, int]) -> tuple[str, str]:
    """(the question, what it means) before records that vanished at once are flagged as deleted; counts per source."""
    question = translate("Queue", "Flag %n record(s) as deleted?", None, sum(held.values()))
    parts = []
    if held.get("teamwork"):
        parts.append(translate("Queue", "%n task(s) in Teamwork", None, held["teamwork"]))
    if held.get("missive"):
        parts.append(translate("Queue", "%n conversation(s) in Missive", None, held["missive"]))
    meaning = translate(
        "Queue",
        "They can no longer be found there. Their rows stay in your database, marked as deleted; "
        "whatever comes back is marked as present again. If you did not expect this, look there first.",
    )
    return question, ", ".join(parts) + "\n\n" + meaning


def discard_question(count: int, source: str | None) -> tuple[str, str]:
    """(the question, what stays) before `count` events are discarded, all of one `source` or None."""
    question = translate("Queue", "Discard %n event(s)?", None, count)
    if count == 1 and source == "teamwork":
        return question, translate("Queue", "The task stays in Teamwork and comes again when it changes.")
    if count == 1:
        return question, translate("Queue", "The e-mails stay in Missive and come again when something changes.")
    return question, translate(
        "Queue", "What they stand for stays in Teamwork and Missive, and comes again when it changes there."
    )
