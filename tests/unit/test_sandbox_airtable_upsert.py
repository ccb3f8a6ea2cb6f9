"""The sandbox's Airtable: upserts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches

INVALID = (422, "INVALID_REQUEST_UNKNOWN")


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base() as running:
        yield running


def upsert(site: AirtableSite, *records: Any, merge: Any = ("Email ID",), method: str = "PATCH") -> Any:
    """Upsert into Emails; a record without `fields` or `id` is its fields."""
    whole = [each if {"fields", "id"} & set(each) else {"fields": each} for each in records]
    body = {"records": whole, "performUpsert": {"fieldsToMergeOn": list(merge)}}
    return ask(site, method, "{base}/Emails", body)


def test_what_is_not_there_is_created_and_what_is_there_updated(site: AirtableSite) -> None:
    (known,) = site.add_records("Emails", [{"Email ID": "m1", "Subject": "alt", "Size": 3}])
    with api_of(site) as api:
        result = api.table(site.base_id, "Emails").batch_upsert(
            [{"fields": {"Email ID": "m2", "Size": 1}}, {"fields": {"Email ID": "m1", "Subject": "neu"}}],
            ["Email ID"],
        )
    created, updated = result["records"]
    assert (result["createdRecords"], result["updatedRecords"]) == ([created["id"]], [known])
    assert updated["id"] == known
    assert updated["fields"] == {"Email ID": "m1", "Subject": "neu", "Size": 3}


def test_put_clears_what_is_not_named(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Email ID": "m1", "Subject": "alt", "Size": 3}])
    upsert(site, {"Email ID": "m1", "Subject": "neu"}, method="PUT")
    assert [row.fields for row in site.table("Emails")] == [{"Email ID": "m1", "Subject": "neu"}]


def test_several_matches_refuse_the_whole_request(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Email ID": "m1"}, {"Email ID": "m1"}])
    answer = upsert(site, {"Email ID": "m2"}, {"Email ID": "m1", "Subject": "neu"})
    assert refused(answer) == INVALID
    assert "Cannot update more than one record" in answer.json()["error"]["message"]
    assert [row.fields for row in site.table("Emails")] == [{"Email ID": "m1"}, {"Email ID": "m1"}]


def test_an_id_outranks_the_key(site: AirtableSite) -> None:
    first, second = site.add_records("Emails", [{"Email ID": "m1"}, {"Email ID": "m2"}])
    answer = upsert(site, {"id": second, "fields": {"Email ID": "m1"}}).json()
    assert (answer["createdRecords"], answer["updatedRecords"]) == ([], [second])
    assert [row.fields["Email ID"] for row in site.table("Emails")] == ["m1", "m1"]
    unknown = upsert(site, {"id": "rec00000000000000", "fields": {"Email ID": "m3"}}, {"Email ID": "m4"})
    assert refused(unknown) == (422, "ROW_DOES_NOT_EXIST")
    assert [row.id for row in site.table("Emails")] == [first, second]


def test_a_key_that_was_changed_is_found_under_its_new_value_only(site: AirtableSite) -> None:
    (known,) = site.add_records("Emails", [{"Email ID": "m1"}])
    assert upsert(site, {"Email ID": "m1"}).json()["updatedRecords"] == [known]
    site.change_record("Emails", known, {"Email ID": "m9"})
    assert upsert(site, {"Email ID": "m9"}).json()["updatedRecords"] == [known]
    assert len(upsert(site, {"Email ID": "m1"}).json()["createdRecords"]) == 1
    site.remove_records("Emails", [known])
    assert len(upsert(site, {"Email ID": "m9"}).json()["createdRecords"]) == 1


def test_two_fields_make_one_key(site: AirtableSite) -> None:
    site.add_records("Emails", [{"Email ID": "m1", "Size": 1}, {"Email ID": "m1", "Size": 2}])
    answer = upsert(site, {"Email ID": "m1", "Size": 2, "Subject": "neu"}, merge=("Email ID", "Size")).json()
    assert len(answer["updatedRecords"]) == 1
    assert [row.fields.get("Subject") for row in site.table("Emails")] == [None, "neu"]


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_key_creates(site: AirtableSite, empty: str | None) -> None:
    site.add_records("Emails", [{"Subject": "ohne"}])
    assert len(upsert(site, {"Email ID": empty, "Subject": "a"}).json()["createdRecords"]) == 1


@pytest.mark.parametrize(
    "merge", [(), ("Email ID", "Subject", "Size", "Body Text"), ("Sent At",), ("Draft",), ("Attachments",), (1,)]
)
def test_wrong_fields_to_merge_on(site: AirtableSite, merge: tuple[Any, ...]) -> None:
    assert refused(upsert(site, {"Email ID": "m1"}, merge=merge)) == INVALID


def test_an_unknown_field_to_merge_on_and_a_record_without_it(site: AirtableSite) -> None:
    assert refused(upsert(site, {"Email ID": "m1"}, merge=("Key",))) == (422, "UNKNOWN_FIELD_NAME")
    assert refused(upsert(site, {"Email ID": "m1"}, {"Subject": "a"})) == INVALID
    assert site.table("Emails") == []


def test_more_than_ten_are_refused_and_so_is_a_batch_without_upsert_or_ids(site: AirtableSite) -> None:
    eleven = [{"Email ID": f"m{number}"} for number in range(11)]
    assert refused(upsert(site, *eleven)) == (422, "INVALID_RECORDS")
    assert upsert(site, *eleven[:10]).status_code == 200
    assert site.calls == {"upsert": 2}


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("switch", ["refused", "last wins", "two records"])
def test_the_same_key_twice_in_a_call(site: AirtableSite, switch: Any, existing: bool) -> None:
    site.switches = AirtableSwitches(same_key_twice=switch)
    if existing:
        site.add_records("Emails", [{"Email ID": "m1"}])
    answer = upsert(site, {"Email ID": "m1", "Subject": "a"}, {"Email ID": "m1", "Size": 1})
    rows = [dict(row.fields) for row in site.table("Emails")]
    if switch == "refused":
        assert refused(answer) == INVALID
        assert rows == ([{"Email ID": "m1"}] if existing else [])
    elif switch == "two records" and not existing:
        assert rows == [{"Email ID": "m1", "Subject": "a"}, {"Email ID": "m1", "Size": 1}]
    else:
        assert rows == [{"Email ID": "m1", "Subject": "a", "Size": 1}]
        assert len(answer.json()["records"]) == 2


@pytest.mark.parametrize(
    ("switches", "same"),
    [
        (AirtableSwitches(), {"AbC"}),
        (AirtableSwitches(merge_matching="ignore case"), {"AbC", "abc"}),
        (AirtableSwitches(merge_matching="trimmed"), {"AbC", " AbC "}),
    ],
)
def test_how_keys_are_compared_is_a_switch(site: AirtableSite, switches: AirtableSwitches, same: set[str]) -> None:
    site.switches = switches
    for given in ("AbC", "abc", " AbC "):
        site.remove_records("Emails", [row.id for row in site.table("Emails")])
        site.add_records("Emails", [{"Email ID": "AbC"}])
        assert bool(upsert(site, {"Email ID": given}).json()["updatedRecords"]) == (given in same)
