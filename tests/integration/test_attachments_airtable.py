"""Files of e-mails into Airtable, which fetches them itself."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.test_attachments import assert_nothing_of_an_address_was_written_down, messages_read
from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.log_guard import ExpectLog
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import file_bytes, mail_file
from tray_connector.sandbox.mailbox_records import Conversation, Message
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since
from tray_connector.sync.ledger_schema import UNCLEAN

TEN_MINUTES = 601.0


@pytest.fixture
def site(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="team", rate_scale=1000) as site:
        yield site


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox:
    return Mailbox(clock=clock)


@pytest.fixture
def office(clock: FakeClock, mailbox: Mailbox) -> Iterator[SandboxOffice]:
    with sandbox(clock, mailbox=mailbox) as office:
        yield office


@pytest.fixture
def connector(office: SandboxOffice, site: AirtableSite, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", clock, **site.environment())
    yield connector
    connector.close()


def mail_with(mailbox: Mailbox, *names: str, subject: str = "Plan") -> tuple[Conversation, Message]:
    """A conversation of one mail with these files."""
    begun = mailbox.add_conversation(subject, files=names)
    (message,) = mailbox.messages_of(begun)
    return begun, message


def change_files(mailbox: Mailbox, message: Message, *names: str, keep: int = 0) -> Message:
    """The mail has these files now, after the first `keep` of those it had."""
    new = tuple(mail_file(mailbox.new_id(), name) for name in names)
    assert isinstance(mailbox.clock, FakeClock)
    mailbox.clock.advance(5)
    changed = mailbox.put_message(replace(message, files=message.files[:keep] + new, updated_at=mailbox.now()))
    mailbox.comment(message.conversation_id)
    return changed


def names(site: AirtableSite, row: int = 0) -> list[str]:
    """What the cell of a row shows, once everything is fetched."""
    assert site.settle()
    return [each["filename"] for each in site.table("Emails")[row].fields.get("Attachments", ())]


def ids(site: AirtableSite) -> list[str]:
    return [each["id"] for each in site.table("Emails")[0].fields.get("Attachments", ())]


def test_files_go_along_with_the_row_and_cost_nothing_more(
    clock: FakeClock, site: AirtableSite, tmp_path: Path
) -> None:
    mailbox = Mailbox.office(clock=clock)
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path / "home", clock, **site.environment())
        assert connector.sync().exit_code() == 0
        calls, read = site.calls, messages_read(office)
        rows = site.table("Emails")
        assert calls["upsert"] <= -(-len(rows) // 10) + 2
        assert site.settle()
        expected = {}
        for conversation in mailbox.conversations():
            for message in mailbox.messages_of(conversation):
                shown = [file for file in message.files if file.id not in message.body]
                expected[message.id] = sorted((file.filename, len(file_bytes(file))) for file in shown)
        stored = {
            str(row.fields["Email ID"]): sorted((f["filename"], f["size"]) for f in row.fields.get("Attachments", ()))
            for row in site.table("Emails")
        }
        assert stored == {key: expected[key] for key in stored}
        assert any(stored.values())
        assert office.missive.attachments.authorized == 0
        # Ten minutes later one call tells that all of them are there.
        assert connector.engine.status().state == "in step"
        clock.advance(TEN_MINUTES)
        before = site.calls
        connector.sync()
        assert site.calls - before == {"list": 1}
        assert (messages_read(office), len(site.fetched)) == (read, len(set(site.fetched)))
        before = site.calls
        clock.advance(TEN_MINUTES)
        connector.sync()
        assert site.calls - before == {}
        connector.close()
        assert_nothing_of_an_address_was_written_down(tmp_path)


def test_a_changed_set_keeps_what_is_there_and_sends_only_what_is_new(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, clock: FakeClock
) -> None:
    _, message = mail_with(mailbox, "Plan.pdf", "Ansicht.pdf")
    connector.sync()
    assert names(site) == ["Plan.pdf", "Ansicht.pdf"]
    first = ids(site)
    # A text that changes leaves the field alone.
    clock.advance(5)
    mailbox.edit_mail(message.id, subject="Anders")
    mailbox.comment(message.conversation_id)
    connector.sync()
    assert site.table("Emails")[0].fields["Subject"] == "Anders"
    assert ids(site) == first
    change_files(mailbox, mailbox.message(message.id), "Nachtrag.pdf", keep=1)
    connector.sync()
    assert names(site) == ["Plan.pdf", "Nachtrag.pdf"]
    assert ids(site)[0] == first[0]
    assert len(site.fetched) == 3
    change_files(mailbox, mailbox.message(message.id), keep=0)
    connector.sync()
    assert names(site) == []


def test_a_file_that_airtable_did_not_get_is_sent_again_twice_and_told_once(
    connector: Connector, site: AirtableSite, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    mail_with(office.mailbox, "Plan.pdf", "Ansicht.pdf")
    office.missive.attachment_server.faults.status(500, When(match=lambda r: "Plan.pdf" in r.path, times=None))
    sent = []
    for _ in range(5):
        connector.sync()
        assert site.settle()
        sent.append(sum("Plan.pdf" in address for address in site.fetched))
        clock.advance(TEN_MINUTES)
        connector.sync()
        clock.advance(60)
    assert sent == [1, 2, 3, 3, 3]
    assert names(site) == ["Ansicht.pdf"]
    assert sum("Ansicht" in address for address in site.fetched) == 1
    expect_log("Airtable does not store the file .* sent three times")
    assert connector.engine.status().headline == "1 attachment is not stored"
    assert len(set(site.fetched)) == len(site.fetched)


def test_what_airtable_refuses_at_once_is_sent_again(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, clock: FakeClock
) -> None:
    mail_with(mailbox, "Plan.pdf")
    site.tell_attachments("attachmentUploadRateIsTooHigh")
    report = connector.sync()
    assert (names(site), report.files.left) == ([], 1)
    clock.advance(60)
    assert connector.sync().exit_code() == 0
    assert names(site) == ["Plan.pdf"]
    clock.advance(TEN_MINUTES)
    connector.sync()
    assert connector.engine.status().files.waiting == 0


def test_without_an_address_at_hand_it_is_read_just_before(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, office: SandboxOffice
) -> None:
    for number in range(12):
        mail_with(mailbox, f"Plan {number}.pdf", subject=f"Plan {number}")
    connector.restart(**site.environment(), ATTACHMENTS="false")
    connector.sync()
    assert all("Attachments" not in row.fields for row in site.table("Emails"))
    connector.restart(**site.environment())
    before, calls = messages_read(office), site.calls
    assert connector.sync().exit_code() == 0
    assert messages_read(office) == before + 2
    assert (site.calls - calls)["upsert"] == 2
    assert sorted(name for row in range(12) for name in names(site, row)) == sorted(f"Plan {n}.pdf" for n in range(12))


def test_a_base_of_the_older_connector_is_taken_over_without_one_file_twice(
    connector: Connector, site: AirtableSite, tmp_path: Path, office: SandboxOffice, clock: FakeClock
) -> None:
    mail_with(office.mailbox, "Plan.pdf", "Ansicht.pdf")
    _, more = mail_with(office.mailbox, "Alt.pdf", "Neu.pdf", subject="Mehr")
    connector.sync()
    assert site.settle()
    # As the older connector left it: one file is missing, another one somebody added by hand.
    row = next(row for row in site.table("Emails") if row.fields["Email ID"] == more.id)
    kept = [each for each in row.fields["Attachments"] if each["filename"] == "Alt.pdf"]
    extra = site.table("Emails")[0].fields["Attachments"][:1]
    by_hand = {"url": extra[0]["url"], "filename": "Hand.txt"}
    site.change_record("Emails", row.id, {"Attachments": [{"id": kept[0]["id"]}, by_hand]})
    assert site.settle()
    before = {row.id: row.fields["Attachments"] for row in site.table("Emails")}
    fetched = len(site.fetched)
    fresh = Connector(office, tmp_path / "other", clock, **site.environment())
    assert fresh.sync().exit_code() == 0
    assert site.settle()
    after = {row.id: row.fields["Attachments"] for row in site.table("Emails")}
    assert len(after) == 2
    assert len(site.fetched) == fetched + 1
    for key, files in after.items():
        old = [each["id"] for each in before[key]]
        assert set(old) <= {each["id"] for each in files}
    assert sorted(each["filename"] for each in after[row.id]) == ["Alt.pdf", "Hand.txt", "Neu.pdf"]
    clock.advance(TEN_MINUTES)
    fresh.sync()
    assert len(site.fetched) == fetched + 1
    fresh.close()


def test_a_row_that_somebody_deleted_comes_back_with_its_files(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, clock: FakeClock
) -> None:
    _, message = mail_with(mailbox, "Plan.pdf")
    mail_with(mailbox, "Bleibt.pdf", subject="Bleibt")
    connector.sync()
    (row,) = [row for row in site.table("Emails") if row.fields["Email ID"] == message.id]
    site.remove_records("Emails", [row.id])
    clock.advance(5)
    mailbox.edit_mail(message.id, subject="Anders")
    mailbox.comment(message.conversation_id)
    connector.sync()
    connector.sync()
    assert site.settle()
    (row,) = [row for row in site.table("Emails") if row.fields["Email ID"] == message.id]
    assert [each["filename"] for each in row.fields["Attachments"]] == ["Plan.pdf"]


def test_writing_everything_anew_sends_no_file_again(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, clock: FakeClock
) -> None:
    mail_with(mailbox, "Plan.pdf")
    connector.sync()
    assert names(site) == ["Plan.pdf"]
    clock.advance(5)
    assert connector.engine.backfill(Since(None), connector.stop, rewrite=True).exit_code() == 0
    assert names(site) == ["Plan.pdf"]
    assert len(site.fetched) == 1


def test_inline_and_too_large_files_are_not_sent(connector: Connector, site: AirtableSite, mailbox: Mailbox) -> None:
    large = mail_file(mailbox.new_id(), "Scan.pdf", size=2_000_000)
    logo = mail_file(mailbox.new_id(), "logo.png")
    begun = mailbox.begin()
    html = f'<p>Siehe Logo</p><img data-missive-attachment-id="{logo.id}">'
    mailbox.receive_mail(begun.id, html=html, files=(logo, large, "Plan.pdf"))
    connector.restart(**site.environment(), ATTACHMENT_MAX_MB="1")
    assert connector.sync().exit_code() == 0
    assert names(site) == ["Plan.pdf"]
    connector.restart(**site.environment(), ATTACHMENT_MAX_MB="3")
    assert connector.sync().exit_code() == 0
    assert sorted(names(site)) == ["Plan.pdf", "Scan.pdf"]
    assert len(site.fetched) == 2


def test_an_outage_in_the_middle_of_a_batch_sends_no_file_twice(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, clock: FakeClock, expect_log: ExpectLog
) -> None:
    for number in range(25):
        mail_with(mailbox, f"Plan {number}.pdf", subject=f"Plan {number}")
    site.fail_next(500, "SERVER_ERROR", on="upsert", at=2, times=None)
    assert connector.sync().exit_code() == 1
    assert site.settle()
    expect_log("Airtable")
    assert 0 < len(site.fetched) < 25
    site.faults.clear()
    clock.advance(3600)
    assert connector.sync().exit_code() == 0
    assert sorted(name for row in range(25) for name in names(site, row)) == sorted(f"Plan {n}.pdf" for n in range(25))
    assert len(site.fetched) == 25


def test_a_crash_between_write_and_note_sends_no_file_twice(
    connector: Connector, site: AirtableSite, mailbox: Mailbox, tmp_path: Path
) -> None:
    connector.sync()
    mail_with(mailbox, "Plan.pdf")
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    connector.close()
    kept = {path: tmp_path / path.name for path in (connector.paths.ledger, connector.paths.spool)}
    shutil.copy(connector.paths.ledger, kept[connector.paths.ledger])
    shutil.copytree(connector.paths.spool, kept[connector.paths.spool])
    connector.restart(**site.environment())
    connector.sync()
    connector.close()
    shutil.copy(kept[connector.paths.ledger], connector.paths.ledger)
    shutil.rmtree(connector.paths.spool)
    shutil.copytree(kept[connector.paths.spool], connector.paths.spool)
    with closing(sqlite3.connect(connector.paths.ledger)) as ledger, ledger:
        ledger.execute("INSERT INTO flags VALUES (?, '1')", (UNCLEAN,))
    connector.restart(**site.environment())
    assert connector.sync().exit_code() == 0
    assert names(site) == ["Plan.pdf"]
    assert len(site.fetched) == 1
