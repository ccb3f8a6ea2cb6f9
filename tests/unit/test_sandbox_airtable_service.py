"""The sandbox's Airtable: its servers, scripted trouble, and its place beside the office."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tests.support.clock import FakeClock
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base() as running:
        yield running


def test_a_scripted_error_strikes_the_calls_it_is_meant_for(site: AirtableSite) -> None:
    rule = site.fail_next(503, "RETRIABLE_ERROR", "Server encountered an error", on="create", at=2)
    body = {"fields": {"Email ID": "m1"}}
    assert ask(site, "GET", "{base}/Emails").status_code == 200
    assert ask(site, "POST", "{base}/Emails", body).status_code == 200
    assert refused(ask(site, "POST", "{base}/Emails", body)) == (503, "RETRIABLE_ERROR")
    assert ask(site, "POST", "{base}/Emails", body).status_code == 200
    assert (rule.struck, site.calls["create"], site.requests.count(method="POST")) == (1, 2, 3)


def test_a_scripted_error_may_have_every_form(site: AirtableSite) -> None:
    site.fail_next(429, "RATE_LIMIT_REACHED", "Slow", shape="plural", headers={"Retry-After": "7"})
    answer = ask(site, "GET", "{base}/Emails")
    assert answer.json() == {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Slow"}]}
    assert answer.headers["Retry-After"] == "7"
    site.fail_next(404, "NOT_FOUND", shape="string")
    assert ask(site, "GET", "{base}/Emails").json() == {"error": "NOT_FOUND"}


def test_an_answer_lost_after_the_write_leaves_the_write(site: AirtableSite) -> None:
    site.faults.lose(site.when("create"))
    with pytest.raises(requests.ConnectionError):
        ask(site, "POST", "{base}/Emails", {"fields": {"Email ID": "m1"}})
    assert [row.fields for row in site.table("Emails")] == [{"Email ID": "m1"}]
    site.faults.drop(When(method="POST"))
    with pytest.raises(requests.ConnectionError):
        ask(site, "POST", "{base}/Emails", {"fields": {"Email ID": "m2"}})
    assert len(site.table("Emails")) == 1


def test_the_site_comes_back_on_its_port_with_its_records(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Email ID": "m1"}])
    address = site.url
    site.stop()
    with pytest.raises(requests.ConnectionError):
        ask(site, "GET", "{base}/Emails")
    site.start()
    assert site.url == address
    assert len(ask(site, "GET", "{base}/Emails").json()["records"]) == 1


def test_every_call_takes_the_latency_and_calls_overlap() -> None:
    with mail_base(SystemClock()) as site, api_of(site) as api:
        site.server.latency, site.server.jitter = 0.15, 0.05
        table = api.table(site.base_id, "Emails")
        begun = time.monotonic()
        threads = [threading.Thread(target=table.all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        taken = time.monotonic() - begun
        assert 0.15 <= taken < 8 * 0.15
        assert site.calls["list"] == 8


def test_calls_may_come_under_any_prefix(site: AirtableSite) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(
            f"{site.url}/proxy/airtable/v0/meta/whoami", headers={"Authorization": f"Bearer {site.token}"}, timeout=10
        )
    assert answer.status_code == 200


def test_a_base_is_changed_by_hand(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Email ID": "m1", "Subject": "a"}])
    site.rename_column("Emails", "Subject", "Betreff")
    site.change_column("Emails", "Size", "singleLineText")
    site.remove_column("Emails", "Draft")
    site.rename_table("Emails", "Post")
    assert site.table("Post")[0].fields == {"Email ID": "m1", "Betreff": "a"}
    types = site.column_types("Post")
    assert types["Size"] == "singleLineText"
    assert "Draft" not in types
    site.remove_table("Post")
    assert site.table_names == ["Table 1"]


def test_many_threads_write_and_each_record_is_there_once(site: AirtableSite) -> None:
    def write(part: int) -> None:
        with api_of(site) as api:
            records = [{"fields": {"Email ID": f"m{number}", "Size": part}} for number in range(40)]
            api.table(site.base_id, "Emails").batch_upsert(records, ["Email ID"])

    threads = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(row.fields["Email ID"] for row in site.table("Emails")) == sorted(f"m{n}" for n in range(40))


def test_the_office_has_an_airtable_that_is_no_destination_by_itself() -> None:
    with SandboxOffice(clock=FakeClock()) as office:
        assert not {name for name in office.environment() if name.startswith(("AIRTABLE", "DB_"))}
        added = {
            name: value for name, value in office.airtable_environment().items() if name not in office.environment()
        }
        assert added == {
            "DB_BACKEND": "airtable",
            "AIRTABLE_API_KEY": office.airtable.token,
            "AIRTABLE_BASE_ID": office.airtable.base_id,
            "AIRTABLE_ENDPOINT_URL": office.airtable.url,
            "AIRTABLE_PLAN": "team",
        }
        assert ask(office.airtable, "GET", "meta/whoami").status_code == 200


def test_a_port_of_airtable_that_is_taken_leaves_nothing_running(site: AirtableSite) -> None:
    office = SandboxOffice(clock=FakeClock(), airtable_port=int(site.url.rpartition(":")[2]))
    with pytest.raises(OSError) as refused_port:  # noqa: PT011 - its text is the operating system's
        office.start()
    assert refused_port.value.errno == errno.EADDRINUSE
    with pytest.raises(requests.ConnectionError):
        requests.get(office.missive.server.url, timeout=10)
