"""The sandbox's Airtable: attachments, fetched from the sandbox's Missive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tests.support.clock import FakeClock
from tests.support.missive_site import fetch, read
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches
from tray_connector.sandbox.faults import ALWAYS, When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.missive_site import MissiveSite

PARTIAL = {"message": "partialSuccess", "reasons": ["attachmentsFailedUploading"]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def missive(clock: FakeClock) -> Iterator[MissiveSite]:
    with MissiveSite(Mailbox(clock=clock)) as running:
        yield running


@pytest.fixture
def site(clock: FakeClock) -> Iterator[AirtableSite]:
    with mail_base(clock) as running:
        yield running


def signed(missive: MissiveSite, *names: str) -> list[dict[str, Any]]:
    """Files of a new mail as a client finds them: with their signed addresses."""
    files = [mail_file(missive.mailbox.new_id(), name, size=2_000) for name in names]
    message = missive.mailbox.add_conversation(files=files).message_ids[0]
    found: list[dict[str, Any]] = read(missive, f"messages/{message}")["attachments"]
    return found


def new(*files: dict[str, Any]) -> list[dict[str, Any]]:
    """The files as they are given to Airtable."""
    return [{"url": file["url"], "filename": file["filename"]} for file in files]


def write(site: AirtableSite, cell: Any) -> Any:
    """Upsert one mail with this cell; the whole answer."""
    records = [{"fields": {"Email ID": "m1", "Attachments": cell}}]
    body = {"records": records, "performUpsert": {"fieldsToMergeOn": ["Email ID"]}}
    return ask(site, "PATCH", "{base}/Emails", body)


def cell(site: AirtableSite) -> list[dict[str, Any]]:
    """What stands in the mail's cell now."""
    (row,) = site.table("Emails")
    return list(row.fields.get("Attachments", []))


def test_files_are_fetched_after_the_answer(site: AirtableSite, missive: MissiveSite) -> None:
    plan, scan = signed(missive, "Plan Ä.pdf", "Scan.png")
    site.hold_fetches()
    (record,) = write(site, new(plan, scan)).json()["records"]
    assert [set(file) for file in record["fields"]["Attachments"]] == [{"id", "url", "filename"}] * 2
    assert fetch(record["fields"]["Attachments"][0]["url"]).status_code == 404
    site.hold_fetches(False)
    assert site.settle()
    stored = cell(site)
    assert [(file["filename"], file["size"], file["type"]) for file in stored] == [
        ("Plan Ä.pdf", plan["size"], "application/pdf"),
        ("Scan.png", scan["size"], "image/png"),
    ]
    assert [file["id"] for file in stored] == [file["id"] for file in record["fields"]["Attachments"]]
    assert fetch(stored[0]["url"]).content == fetch(plan["url"]).content
    assert site.fetched == [plan["url"], scan["url"]]
    assert missive.attachments.authorized == 0


def test_an_address_of_airtables_own_expires_after_two_hours(
    site: AirtableSite, missive: MissiveSite, clock: FakeClock
) -> None:
    write(site, new(*signed(missive, "Plan.pdf")))
    assert site.settle()
    (stored,) = cell(site)
    assert urlsplit(stored["url"]).netloc != urlsplit(site.url).netloc
    clock.advance(7200)
    assert fetch(stored["url"]).status_code == 200
    clock.advance(1)
    assert fetch(stored["url"]).status_code == 403
    assert fetch(cell(site)[0]["url"]).status_code == 200


def test_the_cell_is_what_was_written_last(site: AirtableSite, missive: MissiveSite) -> None:
    first, second = signed(missive, "a.pdf", "b.pdf")
    write(site, new(first))
    assert site.settle()
    (kept,) = cell(site)
    write(site, [{"id": kept["id"]}, *new(second)])
    assert site.settle()
    assert [file["filename"] for file in cell(site)] == ["a.pdf", "b.pdf"]
    assert cell(site)[0]["id"] == kept["id"]
    write(site, new(first))
    assert site.settle()
    assert cell(site)[0]["id"] != kept["id"]
    assert site.fetched == [first["url"], second["url"], first["url"]]
    ask(site, "PATCH", f"{{base}}/Emails/{site.table('Emails')[0].id}", {"fields": {"Subject": "a"}})
    assert len(cell(site)) == 1
    write(site, None)
    assert cell(site) == []


@pytest.mark.parametrize(
    "entry",
    [{"id": "att00000000000000"}, {"url": "file:///etc/passwd"}, {"url": 7}, {}, {"url": "https://x/a", "filename": 1}],
)
def test_an_entry_that_is_no_attachment_is_refused(site: AirtableSite, entry: dict[str, Any]) -> None:
    assert refused(write(site, [entry])) == (422, "INVALID_ATTACHMENT_OBJECT")
    assert site.table("Emails") == []


def test_an_expired_address_fails_silently(site: AirtableSite, missive: MissiveSite, clock: FakeClock) -> None:
    files = signed(missive, "a.pdf")
    clock.advance(4 * 3600 + 1)
    answer = write(site, new(*files)).json()
    assert "details" not in answer
    assert len(answer["records"][0]["fields"]["Attachments"]) == 1
    assert site.settle()
    assert cell(site) == []


def test_an_address_without_a_server_may_stay_dead(site: AirtableSite) -> None:
    site.switches = AirtableSwitches(failed_fetch="dead")
    write(site, [{"url": f"{site.url}/nothing/a%20b.pdf"}])
    assert site.settle()
    (dead,) = cell(site)
    assert (dead["filename"], "size" in dead) == ("a b.pdf", False)
    assert fetch(dead["url"]).status_code == 404


def test_redirects_are_followed_three_times(site: AirtableSite, missive: MissiveSite) -> None:
    (file,) = signed(missive, "a.pdf")
    missive.attachment_server.faults.redirect(file["url"], When(times=3))
    write(site, new(file))
    assert site.settle()
    assert len(cell(site)) == 1
    missive.attachment_server.faults.redirect(file["url"], ALWAYS)
    write(site, new(file))
    assert site.settle()
    assert cell(site) == []


def test_a_login_page_is_stored_as_if_it_were_the_file(site: AirtableSite, missive: MissiveSite) -> None:
    (file,) = signed(missive, "a.pdf")
    missive.attachment_server.faults.html()
    write(site, new(file))
    assert site.settle()
    assert cell(site)[0]["type"] == "text/html"
    assert cell(site)[0]["size"] != file["size"]


def test_repeated_failures_are_told_and_forgotten(site: AirtableSite, clock: FakeClock) -> None:
    dead = [{"url": f"{site.url}/nothing/a.pdf"}]
    for _ in range(3):
        assert "details" not in write(site, dead).json()
        assert site.settle()
    answer = write(site, dead).json()
    assert answer["details"] == PARTIAL
    assert "Attachments" not in answer["records"][0]["fields"]
    clock.advance(600)
    assert "details" not in write(site, dead).json()
    assert site.settle()


def test_a_write_is_told_of_its_loss_when_the_test_says_so(site: AirtableSite, missive: MissiveSite) -> None:
    first, second = signed(missive, "a.pdf", "b.pdf")
    write(site, new(first))
    assert site.settle()
    kept = {"id": cell(site)[0]["id"]}
    site.tell_attachments("attachmentUploadRateIsTooHigh")
    assert "details" not in write(site, [kept]).json()
    answer = write(site, [kept, *new(second)]).json()
    assert answer["details"] == {"message": "partialSuccess", "reasons": ["attachmentUploadRateIsTooHigh"]}
    assert [file["filename"] for file in cell(site)] == ["a.pdf"]
    assert "details" not in write(site, [kept, *new(second)]).json()
    assert site.settle()
    assert [file["filename"] for file in cell(site)] == ["a.pdf", "b.pdf"]


def test_a_fetch_may_take_its_time(site: AirtableSite, missive: MissiveSite, clock: FakeClock) -> None:
    site.switches = AirtableSwitches(fetch_seconds=60)
    write(site, new(*signed(missive, "a.pdf")))
    clock.advance(59)
    assert not site.settle(0.1)
    clock.advance(1)
    assert site.settle()
    assert cell(site)[0]["size"] == 2_000


class ToTheSandbox(HTTPAdapter):
    """Sends what pyairtable addresses to Airtable's host for contents to the sandbox."""

    def __init__(self, site: AirtableSite) -> None:
        super().__init__()
        self._site = site

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = self._site.url + urlsplit(request.url or "").path
        return super().send(request, *args, **kwargs)


def test_pyairtable_uploads_a_file_up_to_five_megabytes(site: AirtableSite) -> None:
    (record,) = site.add_records("Emails", [{"Email ID": "m1"}])
    column = next(each["id"] for each in site.columns("Emails") if each["name"] == "Attachments")
    with api_of(site) as api:
        api.session.mount("http://content.airtable.com", ToTheSandbox(site))
        table = api.table(site.base_id, "Emails")
        table.upload_attachment(record, column, "a.txt", b"x" * 1000, "text/plain")
        answer = table.upload_attachment(record, column, "b.txt", b"y" * 5 * 1024 * 1024, "text/plain")
        assert [file["filename"] for file in answer["fields"][column]] == ["a.txt", "b.txt"]
        with pytest.raises(requests.HTTPError, match="413"):
            table.upload_attachment(record, column, "c.txt", b"z" * (5 * 1024 * 1024 + 1), "text/plain")
    assert [file["size"] for file in cell(site)] == [1000, 5 * 1024 * 1024]
    assert fetch(cell(site)[0]["url"]).content == b"x" * 1000


def test_a_plan_without_space_for_a_file_loses_it_silently(site: AirtableSite, missive: MissiveSite) -> None:
    site.workspace.plan = replace(site.workspace.plan, attachment_bytes=3_000)
    assert "details" not in write(site, new(*signed(missive, "a.pdf", "b.pdf"))).json()
    assert site.settle()
    assert [file["filename"] for file in cell(site)] == ["a.pdf"]
