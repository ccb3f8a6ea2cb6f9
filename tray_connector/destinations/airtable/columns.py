"""The columns of both tables in a base, as users of the older connector have them, and the types they may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.destinations.column_kinds import KINDS, Kind
from tray_connector.model.records import LARGE_FIELDS, Table

LINE, LONG = "singleLineText", "multilineText"
NUMBER, CHECKBOX, DATE, MOMENT, FILES = "number", "checkbox", "date", "dateTime", "multipleAttachments"
TEXTS = (LINE, LONG)

_NAMES: Mapping[Table, Mapping[str, str]] = MappingProxyType(
    {
        "tasks": {
            "id": "task_id",
            "name": "name",
            "description": "description",
            "status": "status",
            "priority": "priority",
            "progress": "progress",
            "tagIds": "tag_ids",
            "tags": "tags",
            "assigneeUserIds": "assignee_user_ids",
            "assignees": "assignees",
            "attachments": "attachment_ids",
            "tasklistId": "tasklist_id",
            "parentTask": "parent_task_id",
            "startDate": "start_date",
            "dueDate": "due_date",
            "updatedAt": "updated_at",
            "updatedById": "updated_by_id",
            "updatedBy": "updated_by",
            "createdAt": "created_at",
            "createdById": "created_by_id",
            "createdBy": "created_by",
            "dateUpdated": "updated_at",
            "estimateMinutes": "estimate_minutes",
            "accumulatedEstimatedMinutes": "accumulated_estimated_minutes",
            "deletedAt": "deleted_at",
            "projectId": "project_id",
            "project": "project_name",
            "tasklist": "tasklist_name",
            "completedAt": "completed_at",
            "deleted": "deleted",
            "url": "url",
        },
        "emails": {
            "Email ID": "email_id",
            "Thread ID": "conversation_id",
            "Subject": "subject",
            "From": "from_address",
            "From Name": "from_name",
            "To": "to_addresses",
            "To Names": "to_names",
            "Cc": "cc_addresses",
            "Cc Names": "cc_names",
            "Bcc": "bcc_addresses",
            "Bcc Names": "bcc_names",
            "In Reply To": "in_reply_to",
            "Body Text": "body_text",
            "Body HTML": "body_html",
            "Sent At": "sent_at",
            "Received At": "received_at",
            "Labels Text": "labels",
            "Draft": "draft",
            "Deleted": "deleted",
            "Deleted At": "deleted_at",
            "Source Links": "url",
        },
    }
)
ATTACHMENTS = "Attachments"
"""The column of e-mails that holds their files."""
_LONG_NAMES = frozenset({"In Reply To", "Source Links"})
_KIND_TYPES = MappingProxyType(
    {
        Kind.TEXT: LINE,
        Kind.LIST: LONG,
        Kind.INTEGER: NUMBER,
        Kind.BOOLEAN: CHECKBOX,
        Kind.TIME: MOMENT,
        Kind.DATE: MOMENT,
    }
)
_ACCEPTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        LINE: TEXTS,
        LONG: TEXTS,
        NUMBER: (NUMBER, *TEXTS),
        CHECKBOX: (CHECKBOX, *TEXTS),
        MOMENT: (MOMENT, DATE, *TEXTS),
        FILES: (FILES,),
    }
)
SHOWN: Mapping[str, str] = MappingProxyType(
    {
        LINE: "Single line text",
        LONG: "Long text",
        "richText": "Long text with rich text formatting",
        NUMBER: "Number",
        CHECKBOX: "Checkbox",
        DATE: "Date",
        MOMENT: "Date with time",
        FILES: "Attachment",
        "singleSelect": "Single select",
        "multipleSelects": "Multiple select",
        "formula": "Formula",
        "email": "Email",
        "url": "URL",
        "multipleRecordLinks": "Link to another record",
    }
)
"""A type as Airtable's own screens call it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that we write."""

    name: str
    attribute: str
    """The field of the record."""
    kind: Kind
    type: str
    """The type with which it is made."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The types that an existing column of this name may have."""
        return _ACCEPTED[self.type]

    def definition(self, zone: ZoneInfo) -> dict[str, Any]:
        """What Airtable is told to make it."""
        field: dict[str, Any] = {"name": self.name, "type": self.type}
        options = _options(self.type, zone)
        if options is not None:
            field["options"] = options
        return field

    def wanted(self, zone: ZoneInfo) -> str:
        """The type in the words of Airtable's screens, with its settings."""
        detail = {
            NUMBER: " (integer)",
            MOMENT: f" (ISO, 24 hours, time zone {zone.key})",
        }
        return SHOWN[self.type] + detail.get(self.type, "")


def _options(kind: str, zone: ZoneInfo) -> dict[str, Any] | None:
    match kind:
        case "number":
            return {"precision": 0}
        case "checkbox":
            # Airtable documents that other icons and colours are not for every plan.
            return {"icon": "check", "color": "greenBright"}
        case "dateTime":
            # Airtable takes "utc" or an IANA name; "UTC" was reported as refused.
            name = "utc" if zone.key in ("UTC", "Etc/UTC") else zone.key
            return {"timeZone": name, "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}
        case _:
            return None


def _column(table: Table, name: str, attribute: str) -> Column:
    kind = KINDS[table].get(attribute, Kind.LIST)
    long = attribute in LARGE_FIELDS or name in _LONG_NAMES
    return Column(name, attribute, kind, LONG if long else _KIND_TYPES[kind])


FIXED: Mapping[Table, tuple[Column, ...]] = MappingProxyType(
    {
        table: tuple(_column(table, name, attribute) for name, attribute in names.items())
        for table, names in _NAMES.items()
    }
)
"""Per table its columns; the first is the one by which rows are found."""
KEY: Mapping[Table, str] = MappingProxyType({table: columns[0].name for table, columns in FIXED.items()})
FILES_COLUMN = Column(ATTACHMENTS, "attachments", Kind.LIST, FILES)


def category_column(name: str) -> Column:
    """The column of a label category."""
    return Column(name, "", Kind.LIST, LONG)


def wanted_columns(table: Table, categories: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Every column that the table shall have."""
    files = (FILES_COLUMN,) if table == "emails" else ()
    return (*FIXED[table], *files, *(category_column(name) for name in categories))
