"""What is written stands in the file as the design says, and partial writes touch nothing else."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sqlite_files import execute, opened, query, row, write
from tray_connector.destinations.base import RowMissing, Write, Written
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import InternalError
from tray_connector.model.records import COLUMNS, Attachment, Email, Stored, Table, Task, table_of

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connector.db"


def test_values_have_the_promised_forms(path: Path) -> None:
    with opened(path, ["Räume"]) as destination:
        assert write(destination, Write(TASK, {"Räume": ("R_101",)}), Write(EMAIL, {"Räume": ()})) == [Written()] * 2
    task = row(path, "tasks", "007")
    assert list(task) == [*COLUMNS["tasks"], "Räume"]
    assert (task["start_date"], task["created_at"]) == ("2026-02-03", "2026-01-05T08:30:59Z")
    assert (task["tags"], task["assignees"], task["Räume"]) == (["R_101", "KGR_300"], [], ["R_101"])
    assert (task["progress"], task["deleted"], task["description"], task["parent_task_id"]) == (40, 0, None, None)
    email = row(path, "emails", "m1")
    assert list(email) == [*COLUMNS["emails"], "Räume"]
    assert (email["to_names"], email["draft"], email["Räume"]) == (["", "Büro"], 0, [])
    assert query(path, "SELECT to_names, typeof(email_id) FROM emails") == [('["", "Büro"]', "text")]
    assert query(path, "SELECT typeof(task_id) FROM tasks") == [("text",)]


def test_an_empty_text_is_null(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(replace(TASK, name="", description="")))
    assert query(path, "SELECT name, description FROM tasks") == [(None, None)]


def test_what_disappears_at_the_source_disappears_and_columns_of_the_user_stay(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(TASK))
        execute(path, "ALTER TABLE tasks ADD COLUMN Notiz TEXT", "UPDATE tasks SET Notiz = 'meins'")
        write(destination, Write(Task(task_id="007", deleted=True)))
    task = row(path, "tasks", "007")
    assert (task["name"], task["tags"], task["created_at"], task["deleted"]) == (None, [], None, 1)
    assert task["Notiz"] == "meins"


def test_a_partial_write_touches_its_columns_and_the_categories_alone(path: Path) -> None:
    with opened(path, ["Räume"]) as destination:
        write(destination, Write(EMAIL, {"Räume": ("R_101",)}))
        changed = Email(email_id="m1", conversation_id="c9", labels=("R_2",), deleted=True)
        missing = replace(changed, email_id="m2")
        outcomes = write(
            destination,
            Write(changed, {"Räume": ("R_2",)}, columns=("labels", "deleted")),
            Write(missing, {"Räume": ("R_2",)}, columns=("labels", "deleted")),
        )
    assert outcomes == [Written(), RowMissing()]
    email = row(path, "emails", "m1")
    assert (email["labels"], email["deleted"], email["Räume"]) == (["R_2"], 1, ["R_2"])
    assert (email["conversation_id"], email["subject"], email["body_text"]) == ("c1", EMAIL.subject, "Guten Tag")
    assert query(path, "SELECT count(*) FROM emails") == [(1,)]


def test_categories_can_be_written_alone(path: Path) -> None:
    with opened(path, ["Räume"]) as destination:
        write(destination, Write(TASK, {"Räume": ()}))
        bare = Task(task_id="007")
        assert write(destination, Write(bare, {"Räume": ("R_1",)}, columns=())) == [Written()]
        assert write(destination, Write(bare, columns=())) == [Written()]
        assert write(destination, Write(Task(task_id="8"), columns=())) == [RowMissing()]
    assert row(path, "tasks", "007")["Räume"] == ["R_1"]
    assert row(path, "tasks", "007")["name"] == TASK.name


def test_an_unknown_column_is_our_own_mistake(path: Path) -> None:
    with opened(path) as destination, pytest.raises(InternalError):
        write(destination, Write(TASK, columns=("nonsense",)))


def test_a_withheld_body_never_overwrites_a_stored_one(path: Path) -> None:
    withheld = replace(EMAIL, subject="neu", body_text=None, body_html=None, body_missing=True)
    with opened(path) as destination:
        write(destination, Write(replace(EMAIL, attachments=FILES)))
        write(destination, Write(withheld), Write(withheld, columns=("subject", "body_text")))
        email = row(path, "emails", "m1")
        assert (email["subject"], email["body_text"], email["body_html"]) == ("neu", "Guten Tag", "<p>Guten Tag</p>")
        assert query(path, "SELECT count(*) FROM attachments") == [(2,)]
        write(destination, Write(replace(EMAIL, body_text=None)))
    assert row(path, "emails", "m1")["body_text"] is None


def test_attachments_follow_the_mail_and_keep_what_was_stored_of_them(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(replace(EMAIL, attachments=FILES)), Write(replace(EMAIL, email_id="m2")))
        first = row(path, "attachments", "a1")
        facts = (first["email_id"], first["filename"], first["content_type"], first["byte_size"], first["inline"])
        assert facts == ("m1", "Plan.pdf", "application/pdf", 12, 0)
        assert (first["state"], first["path"], first["sha256"]) == ("waiting", None, None)
        assert row(path, "attachments", "a2")["inline"] == 1
        execute(path, "UPDATE attachments SET state = 'stored', path = 'm1/Plan.pdf', sha256 = 'f00'")
        renamed = replace(FILES[0], filename="Plan 2.pdf")
        write(destination, Write(replace(EMAIL, attachments=(renamed,))))
    assert query(path, "SELECT attachment_id FROM attachments") == [("a1",)]
    stored = row(path, "attachments", "a1")
    assert (stored["filename"], stored["state"], stored["path"]) == ("Plan 2.pdf", "stored", "m1/Plan.pdf")
    assert stored["sha256"] == "f00"


def test_two_writes_of_one_record_are_applied_in_order(path: Path) -> None:
    with opened(path) as destination:
        outcomes = write(
            destination,
            Write(replace(TASK, name="first"), columns=("name",)),
            Write(TASK),
            Write(Task(task_id="007", name="last"), columns=("name",)),
        )
    assert outcomes == [RowMissing(), Written(), Written()]
    assert (row(path, "tasks", "007")["name"], row(path, "tasks", "007")["progress"]) == ("last", 40)


STORABLE = st.characters(codec="utf-8")
TEXTS = st.none() | st.text(STORABLE, min_size=1, max_size=9)
LISTS = st.lists(st.text(STORABLE, max_size=5), max_size=2).map(tuple)
TIMES = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))
BY_HINT = {
    "str": st.text("abc-0123", min_size=1, max_size=10),
    "Text": TEXTS,
    "Texts": LISTS,
    "datetime | None": TIMES,
    "date | None": st.none() | st.dates(),
    "int | None": st.none() | st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
}


def records(kind: type[Task] | type[Email]) -> st.SearchStrategy[Stored]:
    table: Table = "tasks" if kind is Task else "emails"
    names = {field.name: str(field.type) for field in fields(kind) if field.name in COLUMNS[table]}
    return st.builds(kind, **{name: BY_HINT[hint] for name, hint in names.items()})


def as_stored(value: object) -> object:
    match value:
        case datetime():
            return time_to_text(value)
        case date():
            return value.isoformat()
        case tuple():
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return int(value)
        case _:
            return value


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records(Task) | records(Email))
def test_every_value_comes_back(record: Stored) -> None:
    table = table_of(record)
    with TemporaryDirectory() as folder:
        path = Path(folder, "connector.db")
        with opened(path) as destination:
            assert write(destination, Write(record)) == [Written()]
        found = query(path, "SELECT * FROM tasks" if table == "tasks" else "SELECT * FROM emails")
    assert found == [tuple(as_stored(getattr(record, name)) for name in COLUMNS[table])]
    assert "" not in found[0]
