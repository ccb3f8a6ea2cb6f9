"""What is written for a reading: the older never wins, the unchanged is not written, a removal keeps the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.categories import parse_categories
from tray_connector.model.events import Event
from tray_connector.model.records import EMAIL_STATE, TASK_REMOVAL, Conversation, Email, Stored, Task
from tray_connector.sources.base import Reading
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import Context, Row, Skip, plan_record, plan_refresh, plan_state

NOW = datetime(2026, 9, 2, 10, tzinfo=UTC)
CONTEXT = Context(parse_categories('{"Räume": "R_*"}'), NOW)
TASK = Task(task_id="7", name="Angebot", description="lang", tags=("R_101",), tag_ids=("1",), updated_at=NOW)
MAIL = Email(email_id="m", conversation_id="c", subject="AW", body_text="Hallo", labels=("R_101",), changed_at=NOW)


def plan(
    record: Stored, known: Entry | None, *, change: float = 1.0, read: int = 1, rewrite: bool = False
) -> Row | Skip:
    return plan_record(record, (change, read), known, replace(CONTEXT, rewrite=rewrite))


def stored(record: Stored, *, change: float = 1.0, read: int = 1) -> Entry:
    step = plan(record, None, change=change, read=read)
    assert isinstance(step, Row)
    return step.entry


def conversation(read: int = 2, **more: object) -> Reading:
    state = replace(Conversation(conversation_id="c", labels=("R_101",)), **more)  # type: ignore[arg-type]
    event = Event(source="missive", kind="conversation", id="c", since=NOW)
    return Reading(event, conversation=state, read_number=read)


def test_a_new_record_is_written_whole_with_its_categories() -> None:
    step = plan(TASK, None)
    assert isinstance(step, Row)
    assert (step.change, step.write.columns) == ("new", None)
    assert step.write.categories == {"Räume": ("R_101",)}
    assert step.entry.record == replace(TASK, description=None)


def test_the_same_again_is_not_written() -> None:
    assert isinstance(plan(TASK, stored(TASK), read=2), Skip)


def test_a_cleared_description_is_a_change() -> None:
    step = plan(replace(TASK, description=None), stored(TASK), read=2)
    assert isinstance(step, Row)
    assert step.write.columns is None


def test_a_cleared_tag_empties_its_category_too() -> None:
    step = plan(replace(TASK, tags=(), tag_ids=()), stored(TASK), read=2)
    assert isinstance(step, Row)
    assert step.write.categories == {"Räume": ()}


def test_with_rewrite_the_unchanged_is_written_too() -> None:
    assert isinstance(plan(TASK, stored(TASK), read=2, rewrite=True), Row)


def test_new_category_rules_cost_only_the_category_columns() -> None:
    other = replace(CONTEXT, categories=parse_categories('{"Räume": "R_*", "Alles": "*"}'))
    step = plan_record(TASK, (1.0, 2), stored(TASK), other)
    assert isinstance(step, Row)
    assert step.write.columns == ()
    assert step.write.categories == {"Räume": ("R_101",), "Alles": ("R_101",)}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), min_size=1, unique_by=lambda read: read[1]))
def test_in_whatever_order_reads_arrive_the_newest_is_what_stays(reads: list[tuple[int, int]]) -> None:
    known: Entry | None = None
    for change, number in reads:
        step = plan(replace(TASK, name=f"{change}/{number}"), known, change=change, read=number)
        known = step.entry if isinstance(step, Row) else known
    change, number = max(reads)
    assert known is not None
    assert getattr(known.record, "name", None) == f"{change}/{number}"


def test_a_deletion_touches_only_what_tells_of_it() -> None:
    step = plan(replace(TASK, name=None, deleted=True, deleted_at=NOW), stored(TASK), read=2)
    assert isinstance(step, Row)
    assert (step.change, step.write.columns) == ("removed", TASK_REMOVAL)
    assert step.entry.record == replace(TASK, description=None, status="deleted", deleted=True, deleted_at=NOW)


def test_a_restored_task_is_written_whole() -> None:
    removed = plan(replace(TASK, deleted=True), stored(TASK), read=2)
    assert isinstance(removed, Row)
    step = plan(TASK, removed.entry, read=3)
    assert isinstance(step, Row)
    assert (step.change, step.write.columns) == ("restored", None)


def test_what_is_already_deleted_when_first_seen_is_not_stored() -> None:
    for record in (replace(TASK, deleted=True), replace(MAIL, deleted=True)):
        step = plan(record, None)
        assert isinstance(step, Skip)
        assert step.left_out


def test_a_redacted_read_keeps_the_stored_body_and_takes_the_labels() -> None:
    redacted = replace(MAIL, subject=None, body_text=None, labels=("R_102",), body_missing=True)
    step = plan(redacted, stored(MAIL), read=2)
    assert isinstance(step, Row)
    assert step.write.columns == EMAIL_STATE
    assert step.entry.record == replace(MAIL, body_text=None, labels=("R_102",))


def test_mail_state_is_ordered_by_read_number_alone() -> None:
    known = replace(stored(replace(MAIL, labels=("neu",)), read=5), state_read=9)
    step = plan(replace(MAIL, subject="bearbeitet"), known, change=2.0, read=7)
    assert isinstance(step, Row)
    assert (getattr(step.entry.record, "subject", None), step.entry.record.labels) == ("bearbeitet", ("neu",))  # type: ignore[union-attr]


def test_a_label_change_costs_one_small_write_per_mail() -> None:
    mails = {"m": stored(MAIL), "n": stored(replace(MAIL, email_id="n"))}
    steps = plan_state(conversation(labels=("R_102", "Kunde1")), mails, CONTEXT)
    assert [step.write.columns for step in steps if isinstance(step, Row)] == [EMAIL_STATE, EMAIL_STATE]


def test_an_unchanged_conversation_writes_nothing() -> None:
    assert all(isinstance(step, Skip) for step in plan_state(conversation(), {"m": stored(MAIL)}, CONTEXT))


def test_an_older_state_does_not_overwrite_a_newer_one() -> None:
    known = replace(stored(MAIL), state_read=9)
    assert plan_state(conversation(read=8, labels=()), {"m": known}, CONTEXT) == []


def test_a_trashed_conversation_flags_its_mails_once_and_restoring_clears_them() -> None:
    (trashed,) = plan_state(conversation(deleted=True), {"m": stored(MAIL)}, CONTEXT)
    assert isinstance(trashed, Row)
    assert (trashed.change, trashed.entry.record.deleted_at) == ("removed", NOW)
    later = replace(CONTEXT, now=NOW + timedelta(hours=1))
    (again,) = plan_state(conversation(read=3, deleted=True), {"m": trashed.entry}, later)
    assert isinstance(again, Skip)
    (restored,) = plan_state(conversation(read=4), {"m": trashed.entry}, later)
    assert isinstance(restored, Row)
    assert (restored.change, restored.entry.record.deleted_at) == ("restored", None)


def test_a_mail_that_vanished_stays_flagged_until_it_is_listed_again() -> None:
    (gone,) = plan_state(replace(conversation(), vanished=frozenset({"m"})), {"m": stored(MAIL)}, CONTEXT)
    assert isinstance(gone, Row)
    assert gone.entry.record.deleted
    (label,) = plan_state(conversation(read=3, labels=("x",)), {"m": gone.entry}, CONTEXT)
    assert isinstance(label, Row)
    assert label.entry.record.deleted
    listed = replace(conversation(read=4), message_ids=frozenset({"m"}))
    (back,) = plan_state(listed, {"m": gone.entry}, CONTEXT)
    assert isinstance(back, Row)
    assert not back.entry.record.deleted


def test_a_rename_writes_only_the_columns_that_differ() -> None:
    known = stored(replace(TASK, tags=("R_101",)))
    record = known.record
    assert isinstance(record, Task)
    step = plan_refresh(replace(record, tags=("R_999",)), known, CONTEXT)
    assert isinstance(step, Row)
    assert (step.write.columns, step.write.categories) == (("tags",), {"Räume": ("R_999",)})
    assert isinstance(plan_refresh(record, known, CONTEXT), Skip)


def test_a_message_that_moved_to_another_conversation_is_left_to_that_one() -> None:
    known = stored(MAIL, read=1)
    elsewhere = replace(conversation(read=5, labels=("R_202",)), message_ids=frozenset({"other"}))
    assert plan_state(elsewhere, {"m": known}, CONTEXT) == []
    vanished = replace(elsewhere, vanished=frozenset({"m"}))
    (step,) = plan_state(vanished, {"m": known}, CONTEXT)
    assert isinstance(step, Row)
    assert step.entry.record.deleted
