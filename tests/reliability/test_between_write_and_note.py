"""A power cut after the database's commit and before the ledger's note: both orders of events are made up for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tray_connector.sandbox.running import SandboxOffice


def cut_off_after_the_commit(connector: Connector, folder: Path) -> None:
    """Read and write what is new; then ledger and spool are as they were before the write."""
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    connector.close()
    kept = {path: folder / path.name for path in (connector.paths.ledger, connector.paths.spool)}
    shutil.copy(connector.paths.ledger, kept[connector.paths.ledger])
    shutil.copytree(connector.paths.spool, kept[connector.paths.spool])
    connector.restart()
    connector.engine.writer.ready(connector.stop)
    for lane in connector.engine.lanes:
        while lane.dispatch(connector.stop).taken:
            continue
    connector.close()
    shutil.copy(kept[connector.paths.ledger], connector.paths.ledger)
    shutil.rmtree(connector.paths.spool)
    shutil.copytree(kept[connector.paths.spool], connector.paths.spool)


def nothing(office: SandboxOffice, task: int, thread: str) -> None:
    """The office sleeps."""


def edited(office: SandboxOffice, task: int, thread: str) -> None:
    """Both are changed."""
    office.office.edit_task(task, name="anders")
    office.mailbox.receive_mail(thread, subject="Antwort")


def removed(office: SandboxOffice, task: int, thread: str) -> None:
    """Both are thrown away."""
    office.office.delete_task(task)
    office.mailbox.trash(thread)


Meanwhile = Callable[[SandboxOffice, int, str], None]


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize(
    "case",
    [
        (nothing, (["zwei"], [0], [0, 0])),
        (edited, (["anders"], [0], [0, 0, 0])),
        (removed, (["zwei"], [1], [1, 1])),
    ],
    ids=["nothing", "edited", "removed"],
)
def test_the_database_is_right_after_the_next_sync(
    connector: Connector,
    clock: FakeClock,
    folder: Path,
    known: bool,
    case: tuple[Meanwhile, tuple[list[str], list[int], list[int]]],
) -> None:
    meanwhile, expected = case
    office = connector.office
    connector.sync()
    task = office.office.create_task("eins")
    thread = office.mailbox.add_conversation("Mail", mails=1)
    if known:
        connector.sync()
        clock.advance(1)
    office.office.edit_task(task.id, name="zwei")
    office.mailbox.receive_mail(thread.id)
    cut_off_after_the_commit(connector, folder)
    clock.advance(1)
    meanwhile(office, task.id, thread.id)
    connector.restart()
    connector.engine.writer.ready(connector.stop)
    for lane in connector.engine.lanes:
        lane.poll(connector.stop, all_streams=True)
    connector.sync()
    tasks, emails = connector.rows("tasks").values(), connector.rows("emails").values()
    found = [row["name"] for row in tasks], [row["deleted"] for row in tasks], [row["deleted"] for row in emails]
    assert found == expected
