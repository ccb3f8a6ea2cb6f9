"""What a base holds is read back: rows, keys, files; and its live test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.support.airtable_base import STOP, destination, mail, old_emails, task, write, written
from tests.support.clock import FakeClock
from tests.support.raw_server import answering, raw_server, response
from tray_connector.destinations.airtable.destination import AirtableDestination
from tray_connector.destinations.base import FileLink, Found, StoredRow, Write, Written
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import Attachment, Email, Table
from tray_connector.sandbox.airtable_site import AirtableSite

FULL_MAIL = mail(
    "m1",
    from_address="anna@example.com",
    from_name="Anna",
    to_addresses=("b@example.com", "c@example.com"),
    to_names=("", "Carla"),
    body_text="Guten Tag\n\nText",
    body_html="<p>Guten Tag</p>",
    sent_at=datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    received_at=datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    labels=("Nordlicht", "R_1"),
    url="https://mail.missiveapp.com/#inbox/conversations/c1",
)
FULL_TASK = task(
    "26",
    description="Beschreibung",
    progress=0,
    tag_ids=("7",),
    tags=("Nordlicht",),
    due_date=date(2026, 9, 4),
    created_at=datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    updated_at=datetime(2026, 9, 2, 8, 0, tzinfo=UTC),
    estimate_minutes=90,
    attachment_ids=("f1", "f2"),
)


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


@pytest.fixture
def host() -> Iterator[str]:
    """The address of a host that gives the same file for every path."""
    with raw_server(answering(response(b"%PDF-1.7 Plan", "Content-Type: application/pdf"))) as server:
        yield f"http://127.0.0.1:{server.port}"


def all_rows(made: AirtableDestination, table: Table) -> list[StoredRow]:
    return [row for page in made.rows(table, STOP) for row in page]


def surveyed(made: AirtableDestination, table: Table) -> list[Found]:
    return [row for page in made.survey(table, STOP) for row in page]


def test_rows_come_back_as_they_were_written(made: AirtableDestination) -> None:
    written(write(made, FULL_MAIL, FULL_TASK, categories={"Kunden": ("Nordlicht",)}))
    assert [row.record for row in all_rows(made, "tasks")] == [FULL_TASK]
    (row,) = all_rows(made, "emails")
    assert row.record == FULL_MAIL
    assert row.categories == {"Kunden": ("Nordlicht",)}
    assert row.split
    assert row.cut == frozenset()


def test_as_held_says_what_will_come_back(made: AirtableDestination) -> None:
    email = mail("m1", body_html="x" * 120_000, labels=("Müller, Anna",), subject="Zwei\nZeilen\x00", to_names=("a",))
    held = made.as_held(StoredRow(email, {}))
    written(write(made, email))
    assert all_rows(made, "emails") == [held]


def test_hundred_rows_a_call_and_rows_of_the_users_own_left_out(site: AirtableSite, made: AirtableDestination) -> None:
    site.add_records("Tasks", [{"id": str(number)} for number in range(230)] + [{"name": "Meine eigene"}])
    before = site.calls
    assert len(all_rows(made, "tasks")) == 230
    assert (site.calls - before) == {"list": 3}
    assert made.counts(STOP) == {"tasks": 231, "emails": 0}


def test_a_place_that_airtable_lost_is_begun_anew_and_no_row_comes_twice(
    site: AirtableSite, made: AirtableDestination
) -> None:
    site.add_records("Tasks", [{"id": str(number)} for number in range(230)])
    pages = made.rows("tasks", STOP)
    keys = [row.record.task_id for row in next(pages) if not isinstance(row.record, Email)]
    site.expire_offsets()
    keys += [row.record.task_id for page in pages for row in page if not isinstance(row.record, Email)]
    assert sorted(keys) == sorted(str(number) for number in range(230))


def test_which_keys_are_there(site: AirtableSite, made: AirtableDestination) -> None:
    odd = 'O\'Neill "A\\B", }{'
    site.add_records("Emails", [{"Email ID": key} for key in ("m1", odd, *(f"n{number}" for number in range(150)))])
    before = site.calls
    assert made.present("emails", ["m1", "m2", odd], STOP) == {"m1", odd}
    assert len(made.present("emails", [f"n{number}" for number in range(200)], STOP)) == 150
    assert (site.calls - before) == {"list": 3}
    assert made.present("tasks", [], STOP) == frozenset()


def test_a_survey_finds_rows_files_and_duplicates(site: AirtableSite, clock: FakeClock, host: str) -> None:
    ids = old_emails(site, [{"Email ID": "m1"}, {"Subject": "Meine"}, {"Email ID": "m1"}, {"Email ID": "m2"}])
    site.change_record("Emails", ids[3], {"Attachments": [{"url": f"{host}/a.pdf", "filename": "Plan.pdf"}]})
    assert site.settle()
    with destination(site, clock) as made:
        rows = surveyed(made, "emails")
        assert [(row.key, row.record_id) for row in rows] == [("m1", ids[0]), ("m1", ids[2]), ("m2", ids[3])]
        assert [(file.filename, file.byte_size) for file in rows[2].files] == [("Plan.pdf", 13)]
        before = site.calls
        assert surveyed(made, "tasks") == []
        assert site.calls == before, "a table that was made a moment ago has no rows"


def test_the_files_of_rows(site: AirtableSite, made: AirtableDestination, host: str) -> None:
    ids = written(write(made, *(mail(f"m{number}") for number in range(120))))
    site.change_record("Emails", ids[0], {"Attachments": [{"url": f"{host}/a", "filename": "a"}]})
    assert site.settle()
    site.remove_records("Emails", [ids[1]])
    before = site.calls
    files = made.files_of(ids, STOP)
    assert (site.calls - before) == {"list": 2}
    assert set(files) == {*ids} - {ids[1]}
    assert [file.filename for file in files[ids[0]]] == ["a"]
    assert files[ids[2]] == ()


# Files that are written.


def link(name: str, host: str) -> FileLink:
    return FileLink(Attachment(attachment_id=name, filename=f"{name}.pdf"), url=f"{host}/{name}")


def test_files_are_kept_by_id_added_by_address_and_taken_out(
    site: AirtableSite, made: AirtableDestination, host: str
) -> None:
    (first,) = made.write([Write(mail("m1"), files=(link("a", host), link("b", host)))], STOP)
    assert isinstance(first, Written)
    assert first.files is not None
    assert [file.filename for file in first.files] == ["a.pdf", "b.pdf"]
    assert site.settle()
    kept = FileLink(Attachment(attachment_id="b"), file_id=first.files[1].file_id)
    (second,) = made.write([Write(mail("m1"), record_id=first.record_id, files=(kept, link("c", host)))], STOP)
    assert isinstance(second, Written)
    assert second.files is not None
    assert [file.filename for file in second.files] == ["b.pdf", "c.pdf"]
    assert second.files[0].file_id == first.files[1].file_id
    assert site.settle()
    assert len(site.fetched) == 3, "what was there is not fetched again"
    untouched = write(made, mail("m1", subject="Neu"))[0]
    assert untouched == Written(first.record_id)
    (emptied,) = made.write([Write(mail("m1"), columns=(), files=())], STOP)
    assert emptied == Written(first.record_id, ())


def test_a_file_that_is_gone_does_not_keep_its_row_from_being_written(
    site: AirtableSite, made: AirtableDestination
) -> None:
    gone = FileLink(Attachment(attachment_id="a"), file_id="attAAAAAAAAAAAAAA")
    first, second = made.write([Write(mail("m1"), files=(gone,)), Write(mail("m2"))], STOP)
    assert isinstance(first, Written)
    assert "attAAAAAAAAAAAAAA" in (first.files_refused or "")
    assert first.files is None
    assert second == Written(second.record_id) if isinstance(second, Written) else False


def test_files_that_airtable_did_not_take_are_told_with_their_row(
    site: AirtableSite, made: AirtableDestination, host: str
) -> None:
    site.tell_attachments()
    outcomes = made.write([Write(mail("m1"), files=(link("a", host),)), Write(mail("m2"))], STOP)
    assert isinstance(outcomes[0], Written)
    assert "attachmentsFailedUploading" in (outcomes[0].files_refused or "")
    assert outcomes[0].files == ()
    assert isinstance(outcomes[1], Written)
    assert outcomes[1].files_refused is None


# The live test.


def lines_of(made: AirtableDestination) -> dict[str, CheckLine]:
    return {line.name: line for line in made.check(STOP)}


def test_a_good_base_before_anything_is_made(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock, opened=False, plan="free") as made:
        lines = lines_of(made)
    assert all(line.ok for line in lines.values())
    assert "53 are missing and will be created" in lines["Airtable columns"].message
    assert "1,000 records in the base and 1,000 calls a month" in lines["Airtable plan"].message
    assert site.table_names == ["Table 1"], "a test changes nothing"


def test_a_good_base_with_rows(site: AirtableSite, made: AirtableDestination) -> None:
    written(write(made, *(task(str(number)) for number in range(30))))
    lines = lines_of(made)
    assert all(line.ok for line in lines.values())
    assert lines["Airtable base"].message == "Nordlicht, role create"
    assert lines["Airtable right to write"].message == "Not refused; proven at the first write"
    assert lines["Airtable plan"].message.startswith("30 rows in these tables; the plan Team allows 50,000")
    assert len(site.table("Tasks")) == 30


@pytest.mark.parametrize(
    ("rights", "name", "words"),
    [
        ({"scopes": {"data.records:read", "schema.bases:read"}}, "Airtable right to write", "data.records:write"),
        ({"role": "read"}, "Airtable base", "role Editor"),
        ({"role": "none"}, "Airtable", "token's list"),
        ({"bases": set()}, "Airtable", "token's list"),
        ({"scopes": {"data.records:read", "data.records:write"}}, "Airtable", "schema.bases:read"),
    ],
)
def test_a_missing_right_is_named(
    site: AirtableSite, made: AirtableDestination, rights: dict[str, Any], name: str, words: str
) -> None:
    site.grant(**rights)
    line = lines_of(made)[name]
    assert not line.ok
    assert words in line.hint


def test_an_editor_is_told_what_must_be_created(site: AirtableSite, made: AirtableDestination) -> None:
    site.remove_column("Tasks", "url")
    site.grant(role="edit")
    line = lines_of(made)["Airtable columns"]
    assert not line.ok
    assert "Table Tasks: url (Single line text)" in line.message


def test_a_refused_token_is_one_line(site: AirtableSite, made: AirtableDestination) -> None:
    site.revoke()
    (line,) = made.check(STOP)
    assert not line.ok
    assert "Airtable refuses the token" in line.message


def test_a_server_that_is_gone_is_one_line_that_time_mends(site: AirtableSite, made: AirtableDestination) -> None:
    site.stop()
    (line,) = made.check(STOP)
    assert not line.ok
    assert line.passing
    assert "cannot be reached" in line.message


def test_wrong_types_and_a_full_base_are_told(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock, plan="free") as made:
        site.change_column("Tasks", "tags", "multipleSelects", {"choices": []})
        site.add_records("Tasks", [{"id": str(number)} for number in range(1_000)])
        lines = lines_of(made)
        assert "tags is Multiple select" in lines["Airtable columns"].message
        assert not lines["Airtable plan"].ok
        assert "1,000 rows" in lines["Airtable plan"].message


def test_a_base_deleted_while_in_use_is_told(site: AirtableSite, made: AirtableDestination) -> None:
    site.remove_table("Tasks")
    with pytest.raises(ConfigError):
        write(made, task("26"))
