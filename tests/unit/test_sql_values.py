"""What is written stands in the database as the design says, and partial writes touch nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sql_places import BOTH, Place, as_text, write
from tray_connector.config.clock import Stop
from tray_connector.destinations.base import FileRow, RowMissing, StoredRow, Write, Written
from tray_connector.model.errors import InternalError
from tray_connector.model.records import COLUMNS, Attachment, Email, Stored, Table, Task, key_of, table_of

TASK = Task(
    task_id="007",
    name="Angebot Dachsanierung",
    progress=40,
    tag_ids=("1", "2"),
    tags=("R_101", "KGR_300"),
    start_date=date(2026, 2, 3),
    created_at=datetime(2026, 1, 5, 9, 30, 59, tzinfo=timezone(timedelta(hours=1))),
    url="https://office.teamwork.com/app/tasks/007",
)
EMAIL = Email(
    email_id="m1",
    conversation_id="c1",
    subject="AW: Rechnung „4711“",
    to_addresses=("ida@example.com", "office@example.com"),
    to_names=("", "Büro"),
    body_text="Guten Tag",
    body_html="<p>Guten Tag</p>",
    received_at=datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
    labels=("R_101",),
)
FILES = (
    Attachment(attachment_id="a1", filename="Plan.pdf", content_type="application/pdf", byte_size=12),
    Attachment(attachment_id="a2", filename="logo.png", inline=True),
)


@BOTH
def test_values_have_the_promised_forms(place: Place) -> None:
    with place.opened(["Räume"]) as destination:
        assert write(destination, Write(TASK, {"Räume": ("R_101",)}), Write(EMAIL, {"Räume": ()})) == [Written()] * 2
    task = place.row("tasks", "007")
    assert list(task) == [*COLUMNS["tasks"], "Räume"]
    assert (task["start_date"], task["created_at"]) == ("2026-02-03", "2026-01-05T08:30:59Z")
    assert (task["tags"], task["assignees"], task["Räume"]) == (["R_101", "KGR_300"], [], ["R_101"])
    assert (task["progress"], task["deleted"], task["description"], task["parent_task_id"]) == (40, 0, None, None)
    email = place.row("emails", "m1")
    assert list(email) == [*COLUMNS["emails"], "Räume"]
    assert (email["to_names"], email["draft"], email["Räume"]) == (["", "Büro"], 0, [])


@BOTH
def test_an_empty_text_is_null(place: Place) -> None:
    with place.opened() as destination:
        write(destination, Write(replace(TASK, name="", description="")))
    assert place.query("SELECT name, description FROM tasks") == [(None, None)]


@BOTH
def test_what_disappears_at_the_source_disappears_and_columns_of_the_user_stay(place: Place) -> None:
    with place.opened() as destination:
        write(destination, Write(TASK))
        place.execute('ALTER TABLE tasks ADD COLUMN "Notiz" TEXT', "UPDATE tasks SET \"Notiz\" = 'meins'")
        write(destination, Write(Task(task_id="007", deleted=True)))
    task = place.row("tasks", "007")
    assert (task["name"], task["tags"], task["created_at"], task["deleted"]) == (None, [], None, 1)
    assert task["Notiz"] == "meins"


@BOTH
def test_a_partial_write_touches_its_columns_and_the_categories_alone(place: Place) -> None:
    with place.opened(["Räume"]) as destination:
        write(destination, Write(EMAIL, {"Räume": ("R_101",)}))
        changed = Email(email_id="m1", conversation_id="c9", labels=("R_2",), deleted=True)
        missing = replace(changed, email_id="m2")
        outcomes = write(
            destination,
            Write(changed, {"Räume": ("R_2",)}, columns=("labels", "deleted")),
            Write(missing, {"Räume": ("R_2",)}, columns=("labels", "deleted")),
        )
    assert outcomes == [Written(), RowMissing()]
    email = place.row("emails", "m1")
    assert (email["labels"], email["deleted"], email["Räume"]) == (["R_2"], 1, ["R_2"])
    assert (email["conversation_id"], email["subject"], email["body_text"]) == ("c1", EMAIL.subject, "Guten Tag")
    assert place.query("SELECT count(*) FROM emails") == [(1,)]


@BOTH
def test_categories_can_be_written_alone(place: Place) -> None:
    with place.opened(["Räume"]) as destination:
        write(destination, Write(TASK, {"Räume": ()}))
        bare = Task(task_id="007")
        assert write(destination, Write(bare, {"Räume": ("R_1",)}, columns=())) == [Written()]
        assert write(destination, Write(bare, columns=())) == [Written()]
        assert write(destination, Write(Task(task_id="8"), columns=())) == [RowMissing()]
    assert place.row("tasks", "007")["Räume"] == ["R_1"]
    assert place.row("tasks", "007")["name"] == TASK.name


@BOTH
def test_an_unknown_column_is_our_own_mistake(place: Place) -> None:
    with place.opened() as destination, pytest.raises(InternalError):
        write(destination, Write(TASK, columns=("nonsense",)))


@BOTH
def test_a_withheld_body_never_overwrites_a_stored_one(place: Place) -> None:
    withheld = replace(EMAIL, subject="neu", body_text=None, body_html=None, body_missing=True)
    with place.opened() as destination:
        write(destination, Write(replace(EMAIL, attachments=FILES)))
        write(destination, Write(withheld), Write(withheld, columns=("subject", "body_text")))
        email = place.row("emails", "m1")
        assert (email["subject"], email["body_text"], email["body_html"]) == ("neu", "Guten Tag", "<p>Guten Tag</p>")
        assert place.query("SELECT count(*) FROM attachments") == [(2,)]
        write(destination, Write(replace(EMAIL, body_text=None)))
    assert place.row("emails", "m1")["body_text"] is None


@BOTH
def test_attachments_follow_the_mail_and_keep_what_was_stored_of_them(place: Place) -> None:
    with place.opened() as destination:
        write(destination, Write(replace(EMAIL, attachments=FILES)), Write(replace(EMAIL, email_id="m2")))
        first = place.row("attachments", "a1")
        facts = (first["email_id"], first["filename"], first["content_type"], first["byte_size"], first["inline"])
        assert facts == ("m1", "Plan.pdf", "application/pdf", 12, 0)
        assert (first["state"], first["path"], first["sha256"]) == ("waiting", None, None)
        assert place.row("attachments", "a2")["inline"] == 1
        place.execute("UPDATE attachments SET state = 'stored', path = 'm1/Plan.pdf', sha256 = 'f00'")
        renamed = replace(FILES[0], filename="Plan 2.pdf")
        write(destination, Write(replace(EMAIL, attachments=(renamed,))))
    assert place.query("SELECT attachment_id FROM attachments") == [("a1",)]
    stored = place.row("attachments", "a1")
    assert (stored["filename"], stored["state"], stored["path"]) == ("Plan 2.pdf", "stored", "m1/Plan.pdf")
    assert stored["sha256"] == "f00"


@BOTH
def test_two_writes_of_one_record_are_applied_in_order(place: Place) -> None:
    with place.opened() as destination:
        outcomes = write(
            destination,
            Write(replace(TASK, name="first"), columns=("name",)),
            Write(TASK),
            Write(Task(task_id="007", name="last"), columns=("name",)),
        )
    assert outcomes == [RowMissing(), Written(), Written()]
    assert (place.row("tasks", "007")["name"], place.row("tasks", "007")["progress"]) == ("last", 40)


STORABLE = st.characters(codec="utf-8")
TEXTS = st.none() | st.text(STORABLE, min_size=1, max_size=9)
LISTS = st.lists(st.text(STORABLE, max_size=5), max_size=2).map(tuple)
TIMES = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))


def records(kind: type[Task] | type[Email], bits: int) -> st.SearchStrategy[Stored]:
    by_hint = {
        "str": st.text("abc-0123", min_size=1, max_size=10),
        "Text": TEXTS,
        "Texts": LISTS,
        "datetime | None": TIMES,
        "date | None": st.none() | st.dates(),
        "int | None": st.none() | st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        "bool": st.booleans(),
    }
    table: Table = "tasks" if kind is Task else "emails"
    names = {field.name: str(field.type) for field in fields(kind) if field.name in COLUMNS[table]}
    return st.builds(kind, **{name: by_hint[hint] for name, hint in names.items()})


@BOTH
def test_every_value_comes_back(place: Place) -> None:
    """As `rows` reads it, and as any other program does."""
    with place.opened(["Räume"]) as destination:

        @settings(max_examples=40)
        @given(records(Task, place.bits) | records(Email, place.bits), LISTS)
        def comes_back(record: Stored, labels: tuple[str, ...]) -> None:
            place.execute("DELETE FROM tasks", "DELETE FROM emails")
            row = StoredRow(record, {"Räume": labels})
            assert write(destination, Write(record, row.categories)) == [Written()]
            held = destination.as_held(row)
            table = table_of(record)
            assert [row for page in destination.rows(table, Stop()) for row in page] == [held]
            found = place.row(table, key_of(record))
            assert found == {name: plain(getattr(held.record, name)) for name in COLUMNS[table]} | {
                "Räume": list(held.categories["Räume"])
            }
            assert "" not in found.values()

        comes_back()


def plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else as_text(value)


@BOTH
def test_rows_are_read_in_pages_by_key_and_from_any_key_on(place: Place) -> None:
    with place.opened() as destination:
        tasks = [Task(task_id=f"{number:05}") for number in range(1_234)]
        write(destination, *map(Write, tasks))
        pages = list(destination.rows("tasks", Stop()))
        assert len(pages) > 1
        assert [row.record for page in pages for row in page] == tasks
        rest = destination.rows("tasks", Stop(), after="01200")
        assert [key_of(row.record) for page in rest for row in page] == [f"{n:05}" for n in range(1_201, 1_234)]
        assert list(destination.rows("emails", Stop())) == []


@BOTH
def test_what_became_of_files_is_noted_where_the_mail_has_a_row(place: Place) -> None:
    with place.opened() as destination:
        write(destination, Write(replace(EMAIL, attachments=FILES[:1])))
        stored = FileRow(FILES[0], "m1", "stored", "f00", "f0/Plan.pdf")
        added = FileRow(FILES[1], "m1", "too_large")
        destination.note_files(
            [stored, added, FileRow(replace(FILES[0], attachment_id="a9"), "gone", "failed")], Stop()
        )
        facts = ("state", "sha256", "path", "filename", "byte_size", "inline")
        assert [place.row("attachments", "a1")[name] for name in facts] == [
            "stored", "f00", "f0/Plan.pdf", "Plan.pdf", 12, False,
        ]  # fmt: skip
        assert [place.row("attachments", "a2")[name] for name in facts] == [
            "too_large", None, None, "logo.png", None, True,
        ]  # fmt: skip
        assert place.query("SELECT count(*) FROM attachments") == [(2,)]
        destination.note_files([replace(stored, state="failed", path=None)], Stop())
        write(destination, Write(replace(EMAIL, attachments=FILES)))
        assert [place.row("attachments", "a1")[name] for name in facts[:3]] == ["failed", "f00", None]
        assert destination.fetches_files is False
