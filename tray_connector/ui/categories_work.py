"""What the category editor has done in workers. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from tray_connector.config.categories_editing import (
    Opened,
    open_categories,
    read_content,
    save_categories,
)
from tray_connector.config.clock import Stop
from tray_connector.model.category_draft import Draft
from tray_connector.sync.report import RefreshReport
from tray_connector.sync.session import Session
from tray_connector.ui.category_matching import LabelUse, labels_of
from tray_connector.ui.host import Report

AIRTABLE_ROWS = 10
"""In one call."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that the editor begins with."""

    opened: Opened
    labels: tuple[LabelUse, ...]
    airtable: bool
    """Writing costs calls that are counted."""


def load(session: Session, _: Stop) -> Loaded:
    """The file and the labels in use."""
    airtable = session.settings.db_backend == "airtable"
    return Loaded(open_categories(session.categories), labels_in_use(session, _), airtable)


def labels_in_use(session: Session, _: Stop) -> tuple[LabelUse, ...]:
    """Those that stored records carry."""
    return labels_of(session.engine.ledger.labels_in_use())


def look(session: Session, _: Stop) -> bytes | None:
    """The file as it is now."""
    return read_content(session.categories.path)


def save(session: Session, draft: Draft, expected: bytes | None, *, replacing: bool) -> Opened:
    """Write the file and put it in force; with `replacing` whatever is there now."""
    if replacing:
        expected = read_content(session.categories.path)
    return save_categories(session.categories, draft, expected)


def apply(session: Session, stop: Stop, report: Report) -> RefreshReport:
    """Write the categories in force into all stored records."""
    return session.engine.apply_categories(stop, report)


def calls_at_most(records: int) -> int:
    """Calls of Airtable that writing so many records costs."""
    return ceil(records / AIRTABLE_ROWS)
