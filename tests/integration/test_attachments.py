"""Files of e-mails, from Missive onto this disk."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, Row, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.postgres import Database
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import file_bytes, mail_file
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since

HOSTILE = (
    "../../x",
    "CON",
    "a" * 296 + ".pdf",
    "",
    "Prüfbericht – 第二版 🏗.PDF",
    "x\x00y.txt",
    "C:\\Windows\\a.exe ",
    "nul.",
    "...",
)


def stored(connector: Connector) -> dict[str, Row]:
    """The rows of files; each that counts as stored lies there with just the bytes that its row says."""
    rows = connector.rows("attachments")
    for row in rows.values():
        if row["state"] == "stored":
            data = (connector.settings.attachments_path / row["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == row["sha256"]
        else:
            assert (row["sha256"], row["path"]) == (None, None)
    return rows


def names_on_disk(connector: Connector) -> list[str]:
    """The paths of all files below the folder of attachments."""
    folder = connector.settings.attachments_path
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def files_asked(office: SandboxOffice) -> int:
    return len(office.missive.attachment_server.requests)


def messages_read(office: SandboxOffice) -> int:
    """Requests for messages by their ids."""
    return office.missive.server.requests.count("/v1/messages/")


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox:
    return Mailbox(clock=clock)


def test_every_file_arrives_with_its_bytes_and_costs_no_request_of_missive(tmp_path: Path, clock: FakeClock) -> None:
    with sandbox(clock, mailbox=Mailbox.office(clock=clock)) as office:
        without = Connector(office, tmp_path / "without", clock, ATTACHMENTS="false")
        plain = without.sync().lanes[1].requests
        assert {row["state"] for row in without.rows("attachments").values()} == {"waiting"}
        assert without.engine.status().state == "in step"
        without.close()
        assert files_asked(office) == 0

        connector = Connector(office, tmp_path / "with", clock)
        report = connector.sync()
        rows = stored(connector)
        assert (report.exit_code(), report.lanes[1].requests) == (0, plain)
        assert report.files.done.stored == len(rows) == report.files.requests == files_asked(office)
        assert any(row["inline"] for row in rows.values())
        for key, row in rows.items():
            assert (row["state"], row["sha256"]) == ("stored", sha256_of(office, key))
        assert office.missive.attachments.authorized == 0

        again = connector.sync()
        assert (again.files.requests, again.lanes[1].requests) == (0, 5)
        assert connector.engine.status().state == "in step"
        connector.close()
        assert_nothing_of_an_address_was_written_down(tmp_path)


def sha256_of(office: SandboxOffice, file_id: str) -> str:
    return hashlib.sha256(file_bytes(office.mailbox.file(file_id))).hexdigest()


def assert_nothing_of_an_address_was_written_down(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            assert b"Key-Pair-Id" not in file.read_bytes(), file


def test_one_content_is_one_file(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    begun = mailbox.add_conversation("Logo", files=("logo.png", "logo.png"))
    mailbox.receive_mail(begun.id, files=("logo.png", "Plan.pdf"))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        rows = stored(connector)
        assert sorted(str(row["filename"]) for row in rows.values()) == ["Plan.pdf", "logo.png", "logo.png", "logo.png"]
        assert len({row["path"] for row in rows.values()}) == len(names_on_disk(connector)) == 2
        connector.close()


def test_postgresql_holds_the_same_states(tmp_path: Path, clock: FakeClock, database: Database) -> None:
    with sandbox(clock, mailbox=Mailbox.office(clock=clock)) as office:
        settings = {"DB_BACKEND": "postgres", "PG_DSN": database.dsn(), "ATTACHMENT_MAX_MB": "0.05"}
        connector = Connector(office, tmp_path / "home", clock, **settings)
        assert connector.sync().exit_code() == 0
        rows = database.rows("attachments")
        assert {row["state"] for row in rows.values()} == {"stored", "too_large"}
        for key, row in rows.items():
            if row["state"] == "stored":
                data = (connector.settings.attachments_path / row["path"]).read_bytes()
                assert (row["sha256"], hashlib.sha256(data).hexdigest()) == (sha256_of(office, key),) * 2
        connector.close()


def test_hostile_names_are_kept_in_the_row_and_out_of_the_disk(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    files = tuple(mail_file(mailbox.new_id(), name, size=400) for name in HOSTILE)
    mailbox.add_conversation("Böse", mails=0)
    mailbox.receive_mail(files=files)
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path / "home", clock)
        assert connector.sync().exit_code() == 0
        rows = stored(connector)
        assert {row["filename"] for row in rows.values()} == {name or None for name in HOSTILE}
        assert {row["state"] for row in rows.values()} == {"stored"}
        for row in rows.values():
            folder, _, name = row["path"].partition("/")
            stem, dot, ending = name.partition(".")
            assert (folder, stem) == (row["sha256"][:2], row["sha256"])
            assert (not dot) or (ending.isascii() and ending.isalnum() and ending == ending.lower())
        assert {row["path"].partition(".")[2] for row in rows.values()} == {"", "pdf", "txt", "exe"}
        assert len(names_on_disk(connector)) == len(HOSTILE)
        connector.close()
    assert [each.name for each in tmp_path.iterdir()] == ["home"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_files_are_private(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    mailbox.add_conversation("Plan", files=("Plan.pdf",))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        for each in connector.settings.attachments_path.rglob("*"):
            assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)
        connector.close()


def test_what_is_too_large_is_left_out_until_more_is_allowed(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    large = mail_file(mailbox.new_id(), "Scan.pdf", size=2_000_000)
    mailbox.add_conversation("Scan", files=(large, "Plan.pdf"))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, ATTACHMENT_MAX_MB="1")
        assert connector.sync().exit_code() == 0
        assert stored(connector)[large.id]["state"] == "too_large"
        assert files_asked(office) == 1
        assert connector.engine.status().state == "in step"
        connector.restart(ATTACHMENT_MAX_MB="3")
        assert connector.sync().exit_code() == 0
        assert stored(connector)[large.id]["sha256"] == sha256_of(office, large.id)
        assert len(names_on_disk(connector)) == 2
        connector.close()


def test_an_address_that_expired_is_read_again(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    for number in range(12):
        mailbox.add_conversation(f"Plan {number}", files=(f"Plan {number}.pdf",))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, ATTACHMENTS="false")
        connector.sync()
        # Another run: no address is known. Twelve e-mails are two requests.
        connector.restart()
        before = messages_read(office)
        assert connector.sync().exit_code() == 0
        assert messages_read(office) == before + 2
        assert {row["state"] for row in stored(connector).values()} == {"stored"}
        # The host counts another hour than we do: a refused address is read again, once.
        mailbox.add_conversation("Neu", files=("Neu.pdf",))
        rule = office.missive.attachment_server.faults.status(403)
        before = messages_read(office)
        assert connector.sync().exit_code() == 0
        assert (rule.struck, messages_read(office)) == (1, before + 2)
        connector.close()


def test_a_file_that_is_refused_again_is_tried_slowly_and_shown(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox, expect_log: ExpectLog
) -> None:
    mailbox.add_conversation("Plan", files=("Plan.pdf", "Ansicht.pdf"))
    with sandbox(clock, mailbox=mailbox) as office:
        faults = office.missive.attachment_server.faults
        faults.status(403, When(match=lambda request: "Plan.pdf" in request.path, times=None))
        connector = Connector(office, tmp_path, clock)
        states = []
        for _ in range(4):
            report = connector.sync()
            states.append(sorted(str(row["state"]) for row in stored(connector).values()))
        assert states == [["stored", "waiting"]] * 2 + [["failed", "stored"]] * 2
        expect_log("is not stored: Missive's file store does not give a file. It answered 403")
        status = connector.engine.status()
        assert (report.exit_code(), status.state) == (1, "attention")
        assert status.headline == "1 attachment is not stored"
        assert status.to_json()["files"] == {"waiting": 0, "failed": 1}
        faults.clear()
        assert connector.sync().exit_code() == 0
        assert {row["state"] for row in stored(connector).values()} == {"stored"}
        assert connector.engine.status().state == "in step"
        connector.close()


def test_files_of_an_email_that_is_gone_are_not_asked_for_again(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    kept = mailbox.add_conversation("Plan", files=("Plan.pdf",), mails=2)
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, ATTACHMENTS="false")
        connector.sync()
        mailbox.delete_message(mailbox.messages_of(kept)[0].id)
        connector.restart()
        assert connector.sync().exit_code() == 0
        (row,) = stored(connector).values()
        assert row["state"] == "failed"
        assert connector.engine.status().files.failed == 0
        before = messages_read(office)
        connector.sync()
        assert messages_read(office) == before
        connector.close()


def test_a_file_that_joins_an_email_later_is_stored_and_one_that_leaves_loses_its_row(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    begun = mailbox.add_conversation("Plan", files=("Plan.pdf",))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        (message,) = mailbox.messages_of(mailbox.conversation(begun.id))
        clock.advance(5)
        new = mail_file(mailbox.new_id(), "Nachtrag.pdf")
        mailbox.put_message(replace(message, files=(new,), updated_at=mailbox.now()))
        mailbox.comment(begun.id)
        connector.sync()
        rows = stored(connector)
        assert [row["state"] for row in rows.values()] == ["stored"]
        assert list(rows) == [new.id]
        connector.close()


def test_another_database_takes_over_what_lies_on_the_disk(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    mailbox.add_conversation("Plan", files=("Plan.pdf", "Ansicht.pdf"))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        before = stored(connector)
        connector.restart(SQLITE_PATH=str(tmp_path / "other.db"))
        connector.sync()
        assert stored(connector) == before
        assert files_asked(office) == 2
        # The folder was moved: what was moved along is not fetched again.
        moved = tmp_path / "moved"
        connector.settings.attachments_path.rename(moved)
        next(moved.glob("*/*.pdf")).unlink()
        connector.restart(SQLITE_PATH=str(tmp_path / "other.db"), ATTACHMENTS_PATH=str(moved))
        connector.sync()
        assert stored(connector) == before
        assert files_asked(office) == 3
        connector.close()


def test_a_lost_ledger_stores_nothing_twice(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    mailbox.add_conversation("Plan", files=("Plan.pdf", "Ansicht.pdf"))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        before, names = stored(connector), names_on_disk(connector)
        connector.close()
        for file in connector.paths.data.glob("ledger.db*"):
            file.unlink()
        connector.restart()
        connector.sync()
        assert (stored(connector), names_on_disk(connector)) == (before, names)
        connector.close()


def test_rows_that_somebody_removed_come_back_with_their_state(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    mailbox.add_conversation("Plan", files=("Plan.pdf",))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        before = stored(connector)
        with closing(sqlite3.connect(connector.settings.sqlite_path)) as database, database:
            database.execute("DELETE FROM attachments")
        report = connector.engine.backfill(Since(None), connector.stop, rewrite=True)
        assert report.exit_code() == 0
        assert stored(connector) == before
        assert files_asked(office) == 1
        connector.close()
