"""Looking into what is stored: every question over both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.browsing import browsing, keys
from tests.support.processes import wait_until
from tests.support.settings import load
from tests.support.sql_places import BOTH, Place, PostgresPlace, SqlitePlace, write
from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import FileRow, Write
from tray_connector.destinations.browse import PAGE, Question, airtable_address, browser_of
from tray_connector.destinations.browse_query import fold
from tray_connector.model.errors import ConnectorError, InternalError
from tray_connector.model.records import Attachment, Email, Task, Texts

NOON = datetime(2026, 9, 2, 12, 0, tzinfo=UTC)
TASKS = (
    Task(task_id="1", name="Angebot Dachsanierung", updated_at=NOON, description="Ziegel bestellen", tags=("R_101",)),
    Task(task_id="2", name="BÄCKEREI: Umbau", updated_at=NOON + timedelta(hours=1), due_date=date(2026, 10, 1)),
    Task(task_id="3", name="aufmaß", updated_at=None, tags=("R_101", "R_102"), project_name="100 % Bäder_neu"),
    Task(task_id="4", name="Altes", updated_at=NOON, deleted=True, deleted_at=NOON),
)
ROOMS: tuple[Texts, ...] = (("R_101",), (), ("R_101", "R_102"), ())
EMAIL = Email(
    email_id="m1",
    conversation_id="c1",
    subject="AW: <b>Rechnung</b>",
    from_name="Özdemir",
    from_address="ay@example.com",
    to_names=("", "Büro"),
    body_text="Guten Tag",
    body_html="<p>Guten Tag</p>",
    received_at=NOON,
    labels=("R_101",),
)


@pytest.fixture
def filled(place: Place) -> Place:
    with place.opened(["Räume"]) as destination:
        write(destination, *(Write(task, {"Räume": rooms}) for task, rooms in zip(TASKS, ROOMS, strict=True)))
        write(destination, Write(EMAIL, {"Räume": ("R_101",)}))
        plan = Attachment(attachment_id="a1", filename="Plan.pdf", content_type="application/pdf", byte_size=5)
        destination.note_files([FileRow(plan, "m1", "stored", "ab", "ab/abc.pdf")], Stop())
    return place


@BOTH
def test_the_newest_come_first_and_those_without_a_value_last(filled: Place) -> None:
    with browsing(filled) as browser:
        assert keys(browser, Question("tasks")) == ["2", "1", "3"]
        assert keys(browser, Question("tasks", descending=False)) == ["1", "2", "3"]
        assert keys(browser, Question("tasks", deleted=True)) == ["2", "1", "4", "3"]


@BOTH
def test_texts_are_sorted_without_regard_to_case(filled: Place) -> None:
    with browsing(filled) as browser:
        assert keys(browser, Question("tasks", sort="name", descending=False)) == ["1", "3", "2"]
        assert keys(browser, Question("tasks", sort="due_date", descending=False)) == ["2", "1", "3"]
        assert keys(browser, Question("tasks", sort="tags", descending=False)) == ["1", "3", "2"]


@BOTH
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bäckerei", ["2"]),
        ("BACKEREI umbau", ["2"]),
        ("backerei dach", []),
        ("aufmaß", ["3"]),
        ("ziegel", []),
        ("100 %", ["3"]),
        ("bäder_", ["3"]),
        ("dach_", []),
        ("r_102", ["3"]),
        ("ba\u0308cker", ["2"]),
        ("'; --", []),
    ],
)
def test_every_word_is_found_anywhere_in_the_row(filled: Place, words: str, found: list[str]) -> None:
    with browsing(filled) as browser:
        assert keys(browser, Question("tasks", search=words)) == found


@BOTH
def test_descriptions_and_bodies_are_searched_when_asked(filled: Place) -> None:
    with browsing(filled) as browser:
        assert keys(browser, Question("tasks", search="ziegel", in_texts=True)) == ["1"]
        assert keys(browser, Question("emails", search="guten", in_texts=True)) == ["m1"]
        assert keys(browser, Question("emails", search="ozdemir")) == ["m1"]
        assert keys(browser, Question("emails", search="buro")) == ["m1"]


@BOTH
def test_a_category_and_one_of_its_labels_filter(filled: Place) -> None:
    with browsing(filled) as browser:
        assert browser.categories(Stop()) == ("Räume",)
        assert keys(browser, Question("tasks", category="Räume")) == ["1", "3"]
        assert keys(browser, Question("tasks", category="Räume", label="R_102")) == ["3"]
        assert keys(browser, Question("tasks", category="Räume", label="R_10")) == []
        assert keys(browser, Question("tasks", uncategorised=True)) == ["2"]
        with pytest.raises(InternalError):
            browser.page(Question("tasks", category="Gebäude"), None, Stop())


@BOTH
def test_a_page_leaves_large_texts_out_and_the_whole_record_has_them(filled: Place) -> None:
    with browsing(filled) as browser:
        (row,) = browser.page(Question("emails"), None, Stop()).rows
        assert row.record == replace(EMAIL, body_text=None, body_html=None)
        assert row.categories == {"Räume": ("R_101",)}
        whole = browser.whole("emails", "m1", Stop())
        assert whole is not None
        assert whole.row.record == EMAIL
        assert [(file.attachment.filename, file.state, file.path) for file in whole.files] == [
            ("Plan.pdf", "stored", "ab/abc.pdf")
        ]
        assert browser.whole("tasks", "999", Stop()) is None


@BOTH
def test_all_rows_come_whole_and_in_order_as_they_were_when_the_first_was_read(place: Place) -> None:
    tasks = [Task(task_id=f"{number:03}", name="A", description=f"Text {number}") for number in range(PAGE + 1)]
    with place.opened(["Räume"]) as destination, browsing(place) as browser:
        write(destination, *(Write(task, {"Räume": ("R_1",)}) for task in tasks))
        write(destination, Write(Task(task_id="x", name="other")))
        reading = browser.rows(Question("tasks", search="a", sort="name", descending=False), Stop())
        rows = list(next(reading))
        write(destination, Write(replace(tasks[-1], description="changed meanwhile", name="other")))
        rows += next(reading)
        assert list(reading) == []
        assert [row.record for row in rows] == tasks
        assert rows[0].categories == {"Räume": ("R_1",)}
        assert keys(browser, Question("tasks", search="other")) == ["100", "x"]


@BOTH
@pytest.mark.parametrize("sort", [None, "name", "progress"])
def test_pages_hold_every_row_once(place: Place, sort: str | None) -> None:
    count = 2 * PAGE + 5
    moments = [None if number % 3 == 0 else NOON + timedelta(seconds=number % 7) for number in range(count)]
    tasks = [
        Task(task_id=f"{number}", updated_at=moment, name=f"N{number % 5}", progress=number % 4 or None)
        for number, moment in enumerate(moments)
    ]
    with place.opened() as destination:
        write(destination, *(Write(task) for task in tasks))
    with browsing(place) as browser:
        for descending in (True, False):
            found = keys(browser, Question("tasks", sort=sort, descending=descending))
            assert len(found) == count
            assert set(found) == {task.task_id for task in tasks}


@BOTH
def test_before_the_first_sync_there_is_nothing(place: Place) -> None:
    with browsing(place) as browser, pytest.raises(ConnectorError) as caught:
        browser.page(Question("tasks"), None, Stop())
    assert caught.value.problem.code == "data-none-yet"
    if isinstance(place, SqlitePlace):
        assert not place.path.exists()


@BOTH
def test_rows_are_read_while_the_writer_writes(filled: Place) -> None:
    with filled.opened(["Räume"]) as destination, browsing(filled) as browser:
        write(destination, Write(Task(task_id="5", updated_at=NOON + timedelta(days=1)), {"Räume": ()}))
        assert keys(browser, Question("tasks"))[0] == "5"
        write(destination, Write(Task(task_id="6", updated_at=NOON + timedelta(days=2)), {"Räume": ()}))
        assert keys(browser, Question("tasks"))[0] == "6"


@BOTH
def test_a_stopped_question_ends(filled: Place) -> None:
    stop = Stop()
    stop.set()
    with browsing(filled) as browser, pytest.raises(Stopped):
        browser.page(Question("tasks"), None, stop)


def test_a_long_search_ends_at_once_when_stopped(filled_file: Path) -> None:
    with browsing(SqlitePlace(filled_file)) as browser:
        stop, ended = Stop(), threading.Event()

        def search() -> None:
            try:
                while True:
                    browser.count(Question("tasks", search="nothing at all"), stop)
            except Stopped:
                ended.set()

        thread = threading.Thread(target=search)
        thread.start()
        stop.set()
        wait_until(ended.is_set, 1, "the search ends")
        thread.join()


@pytest.fixture
def filled_file(tmp_path: Path) -> Path:
    place = SqlitePlace(tmp_path / "many.db")
    with place.opened() as destination:
        write(destination, *(Write(Task(task_id=str(number), name=f"Aufgabe {number}")) for number in range(3000)))
    return place.path


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_lost_connection_is_made_again(filled: PostgresPlace) -> None:
    with browsing(filled) as browser:
        assert browser.count(Question("tasks"), Stop()) == 3
        filled.database.cut_connections("tray-connector")
        with pytest.raises(ConnectorError):
            browser.count(Question("tasks"), Stop())
        assert browser.count(Question("tasks"), Stop()) == 3


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_role_that_may_only_read_can_look(filled: PostgresPlace) -> None:
    dsn = filled.database.create_role("reader", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    settings = load(Path("home").absolute(), {"DB_BACKEND": "postgres", "PG_DSN": dsn})
    browser = browser_of(settings)
    assert browser is not None
    assert browser.count(Question("tasks"), Stop()) == 3
    browser.close()
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM tasks")


def test_airtable_has_a_window_of_its_own(tmp_path: Path) -> None:
    environ = {"DB_BACKEND": "airtable", "AIRTABLE_API_KEY": "pat.x", "AIRTABLE_BASE_ID": "appAbcdefghijklmn"}
    settings = load(tmp_path, environ)
    assert browser_of(settings) is None
    assert airtable_address(settings) == "https://airtable.com/appAbcdefghijklmn"
    assert airtable_address(load(tmp_path)) is None


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text.lower())


@given(st.text(alphabet="aäÄöéßçñ ") | st.text())
def test_a_text_is_found_by_itself_in_any_case(text: str) -> None:
    assert fold(text) in fold(f"x {text} y")
    assert fold("GRÜSSE aus KÖLN") == "grusse aus koln"
