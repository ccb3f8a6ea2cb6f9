"""Which records a migration has to bring over, by the ledger alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START, FakeClock
from tests.support.records import tasks
from tray_connector.destinations.base import Identity
from tray_connector.model.codec import without_large
from tray_connector.model.records import Conversation, Task
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry

HERE, THERE = Identity("sqlite:here", "1"), Identity("postgres:there", "2")
VERSION = "rules"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    ledger.bind(HERE)
    yield ledger
    ledger.close()


def entry(name: str = "a", *, changed: float = 10.0, read: int = 5, state: int = 5, rules: str = VERSION) -> Entry:
    return Entry(Task(task_id="1", name=name), "hash", "", rules, (changed, read), state)


@pytest.mark.parametrize(
    ("theirs", "pending"),
    [
        (None, True),
        (entry(), False),
        (entry("b"), True),
        (entry("b", read=4), True),
        (entry("b", read=6), False),
        (entry("b", changed=11.0, read=4), False),
        (entry("b", changed=9.0, read=9), True),
        (entry("b", read=6, state=4), True),
        (entry(rules="older rules"), True),
        (replace(entry(), content_hash="of what it holds", record_id="rec1"), False),
    ],
)
def test_what_is_missing_older_or_sorted_by_other_rules_is_pending(
    ledger: Ledger, theirs: Entry | None, pending: bool
) -> None:
    books = ledger.beside(THERE)
    ledger.note([entry()])
    books.note([] if theirs is None else [theirs])
    assert ledger.copying(books).pending("tasks", VERSION) == (["1"] if pending else [])


def test_books_beside_leave_what_is_bound_alone(ledger: Ledger) -> None:
    ledger.note_success("teamwork", START)
    ledger.note([entry()])
    binding = ledger.binding
    books = ledger.beside(THERE)
    books.note([entry("b")])
    books.forget_bound()
    assert (ledger.binding, ledger.count("tasks"), books.count("tasks")) == (binding, 1, 0)
    assert ledger.last_success("teamwork") == START


def test_all_but_the_records_is_carried_over(ledger: Ledger) -> None:
    ledger.note([entry()], [(Conversation(conversation_id="c"), 7)])
    ledger.set_checkpoint("teamwork", "tasks", START)
    ledger.set_checkpoint("missive", "all", START)
    ledger.note_left_out("missive", {"x": 3})
    books = ledger.beside(THERE)
    books.note([], [(Conversation(conversation_id="old"), 1)])
    copying = ledger.copying(books)
    copying.carry_over(files_stay=True)
    copying.forget_checkpoints(["missive"])
    assert books.known_conversations(["c", "old"]) == {"c": (Conversation(conversation_id="c"), 7)}
    assert (books.checkpoint("teamwork", "tasks"), books.checkpoint("missive", "all")) == (START, None)
    assert books.left_out() == {"missive": 3}
    assert ledger.checkpoint("missive", "all") == START
    assert (copying.keys("tasks"), copying.waiting_files()) == (set(), 0)


@given(st.lists(tasks, unique_by=lambda task: task.task_id, max_size=8), st.sets(st.integers(0, 7)))
def test_what_was_noted_there_is_pending_no_more(found: list[Task], copied: set[int]) -> None:
    with TemporaryDirectory() as folder, closing(Ledger(Path(folder) / "ledger.db", FakeClock())) as ledger:
        ledger.bind(HERE)
        books = ledger.beside(THERE)
        entries = [Entry(without_large(task), "", "", VERSION, (1.0, 1)) for task in found]
        ledger.note(entries)
        books.note([each for number, each in enumerate(entries) if number in copied])
        rest = [task.task_id for number, task in enumerate(found) if number not in copied]
        assert ledger.copying(books).pending("tasks", VERSION) == sorted(rest)
