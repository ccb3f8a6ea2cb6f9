"""A base of the sandbox's Airtable and the destination that writes into it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.airtable.destination import AirtableDestination
from tray_connector.destinations.airtable.plans import PlanName
from tray_connector.destinations.base import Outcome, Write, Written
from tray_connector.model.records import Email, Stored, Table, Task
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.faults import When

BERLIN = ZoneInfo("Europe/Berlin")
STOP = Stop()
"""Never set."""
LINES = ("Email ID", "Thread ID", "Subject", "From", "From Name")
LONGS = ("To", "To Names", "Cc", "Cc Names", "Bcc", "Bcc Names", "In Reply To", "Body Text", "Body HTML")
OLD_MOMENT = {
    "timeZone": "Europe/Berlin",
    "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
}
GREEN, YELLOW = ({"icon": "check", "color": color} for color in ("greenBright", "yellowBright"))


@contextmanager
def destination(
    site: AirtableSite,
    clock: Clock,
    *,
    opened: bool = True,
    scale: float = 1000.0,
    plan: PlanName = "team",
    zone: ZoneInfo = BERLIN,
    **settings: Any,
) -> Iterator[AirtableDestination]:
    """A destination on the site's base; its limits are far away unless `scale` says otherwise."""
    made = AirtableDestination(
        **{"token": site.token, "base_id": site.base_id, "endpoint_url": site.url} | settings,
        plan=plan,
        zone=zone,
        clock=clock,
        scale=scale,
    )
    try:
        if opened:
            made.open(STOP)
        yield made
    finally:
        made.close()


def old_emails(site: AirtableSite, rows: Sequence[dict[str, Any]] = ()) -> list[str]:
    """The table for e-mails as the older connector made it, with these rows; their record ids."""
    columns: list[dict[str, Any]] = [{"name": name, "type": "singleLineText"} for name in LINES]
    columns += [{"name": name, "type": "multilineText"} for name in LONGS]
    columns += [{"name": name, "type": "dateTime", "options": OLD_MOMENT} for name in ("Sent At", "Received At")]
    columns += [
        {"name": "Labels Text", "type": "multilineText"},
        {"name": "Draft", "type": "checkbox", "options": YELLOW},
        {"name": "Deleted", "type": "checkbox", "options": GREEN},
        {"name": "Deleted At", "type": "dateTime", "options": OLD_MOMENT},
        {"name": "Source Links", "type": "multilineText"},
        {"name": "Attachments", "type": "multipleAttachments", "options": {"isReversed": False}},
    ]
    site.add_table("Emails", columns)
    return site.add_records("Emails", rows)


def mail(key: str, **values: Any) -> Email:
    """An e-mail with nothing but what is given."""
    return Email(**{"email_id": key, "conversation_id": "c1", "subject": f"Betreff {key}"} | values)


def task(key: str, **values: Any) -> Task:
    """A task with nothing but what is given."""
    return Task(**{"task_id": key, "name": f"Aufgabe {key}"} | values)


def write(to: AirtableDestination, *records: Stored, **words: Any) -> list[Outcome]:
    """Write these records whole, unless `columns` are given."""
    return list(to.write([Write(record, **words) for record in records], STOP))


def written(outcomes: Sequence[Outcome]) -> list[str]:
    """The record ids of outcomes that are all `Written`."""
    ids = [outcome.record_id for outcome in outcomes if isinstance(outcome, Written) and outcome.record_id]
    assert len(ids) == len(outcomes), outcomes
    return ids


def by_key(site: AirtableSite, table: Table) -> dict[str, dict[str, Any]]:
    """The rows of one of our tables: key → fields. A key that comes twice fails."""
    name, key = {"tasks": ("Tasks", "id"), "emails": ("Emails", "Email ID")}[table]
    rows = [dict(row.fields) for row in site.table(name)]
    found = {row[key]: row for row in rows if key in row}
    assert len(found) == sum(key in row for row in rows), "a key comes twice"
    return found


def refuse(site: AirtableSite, word: str, kind: str, message: str) -> None:
    """Airtable refuses every call of which a record holds this word."""
    body = json.dumps({"error": {"type": kind, "message": message}}).encode()
    when = When(match=lambda request: request.method == "PATCH" and word.encode() in request.body, times=None)
    site.faults.status(422, when, body=body, headers={"Content-Type": "application/json"})
