"""What the data window says of records: columns, captions and values, in the user's language, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QDate, QLocale

from tray_connector.destinations.base import FileRow, StoredRow
from tray_connector.destinations.browse import Whole
from tray_connector.model.records import Email, Stored, Table, Task, Texts
from tray_connector.ui.texts import SHORT, date_text, number, time_text, translate

CELL = 200
"""Characters of a cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list."""

    field: str
    """The column of the database, by which rows are put in order."""
    title: str
    width: int
    """In characters; 0: takes what is left."""
    newest_first: bool = False
    """Which order is wanted first."""


def columns_of(table: Table) -> Sequence[Column]:
    """Those that are shown, from the left."""
    if table == "tasks":
        return (
            Column("name", translate("Data", "Task"), 0),
            Column("project_name", translate("Data", "Project"), 18),
            Column("assignees", translate("Data", "Assigned to"), 15),
            Column("status", translate("Data", "Status"), 11),
            Column("due_date", translate("Data", "Due"), 10),
            Column("updated_at", translate("Data", "Changed"), 17, newest_first=True),
        )
    return (
        Column("subject", translate("Data", "Subject"), 0),
        Column("from_name", translate("Data", "From"), 18),
        Column("labels", translate("Data", "Labels"), 20),
        Column("received_at", translate("Data", "Received"), 17, newest_first=True),
    )


def cell(row: StoredRow, field: str, zone: ZoneInfo) -> str:
    """A value on one line."""
    record = row.record
    if field == "from_name" and isinstance(record, Email):
        value: object = record.from_name or record.from_address
    else:
        value = getattr(record, field)
    if field == "status":
        return status_word(record)
    return " ".join(value_text(value, zone).split())[:CELL]


def value_text(value: object, zone: ZoneInfo) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{date_text(value, zone)} {time_text(value, zone)}"
        case date():
            return QLocale().toString(QDate(value.year, value.month, value.day), SHORT)
        case int():
            return number(value)
        case tuple():
            return ", ".join(part for part in value if part)
    return str(value)


def title_of(record: Stored) -> str:
    """Name or subject."""
    if isinstance(record, Task):
        return " ".join((record.name or "").split()) or translate("Data", "(no name)")
    return " ".join((record.subject or "").split()) or translate("Data", "(no subject)")


def status_word(record: Stored) -> str:
    """Where a task stands; Teamwork's own word where it is none of the usual ones."""
    if not isinstance(record, Task):
        return ""
    words = {
        "new": translate("Data", "open"),
        "reopened": translate("Data", "reopened"),
        "completed": translate("Data", "completed"),
        "deleted": translate("Data", "deleted"),
    }
    return words.get(record.status or "", record.status or "")


def facts_of(whole: Whole, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Captions and values of everything that is filled; the large text comes apart."""
    record = whole.row.record
    facts = _of_task(record, zone) if isinstance(record, Task) else _of_email(record, whole.files, zone)
    yield from facts[:-1]
    for name, labels in whole.row.categories.items():
        yield name, value_text(labels, zone)
    yield translate("Data", "Deleted"), _deleted(record, zone)
    yield facts[-1]


def _of_task(task: Task, zone: ZoneInfo) -> list[tuple[str, str]]:
    percent = f"{number(task.progress)} %" if task.progress else ""
    return [
        (translate("Data", "Project"), task.project_name or ""),
        (translate("Data", "Task list"), task.tasklist_name or ""),
        (translate("Data", "Status"), ", ".join(part for part in (status_word(task), percent) if part)),
        (translate("Data", "Priority"), _priority(task.priority or "")),
        (translate("Data", "Assigned to"), value_text(task.assignees, zone)),
        (translate("Data", "Start"), value_text(task.start_date, zone)),
        (translate("Data", "Due"), value_text(task.due_date, zone)),
        (translate("Data", "Created"), _by(task.created_at, task.created_by, zone)),
        (translate("Data", "Changed"), _by(task.updated_at, task.updated_by, zone)),
        (translate("Data", "Completed"), value_text(task.completed_at, zone)),
        (translate("Data", "Tags"), value_text(task.tags, zone)),
        (translate("Data", "Id"), task.task_id),
    ]


def _priority(word: str) -> str:
    words = {
        "low": translate("Data", "low"),
        "medium": translate("Data", "medium"),
        "high": translate("Data", "high"),
    }
    return words.get(word, word)


def _of_email(email: Email, files: Sequence[FileRow], zone: ZoneInfo) -> list[tuple[str, str]]:
    return [
        (translate("Data", "From"), _person(email.from_name or "", email.from_address or "")),
        (translate("Data", "To"), _people(email.to_names, email.to_addresses)),
        (translate("Data", "Cc"), _people(email.cc_names, email.cc_addresses)),
        (translate("Data", "Bcc"), _people(email.bcc_names, email.bcc_addresses)),
        (translate("Data", "Received"), value_text(email.received_at, zone)),
        (translate("Data", "Attachments"), ", ".join(_file(file) for file in files if not file.attachment.inline)),
        (translate("Data", "Labels"), value_text(email.labels, zone)),
        (translate("Data", "Id"), email.email_id),
    ]


def _by(moment: datetime | None, person: str | None, zone: ZoneInfo) -> str:
    if moment is None or not person:
        return value_text(moment, zone)
    return translate("Data", "{time} by {person}").format(time=value_text(moment, zone), person=person)


def _deleted(record: Stored, zone: ZoneInfo) -> str:
    if not record.deleted:
        return ""
    return value_text(record.deleted_at, zone) or translate("Data", "yes")


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address else name or address


def _people(names: Texts, addresses: Texts) -> str:
    padded = (*names, *([""] * len(addresses)))
    return ", ".join(_person(name, address) for name, address in zip(padded, addresses, strict=False))


def _file(file: FileRow) -> str:
    states = {
        "stored": "",
        "too_large": translate("Data", "too large to be stored"),
        "failed": translate("Data", "not stored, see the log"),
        "waiting": translate("Data", "not stored yet"),
    }
    size = file.attachment.byte_size
    told = [QLocale().formattedDataSize(size, 1) if size is not None else "", states[file.state]]
    note = ", ".join(part for part in told if part)
    name = " ".join((file.attachment.filename or translate("Data", "(no name)")).split())
    return f"{name} ({note})" if note else name


def large_text(record: Stored) -> str:
    """Description or body."""
    return (record.description if isinstance(record, Task) else record.body_text) or ""


def source_of(table: Table) -> str:
    """Where a record is opened; names that are not translated."""
    return "Teamwork" if table == "tasks" else "Missive"


def count_text(table: Table, count: int) -> str:
    """``1,204 tasks``."""
    if table == "tasks":
        return translate("Data", "%Ln task(s)", None, count)
    return translate("Data", "%Ln e-mail(s)", None, count)
