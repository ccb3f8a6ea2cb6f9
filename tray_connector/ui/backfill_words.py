"""What a backfill will cost and what it did, in words."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QCoreApplication

from tray_connector.sync.estimate import Estimate
from tray_connector.sync.report import Report
from tray_connector.ui.texts import duration_text, number

translate = QCoreApplication.translate


def estimate_text(found: Estimate) -> str:
    """Records, requests, time; one line each."""
    if found.is_first:
        return translate(
            "Backfill", "Nothing is stored yet, so nobody knows how much there is. The progress shows it as it goes."
        )
    records = []
    if found.teamwork:
        records.append(translate("Backfill", "%n task(s)", None, found.tasks))
    if found.missive:
        records.append(translate("Backfill", "%n conversation(s)", None, found.conversations))
    requests = []
    if found.teamwork:
        requests.append(f"Teamwork {number(found.teamwork)}")
    if found.missive:
        requests.append(f"Missive {number(found.missive)}")
    if found.airtable:
        requests.append(f"Airtable {number(found.airtable)}")
    lines = [
        translate("Backfill", "Known so far: {records}.").format(records=", ".join(records)),
        translate("Backfill", "Calls, at least: {calls}.").format(calls=", ".join(requests)),
        translate("Backfill", "Time: {time}.").format(time=duration_text(timedelta(seconds=found.seconds))),
    ]
    return "\n".join(lines)


def outcome_text(report: Report) -> str:
    """What was done, a line for each source."""
    lines = []
    for lane in report.lanes:
        done = lane.dispatched
        parts = [
            translate("Backfill", "{count} read").format(count=number(lane.read)),
            translate("Backfill", "{count} written").format(count=number(done.written)),
            translate("Backfill", "{count} unchanged").format(count=number(lane.unchanged)),
        ]
        if done.flagged:
            parts.append(translate("Backfill", "{count} flagged as deleted").format(count=number(done.flagged)))
        if done.failed:
            parts.append(translate("Backfill", "{count} failed").format(count=number(done.failed)))
        lines.append(f"{lane.source.capitalize()}: {', '.join(parts)}")
    if report.waiting:
        lines.append(translate("Backfill", "%n record(s) still wait to be stored.", None, report.waiting))
    return "\n".join(lines)
