"""Browsers over what the tests of SQL destinations write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.sql_places import Place, PostgresPlace, SqlitePlace
from tray_connector.config.clock import Stop
from tray_connector.destinations.browse import Browser, Question
from tray_connector.destinations.browse_postgres import PostgresBrowser
from tray_connector.destinations.browse_sqlite import SqliteBrowser
from tray_connector.model.records import key_of


@contextmanager
def browsing(place: Place) -> Iterator[Browser]:
    """A browser that looks into the place."""
    if isinstance(place, SqlitePlace):
        browser: Browser = SqliteBrowser(place.path)
    else:
        assert isinstance(place, PostgresPlace)
        browser = PostgresBrowser(place.database.dsn(), "public")
    try:
        yield browser
    finally:
        browser.close()


def keys(browser: Browser, question: Question) -> list[str]:
    """All rows that answer, page by page; as many as `count` says."""
    found: list[str] = []
    page = browser.page(question, None, Stop())
    found += [key_of(row.record) for row in page.rows]
    while page.next is not None:
        page = browser.page(question, page.next, Stop())
        found += [key_of(row.record) for row in page.rows]
    assert browser.count(question, Stop()) == len(found)
    return found
