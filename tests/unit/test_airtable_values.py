"""Values into cells and back, for every type that a column may have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import days, emails, lists, tasks, texts, times
from tray_connector.destinations.airtable.columns import CHECKBOX, DATE, LINE, LONG, MOMENT, NUMBER, wanted_columns
from tray_connector.destinations.airtable.rows_in import stored_row
from tray_connector.destinations.airtable.rows_out import cells_of
from tray_connector.destinations.airtable.schema import BaseTable
from tray_connector.destinations.airtable.texts import LONGEST, NOTE, clean, fitted, one_line, units, was_cut
from tray_connector.destinations.airtable.values import from_cell, to_cell
from tray_connector.destinations.base import Write
from tray_connector.destinations.column_kinds import Kind
from tray_connector.model.records import Email, Stored, Task, table_of

BERLIN = ZoneInfo("Europe/Berlin")


def table_like(record: Stored) -> BaseTable:
    columns = wanted_columns(table_of(record), ("Kunden",))
    return BaseTable("tbl1", "Table", {column.name: column.type for column in columns})


def read_back(record: Stored, kunden: tuple[str, ...] = ()) -> Stored:
    cells = cells_of(Write(record, {"Kunden": kunden}), table_like(record), BERLIN)
    kept = {name: cell for name, cell in cells.items() if cell not in (None, "", []) and cell is not False}
    row = stored_row({"id": "rec1", "fields": kept}, table_of(record), ("Kunden",), BERLIN)
    assert row is not None
    return row.record


@given(st.text())
def test_no_text_keeps_control_characters_or_halves(text: str) -> None:
    cleaned = clean(text + "\x00\x07\x9f\ud800")
    assert not any(character < " " and character not in "\t\n\r" for character in cleaned)
    cleaned.encode()


@given(st.integers(LONGEST - 60, LONGEST + 60), st.sampled_from("aä😀"))
def test_a_long_text_ends_with_a_note_and_fits(length: int, character: str) -> None:
    text = character * length
    held = fitted(text)
    assert units(held) <= LONGEST
    assert was_cut(held) == (units(text) > LONGEST)
    assert held.removesuffix(NOTE) == text[: len(held.removesuffix(NOTE))]


def test_a_text_of_exactly_the_limit_is_left_alone() -> None:
    assert fitted("a" * LONGEST) == "a" * LONGEST
    assert fitted("😀" * (LONGEST // 2)) == "😀" * (LONGEST // 2)


def test_a_line_holds_no_line_break() -> None:
    assert one_line("Angebot \r\n  vom Montag\n") == "Angebot vom Montag "


@pytest.mark.parametrize(
    ("value", "kind", "cell_type", "cell"),
    [
        (None, Kind.TEXT, LINE, None),
        ("", Kind.TEXT, LONG, None),
        ((), Kind.LIST, LONG, None),
        (("a", "b"), Kind.LIST, LINE, "a, b"),
        (("", "Anna"), Kind.LIST, LONG, ", Anna"),
        (7, Kind.INTEGER, NUMBER, 7),
        (7, Kind.INTEGER, LONG, "7"),
        (False, Kind.BOOLEAN, CHECKBOX, False),
        (True, Kind.BOOLEAN, LINE, "true"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), Kind.TIME, MOMENT, "2026-07-01T22:30:00.000Z"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), Kind.TIME, DATE, "2026-07-02"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), Kind.TIME, LINE, "2026-07-02T00:30:00+02:00"),
        (date(2026, 7, 2), Kind.DATE, MOMENT, "2026-07-01T22:00:00.000Z"),
        (date(2026, 1, 2), Kind.DATE, MOMENT, "2026-01-01T23:00:00.000Z"),
        (date(2026, 7, 2), Kind.DATE, DATE, "2026-07-02"),
        (date(2026, 7, 2), Kind.DATE, LONG, "2026-07-02"),
        (date(1, 1, 1), Kind.DATE, MOMENT, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_each_kind_takes_the_form_of_its_column(value: Any, kind: Kind, cell_type: str, cell: Any) -> None:
    assert to_cell(value, kind, cell_type, BERLIN) == cell


@given(times, st.sampled_from([MOMENT, LINE, LONG]))
def test_a_time_comes_back_whatever_the_column(moment: datetime | None, cell_type: str) -> None:
    assert from_cell(to_cell(moment, Kind.TIME, cell_type, BERLIN), Kind.TIME, BERLIN) == moment


@given(days, st.sampled_from([MOMENT, DATE, LINE, LONG]))
def test_a_day_comes_back_whatever_the_column(day: date | None, cell_type: str) -> None:
    assert from_cell(to_cell(day, Kind.DATE, cell_type, BERLIN), Kind.DATE, BERLIN) == day


def test_midnight_that_the_clocks_skip_stays_on_its_day() -> None:
    zone = ZoneInfo("Asia/Beirut")
    day = date(2026, 3, 29)
    assert from_cell(to_cell(day, Kind.DATE, MOMENT, zone), Kind.DATE, zone) == day


@pytest.mark.parametrize("kind", [Kind.TIME, Kind.DATE, Kind.INTEGER])
@pytest.mark.parametrize("cell", ["morgen", "", None, [], True])
def test_what_a_person_typed_wrongly_counts_as_empty(kind: Kind, cell: Any) -> None:
    assert from_cell(cell, kind, BERLIN) is None


@given(tasks)
def test_a_task_comes_back_as_it_can_be_held(task: Task) -> None:
    once = read_back(task)
    assert read_back(once) == once
    assert isinstance(once, Task)
    assert (once.task_id, once.progress, once.start_date, once.due_date) == (
        task.task_id,
        task.progress,
        task.start_date,
        task.due_date,
    )
    assert (once.updated_at, once.deleted, once.deleted_at) == (task.updated_at, task.deleted, task.deleted_at)


@given(emails)
def test_an_email_comes_back_as_it_can_be_held(email: Email) -> None:
    once = read_back(email)
    assert read_back(once) == once
    assert isinstance(once, Email)
    assert len(once.to_names) == len(once.to_addresses)


@given(lists)
def test_lists_without_commas_come_back(names: tuple[str, ...]) -> None:
    plain = tuple(clean(name).replace(",", "").strip() or "x" for name in names)
    assert from_cell(to_cell(plain, Kind.LIST, LONG, BERLIN), Kind.LIST, BERLIN) == plain


@given(texts)
def test_a_partial_write_names_its_columns_and_the_key_only(name: str | None) -> None:
    task = Task(task_id="26", name=name, status="new")
    cells = cells_of(Write(task, {}, columns=("name", "updated_at")), table_like(task), BERLIN)
    assert set(cells) == {"id", "name", "updatedAt", "dateUpdated"}


def test_a_row_of_the_users_own_is_none_of_ours() -> None:
    assert stored_row({"id": "rec1", "fields": {"Subject": "Notiz"}}, "emails", (), BERLIN) is None


def test_cut_bodies_and_split_lists_are_told() -> None:
    email = Email(email_id="m1", conversation_id="c1", body_html="x" * (LONGEST + 1), labels=("Müller, Anna",))
    cells = cells_of(Write(email), table_like(email), BERLIN)
    row = stored_row({"id": "rec1", "fields": cells}, "emails", (), BERLIN)
    assert row is not None
    assert row.cut == {"body_html"}
    assert row.split
    assert row.record.labels == ("Müller", "Anna") if isinstance(row.record, Email) else False
