"""The names that the fixed columns have in each destination: none of them can be the name of a label category."""

from __future__ import annotations

import unicodedata

from tray_connector.model.records import COLUMNS, Table, Texts

AIRTABLE_COLUMNS: dict[Table, Texts] = {
    "tasks": (
        *("id", "name", "description", "status", "priority", "progress", "tagIds", "tags", "assigneeUserIds"),
        *("assignees", "attachments", "tasklistId", "parentTask", "startDate", "dueDate", "updatedAt", "updatedById"),
        *("updatedBy", "createdAt", "createdById", "createdBy", "dateUpdated", "estimateMinutes"),
        *("accumulatedEstimatedMinutes", "deletedAt", "projectId", "project", "tasklist", "completedAt", "deleted"),
        "url",
    ),
    "emails": (
        *("Email ID", "Thread ID", "Subject", "From", "From Name", "To", "To Names", "Cc", "Cc Names", "Bcc"),
        *("Bcc Names", "In Reply To", "Body Text", "Body HTML", "Sent At", "Received At", "Labels Text", "Draft"),
        *("Deleted", "Deleted At", "Source Links", "Attachments"),
    ),
}
"""The columns of an Airtable base, as the users of the older connector have them."""

POSTGRES_SYSTEM_COLUMNS: Texts = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""PostgreSQL documents that no column can be created under these names."""


def alike(name: str) -> str:
    """Equal for names that a person, or one of the destinations, takes for the same.

    Case, Unicode composition and white space at the ends do not count.
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded).strip()


def fixed_names() -> dict[str, str]:
    """`alike` form → spelling of every name that is taken in at least one destination."""
    names = [*POSTGRES_SYSTEM_COLUMNS, *(name for names in COLUMNS.values() for name in names)]
    names += [name for group in AIRTABLE_COLUMNS.values() for name in group]
    return {alike(name): name for name in reversed(names)}
