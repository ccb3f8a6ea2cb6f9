"""Words for sources and records, in the user's language; every result is plain text."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from tray_connector.config.settings import Backend

translate = QCoreApplication.translate


def source_name(source: str) -> str:
    """The service as its makers write it; these names are the same in every language."""
    return {"teamwork": "Teamwork", "missive": "Missive"}.get(source, source)


def backend_name(backend: Backend) -> str:
    """The destination as its makers write it."""
    return {"sqlite": "SQLite", "airtable": "Airtable", "postgres": "PostgreSQL"}[backend]


def kind_word(source: str) -> str:
    """What one record of the source is."""
    return translate("Status", "task") if source == "teamwork" else translate("Status", "e-mail")
