"""What the data window has done in workers. Knows no widgets."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tray_connector.config.clock import Stop
from tray_connector.config.settings import Settings
from tray_connector.destinations.browse import Browser, Page, Position, Question, Whole, airtable_address, browser_of
from tray_connector.destinations.browse_query import fold
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import Table, Texts
from tray_connector.sync.session import Session


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the window begins with."""

    address: str | None = None
    """Where the records are looked at instead: Airtable's base."""
    labels: Mapping[str, Texts] = field(default_factory=dict)
    """Category → its labels in use; the categories that have their column."""


class Library:
    """Keeps one browser for as long as the destination stays the same. Its methods block: for workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._browser: Browser | None = None

    def load(self, session: Session, stop: Stop) -> Loaded:
        """Begin."""
        if session.settings.db_backend == "airtable":
            return Loaded(airtable_address(session.settings) or "")
        names = self._of(session).categories(stop)
        rules, found = session.categories.current, session.engine.ledger.labels_in_use()
        in_use = tuple(dict.fromkeys(label for counts in found.values() for label in counts))
        members = rules.assign(in_use)
        return Loaded(labels={name: tuple(sorted(members.get(name, ()), key=fold)) for name in names})

    def page(self, session: Session, stop: Stop, question: Question, after: Position | None) -> Page:
        """The next rows."""
        return self._of(session).page(question, after, stop)

    def count(self, session: Session, stop: Stop, question: Question) -> int:
        """All rows."""
        return self._of(session).count(question, stop)

    def whole(self, session: Session, stop: Stop, table: Table, key: str) -> Whole | None:
        """One record."""
        return self._of(session).whole(table, key, stop)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            browser, self._browser, self._settings = self._browser, None, None
        if browser is not None:
            browser.close()

    def _of(self, session: Session) -> Browser:
        with self._lock:
            if self._browser is not None and self._settings == session.settings:
                return self._browser
            outdated, self._browser = self._browser, sql_browser(session.settings)
            self._settings = session.settings
            made = self._browser
        if outdated is not None:
            outdated.close()
        return made


def sql_browser(settings: Settings) -> Browser:
    """ConfigError for Airtable: it is looked at in a browser of the other kind."""
    browser = browser_of(settings)
    if browser is None:
        raise ConfigError("data-elsewhere", "The records are in Airtable", "", "Open the base in your browser.")
    return browser
