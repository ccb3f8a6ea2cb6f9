"""The sandbox's Airtable: lists, their pages, order and formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyairtable.formulas import match

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tray_connector.sandbox.airtable_site import AirtableSite

INVALID = (422, "INVALID_REQUEST_UNKNOWN")


@pytest.fixture(scope="module")
def full() -> Iterator[AirtableSite]:
    with mail_base() as running:
        running.add_records(
            "Emails", [{"Email ID": f"m{number}", "Size": number, "Draft": number % 2 == 0} for number in range(250)]
        )
        yield running


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base() as running:
        yield running


def listed(site: AirtableSite, **query: Any) -> Any:
    """The first page of Emails."""
    return ask(site, "GET", "{base}/Emails", query=query)


def test_pages_hold_a_hundred_and_the_last_one_has_no_offset(full: AirtableSite) -> None:
    first = listed(full).json()
    second = listed(full, offset=first["offset"]).json()
    third = listed(full, offset=second["offset"]).json()
    assert [len(page["records"]) for page in (first, second, third)] == [100, 100, 50]
    assert "offset" not in third
    assert len({record["id"] for page in (first, second, third) for record in page["records"]}) == 250


def test_a_page_that_ends_with_the_list_has_no_offset(full: AirtableSite) -> None:
    assert "offset" not in listed(full, maxRecords=100).json()
    assert "offset" in listed(full, maxRecords=101).json()


def test_pyairtable_reads_all_in_order_by_both_forms(full: AirtableSite) -> None:
    with api_of(full) as api:
        table = api.table(full.base_id, "Emails")
        sizes = [row["fields"]["Size"] for row in table.all(sort=["-Size"], fields=["Size"], page_size=60)]
        assert sizes == list(range(249, -1, -1))
        before = full.requests.count(method="POST")
        many = "OR(" + ",".join(f"{{Email ID}}='m{number}'" for number in range(700)) + ",{Email ID}='m999')"
        found = table.all(formula=many, sort=["Size"], fields=["Email ID"])
    assert full.requests.count(method="POST") == before + 3
    assert [row["fields"] for row in found] == [{"Email ID": f"m{number}"} for number in range(250)]


def test_a_view_keeps_the_order_of_the_table(full: AirtableSite) -> None:
    page = listed(full, view="Grid view", maxRecords=3).json()["records"]
    assert [record["fields"]["Size"] for record in page] == [0, 1, 2]
    assert refused(listed(full, view="Nope")) == (422, "VIEW_NAME_NOT_FOUND")


@pytest.mark.parametrize(
    ("formula", "number"),
    [
        ("{Email ID}='m7'", 1),
        ('{Email ID} = "m7"', 1),
        ("{Size}=7", 1),
        ("{Size}>=240", 10),
        ("AND({Size}<10,{Draft})", 5),
        ("NOT({Draft})", 125),
        ("OR({Size}=1,{Size}=2,{Size}=900)", 2),
        ("{Subject}=''", 250),
        ("{Subject}=BLANK()", 250),
        ("{Subject}!=''", 0),
        ("{Email ID}=7", 0),
        ("TRUE()", 250),
        ("0", 0),
        ("RECORD_ID()='rec00000000000000'", 0),
        ("(({Size}))=3", 1),
    ],
)
def test_a_formula_chooses(full: AirtableSite, formula: str, number: int) -> None:
    with api_of(full) as api:
        assert len(api.table(full.base_id, "Emails").all(formula=formula)) == number


@pytest.mark.parametrize(
    "formula", ["{Nope}='a'", "SEARCH('a',{Subject})", "{Size}=", "'a", "AND()", "{Size} 7", "OR({Size}", "(" * 5000]
)
def test_a_formula_that_is_not_understood_is_refused(full: AirtableSite, formula: str) -> None:
    answer = listed(full, filterByFormula=formula)
    assert refused(answer) == (422, "INVALID_FILTER_BY_FORMULA")
    assert answer.json()["error"]["message"].startswith("The formula for filtering records is invalid: ")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_pyairtables_quoting_finds_any_text(site: AirtableSite, key: str) -> None:
    (made,) = site.add_records("Emails", [{"Email ID": key}])
    with api_of(site) as api:
        found = api.table(site.base_id, "Emails").all(formula=match({"Email ID": key}))
    assert made in {row["id"] for row in found}
    assert {row["fields"]["Email ID"] for row in found} == {key}
    site.remove_records("Emails", [made])


def test_an_offset_goes_stale_or_is_none(full: AirtableSite) -> None:
    offset = listed(full).json()["offset"]
    full.expire_offsets()
    stale = listed(full, offset=offset)
    assert (stale.status_code, stale.json()) == (422, {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}})
    assert refused(listed(full, offset="nonsense")) == (422, "INVALID_OFFSET_VALUE")


def test_a_record_deleted_between_two_pages_is_left_out(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Size": number} for number in range(101)])
    page = listed(site).json()
    seen = {record["id"] for record in page["records"]}
    site.remove_records("Emails", [row.id for row in site.table("Emails") if row.id not in seen])
    assert listed(site, offset=page["offset"]).json() == {"records": []}


@pytest.mark.parametrize(
    "query",
    [{"pageSize": 101}, {"pageSize": 0}, {"pageSize": "a"}, {"maxRecords": 0}, {"colour": "red"}, {"cellFormat": "x"}],
)
def test_a_query_of_the_wrong_form_is_refused(full: AirtableSite, query: dict[str, Any]) -> None:
    assert refused(listed(full, **query)) == INVALID


def test_unknown_fields_are_refused_in_every_place(full: AirtableSite) -> None:
    for query in ({"fields[]": "Nope"}, {"sort[0][field]": "Nope"}):
        assert refused(listed(full, **query)) == (422, "UNKNOWN_FIELD_NAME")
    body = {"sort": [{"field": "Size", "direction": "down"}]}
    assert refused(ask(full, "POST", "{base}/Emails/listRecords", body)) == INVALID


def test_an_address_that_is_too_long_is_refused(full: AirtableSite) -> None:
    assert listed(full, filterByFormula="'" + "x" * 16_000 + "'").status_code == 414
