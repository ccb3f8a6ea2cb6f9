"""Rows into a base: found by id or key, empty values clear, and one bad row stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.support.airtable_base import STOP, by_key, destination, mail, refuse, task, write, written
from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tray_connector.destinations.airtable.destination import AirtableDestination
from tray_connector.destinations.airtable.texts import NOTE
from tray_connector.destinations.base import RowMissing, Write, Written
from tray_connector.model.errors import ConfigError, InternalError, RecordError
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def site(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="team", rate_scale=1000) as running:
        yield running


@pytest.fixture
def made(site: AirtableSite, clock: FakeClock) -> Iterator[AirtableDestination]:
    with destination(site, clock) as opened:
        yield opened


def test_ten_rows_a_call_over_both_tables(site: AirtableSite, made: AirtableDestination) -> None:
    records = [task(str(number)) for number in range(25)]
    ids = written(write(made, *records, *(mail(f"m{number}") for number in range(11))))
    assert len(set(ids)) == 36
    assert site.calls["upsert"] == 5
    assert set(by_key(site, "tasks")) == {str(number) for number in range(25)}
    assert len(by_key(site, "emails")) == 11


def test_writing_again_updates_by_key_and_by_id(site: AirtableSite, made: AirtableDestination) -> None:
    (record_id,) = written(write(made, task("26")))
    assert written(write(made, task("26", name="Neu"))) == [record_id]
    assert written(write(made, task("26", name="Neuer"), record_id=record_id)) == [record_id]
    assert by_key(site, "tasks")["26"]["name"] == "Neuer"


def test_what_became_empty_is_cleared_and_a_users_column_is_not(site: AirtableSite, made: AirtableDestination) -> None:
    full = task("26", tags=("a",), progress=40, due_date=date(2026, 9, 4), deleted=True, completed_at=datetime.now(UTC))
    (record_id,) = written(write(made, full))
    site.add_column("Tasks", "Notiz", "singleLineText")
    site.change_record("Tasks", record_id, {"Notiz": "bleibt"})
    written(write(made, task("26", name=None)))
    assert by_key(site, "tasks")["26"] == {"id": "26", "Notiz": "bleibt"}


def test_dates_are_those_of_the_zone(site: AirtableSite, made: AirtableDestination) -> None:
    written(write(made, task("26", due_date=date(2026, 7, 2), updated_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))))
    row = by_key(site, "tasks")["26"]
    assert row["dueDate"] == "2026-07-01T22:00:00.000Z"
    assert row["updatedAt"] == row["dateUpdated"] == "2026-07-01T22:30:00.000Z"


@pytest.mark.parametrize("unit", ["utf-16", "characters"])
def test_long_texts_are_cut_with_a_note(site: AirtableSite, made: AirtableDestination, unit: str) -> None:
    site.switches = replace(site.switches, text_unit="utf-16" if unit == "utf-16" else "characters")
    email = mail("m1", body_text="😀" * 100_000, body_html="<p>" * 40_000, subject="x\n" * 60_000)
    written(write(made, email))
    row = by_key(site, "emails")["m1"]
    assert row["Body Text"].endswith(NOTE)
    assert row["Body HTML"].endswith(NOTE)
    assert len(row["Subject"]) <= 100_000


def test_control_characters_and_halves_are_dropped(site: AirtableSite, made: AirtableDestination) -> None:
    written(write(made, mail("m1", subject="An\x00gebot\x07 \ud83d", body_text="Zeile\n\tund\x1b mehr")))
    row = by_key(site, "emails")["m1"]
    assert (row["Subject"], row["Body Text"]) == ("Angebot \ufffd", "Zeile\n\tund mehr")


def test_a_subject_over_two_lines_is_one_line(site: AirtableSite, made: AirtableDestination) -> None:
    site.switches = AirtableSwitches(line_break_in_single_line="refused")
    written(write(made, mail("m1", subject="Angebot\r\n vom Montag")))
    assert by_key(site, "emails")["m1"]["Subject"] == "Angebot vom Montag"


def test_a_partial_write_touches_its_columns_only(site: AirtableSite, made: AirtableDestination) -> None:
    (record_id,) = written(write(made, mail("m1", labels=("a",), body_text="Text")))
    part = mail("m1", labels=("b",), body_text=None, subject=None)
    for known in (record_id, None):
        written(write(made, part, columns=("labels",), record_id=known))
    row = by_key(site, "emails")["m1"]
    assert (row["Labels Text"], row["Body Text"], row["Subject"]) == ("b", "Text", "Betreff m1")


def test_a_partial_write_of_a_deleted_row_says_so(site: AirtableSite, made: AirtableDestination) -> None:
    ids = written(write(made, *(mail(f"m{number}") for number in range(12))))
    site.remove_records("Emails", ids[:3])
    writes = [Write(mail(f"m{number}"), columns=("labels",), record_id=ids[number]) for number in range(12)]
    outcomes = made.write([*writes, Write(mail("m99"), columns=("labels",))], STOP)
    assert [isinstance(outcome, RowMissing) for outcome in outcomes] == [True] * 3 + [False] * 9 + [True]
    assert set(by_key(site, "emails")) == {f"m{number}" for number in range(3, 12)}


def test_a_whole_write_makes_a_deleted_row_anew(site: AirtableSite, made: AirtableDestination) -> None:
    ids = written(write(made, *(task(str(number)) for number in range(60))))
    site.remove_records("Tasks", ids[:50])
    before = site.calls
    writes = [Write(task(str(number)), record_id=ids[number]) for number in range(60)]
    again = written(made.write(writes, STOP))
    assert again[50:] == ids[50:]
    assert len(by_key(site, "tasks")) == 60
    # One refusal for each call under way, one look, and the six calls themselves.
    assert (site.calls - before).total() <= 6 + 3 + 1


def test_two_changes_of_one_row_in_a_call_are_written_in_order(site: AirtableSite, made: AirtableDestination) -> None:
    writes = [
        Write(task("26", name="zuerst")),
        Write(task("26", name="dann", status="neu"), columns=("name",)),
        Write(task("26", name="zuletzt", status="completed"), columns=("status",)),
    ]
    ids = written(made.write(writes, STOP))
    assert len(set(ids)) == 1
    assert by_key(site, "tasks")["26"] == {"id": "26", "name": "dann", "status": "completed"}


@pytest.mark.parametrize("bad", [(0,), (9,), (3, 4), tuple(range(10))])
def test_a_bad_row_stands_alone_with_airtables_reason(
    site: AirtableSite, made: AirtableDestination, bad: tuple[int, ...]
) -> None:
    refuse(site, "Schlecht", "INVALID_VALUE_FOR_COLUMN", 'Field "name" cannot accept the provided value')
    names = ["Schlecht" if number in bad else "Gut" for number in range(10)]
    outcomes = write(made, *(task(str(number), name=name) for number, name in enumerate(names)))
    refused = {number for number, outcome in enumerate(outcomes) if isinstance(outcome, RecordError)}
    assert refused == set(bad)
    problem = next(outcome.problem for outcome in outcomes if isinstance(outcome, RecordError))
    assert 'Field "name" cannot accept the provided value' in problem.message
    assert set(by_key(site, "tasks")) == {str(number) for number in range(10)} - {str(number) for number in bad}


def test_one_bad_row_costs_few_calls(site: AirtableSite, made: AirtableDestination) -> None:
    refuse(site, "Schlecht", "INVALID_REQUEST_UNKNOWN", "Invalid request: parameter validation failed.")
    sent = made.requests_sent()
    outcomes = write(made, *(task(str(number), name="Schlecht" if number == 7 else "Gut") for number in range(10)))
    assert sum(isinstance(outcome, RecordError) for outcome in outcomes) == 1
    assert made.requests_sent() - sent <= 9


def test_a_request_that_is_too_large_is_halved(site: AirtableSite, made: AirtableDestination) -> None:
    site.switches = AirtableSwitches(longest_body=350_000)
    mails = [mail(f"m{number}", body_html="x" * 90_000) for number in range(10)]
    written(write(made, *mails))
    assert len(by_key(site, "emails")) == 10


def test_a_row_that_alone_is_too_large_is_refused(site: AirtableSite, made: AirtableDestination) -> None:
    site.switches = AirtableSwitches(longest_body=50_000)
    outcomes = write(made, mail("m1"), mail("m2", body_html="x" * 90_000))
    assert isinstance(outcomes[0], Written)
    assert isinstance(outcomes[1], RecordError)
    assert outcomes[1].problem.code == "airtable-too-large"


def test_a_full_base_takes_what_fits_and_updates_go_on(clock: FakeClock) -> None:
    with AirtableSite(clock, plan="free", rate_scale=1000) as site, destination(site, clock, plan="free") as made:
        known = written(write(made, *(task(str(number)) for number in range(50))))
        site.add_records("Table 1", [{"Name": "x"}] * 947)
        mixed = [Write(task(str(number), name="Neu"), record_id=known[number]) for number in range(5)]
        mixed += [Write(task(f"9{number}")) for number in range(40)]
        sent = made.requests_sent()
        outcomes = made.write(mixed, STOP)
        assert all(isinstance(outcome, Written) for outcome in outcomes[:5])
        refused = [outcome for outcome in outcomes if isinstance(outcome, RecordError)]
        assert {outcome.problem.code for outcome in refused} == {"airtable-full"}
        assert len(outcomes) - len(refused) == 5 + 3
        assert sum(len(site.table(name)) for name in site.table_names) == 1_000
        assert made.requests_sent() - sent < 25


def test_a_column_that_vanished_is_made_again_and_the_rows_are_written(
    site: AirtableSite, made: AirtableDestination
) -> None:
    site.remove_column("Tasks", "priority")
    written(write(made, *(task(str(number), priority="high") for number in range(25))))
    assert {row["priority"] for row in by_key(site, "tasks").values()} == {"high"}


def test_a_column_that_changed_its_type_is_filled_in_its_new_form(
    site: AirtableSite, made: AirtableDestination
) -> None:
    site.change_column("Tasks", "progress", "singleLineText")
    written(write(made, *(task(str(number), progress=40) for number in range(5))))
    assert {row["progress"] for row in by_key(site, "tasks").values()} == {"40"}


def test_a_column_that_became_unusable_is_told_as_such(site: AirtableSite, made: AirtableDestination) -> None:
    site.change_column("Tasks", "tags", "multipleSelects", {"choices": []})
    with pytest.raises(ConfigError, match="tags is Multiple select"):
        write(made, task("26", tags=("a",)))


def test_several_rows_of_one_key_the_oldest_is_written(
    site: AirtableSite, made: AirtableDestination, expect_log: ExpectLog, clock: FakeClock
) -> None:
    ids = []
    for name in ("alt", "neu"):
        ids += site.add_records("Tasks", [{"id": "26", "name": name}])
        clock.advance(60)
    assert written(write(made, task("1"), task("26"), task("2")))[1] == ids[0]
    expect_log(f"several rows have 26; {ids[0]} is written, not {ids[1]}")
    assert [row.fields["name"] for row in site.table("Tasks") if row.fields["id"] == "26"] == ["Aufgabe 26", "neu"]


def test_a_missing_right_to_write_is_no_fault_of_a_row(site: AirtableSite, made: AirtableDestination) -> None:
    site.grant(role="read")
    with pytest.raises(ConfigError) as raised:
        write(made, task("26"))
    assert raised.value.problem.code == "airtable-right-missing"


def test_an_answer_without_the_rows_is_not_taken_for_a_success(site: AirtableSite, made: AirtableDestination) -> None:
    body = b'{"records":[],"createdRecords":[],"updatedRecords":[]}'
    site.faults.status(200, site.when("upsert"), body=body, headers={"Content-Type": "application/json"})
    with pytest.raises(InternalError):
        write(made, task("26"))


def test_nothing_to_write_costs_nothing(site: AirtableSite, made: AirtableDestination) -> None:
    assert made.write([], STOP) == ()
    assert site.calls["upsert"] == 0
