"""The sandbox's Airtable: records are created, changed and deleted, and their values checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tests.support.clock import FakeClock
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches

VALUE = (422, "INVALID_VALUE_FOR_COLUMN")
INVALID = (422, "INVALID_REQUEST_UNKNOWN")


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base(FakeClock()) as running:
        running.add_column("Emails", "Day", "date", {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}})
        running.add_column("Emails", "State", "singleSelect", {"choices": [{"id": "sel1", "name": "neu"}]})
        running.add_column("Emails", "Tags", "multipleSelects", {"choices": [{"id": "sel2", "name": "rot"}]})
        running.add_column("Emails", "Made", "createdTime")
        running.add_column("Emails", "Nr", "autoNumber")
        yield running


def create(site: AirtableSite, fields: Mapping[str, Any], *, typecast: bool = False) -> Any:
    """Ask for one record of Emails."""
    return ask(site, "POST", "{base}/Emails", {"fields": dict(fields), "typecast": typecast})


def test_a_record_comes_back_with_its_id_and_time_and_computed_values(site: AirtableSite) -> None:
    answer = create(site, {"Email ID": "m1", "Subject": "Grüße", "Size": 0}).json()
    assert answer["createdTime"] == "2026-09-02T10:00:00.000Z"
    assert answer["id"].startswith("rec")
    assert len(answer["id"]) == 17
    assert answer["fields"] == {
        "Email ID": "m1",
        "Subject": "Grüße",
        "Size": 0,
        "Made": "2026-09-02T10:00:00.000Z",
        "Nr": 1,
    }


def test_empty_values_are_left_out(site: AirtableSite) -> None:
    empty: dict[str, Any] = {
        "Email ID": "",
        "Subject": None,
        "Draft": False,
        "Attachments": [],
        "Tags": [],
        "Sent At": None,
    }
    assert set(create(site, empty).json()["fields"]) == {"Made", "Nr"}


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        ("Sent At", "2026-09-02T12:00:00", "2026-09-02T10:00:00.000Z"),
        ("Sent At", "2026-12-02T12:00:00", "2026-12-02T11:00:00.000Z"),
        ("Sent At", "2026-09-02T12:00:00+02:00", "2026-09-02T10:00:00.000Z"),
        ("Sent At", "2026-09-02T10:00:00.123Z", "2026-09-02T10:00:00.123Z"),
        ("Day", "2026-09-02", "2026-09-02"),
        ("Size", -1.5, -1.5),
        ("Draft", True, True),
        ("State", "neu", "neu"),
        ("Tags", ["rot"], ["rot"]),
        ("Body Text", "a\n\tb 🙂", "a\n\tb 🙂"),
        ("Body Text", "x" * 100_000, "x" * 100_000),
    ],
)
def test_a_value_of_its_type_is_kept(site: AirtableSite, field: str, given: Any, read: Any) -> None:
    assert create(site, {field: given}).json()["fields"][field] == read


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("Subject", 1),
        ("Subject", ["a"]),
        ("Body Text", True),
        ("Body Text", "x" * 100_001),
        ("Body Text", "🙂" * 50_001),
        ("Body Text", "a\x00b"),
        ("Size", "1"),
        ("Size", True),
        ("Draft", "false"),
        ("Draft", 1),
        ("Day", "2026-09-02T10:00:00Z"),
        ("Day", "2026-02-30"),
        ("Sent At", "gestern"),
        ("Sent At", 1756800000),
        ("Tags", "rot"),
        ("Attachments", "a.pdf"),
        ("Made", "2026-09-02T10:00:00.000Z"),
        ("Nr", 1),
    ],
)
def test_another_value_is_refused_whole(site: AirtableSite, field: str, given: Any) -> None:
    answer = ask(
        site, "POST", "{base}/Emails", {"records": [{"fields": {"Email ID": "m1"}}, {"fields": {field: given}}]}
    )
    assert refused(answer) == VALUE
    assert f"{field}" in answer.json()["error"]["message"]
    assert site.table("Emails") == []


def test_the_texts_of_refusals_are_airtables_own(site: AirtableSite) -> None:
    texts = [
        create(site, fields).json()["error"]["message"]
        for fields in ({"Nope": 1}, {"Subject": 1}, {"Draft": "false"}, {"Nr": 1}, {"State": "alt"})
    ]
    assert texts == [
        'Unknown field name: "Nope"',
        'Field "Subject" cannot accept the provided value',
        'Cannot parse value "false" for field Draft',
        'Field "Nr" cannot accept a value because the field is computed',
        'Insufficient permissions to create new select option "\\"alt\\""',
    ]
    assert refused(create(site, {"Nope": 1})) == (422, "UNKNOWN_FIELD_NAME")
    assert refused(create(site, {"Tags": ["rot", "blau"]})) == (422, "INVALID_MULTIPLE_CHOICE_OPTIONS")


def test_typecast_converts_and_makes_choices(site: AirtableSite) -> None:
    given = {"Subject": 7, "Size": "12", "Draft": "true", "Tags": "rot, blau", "State": "alt"}
    made = create(site, given, typecast=True).json()
    assert made["fields"].items() >= {"Subject": "7", "Size": 12, "Draft": True, "State": "alt"}.items()
    assert made["fields"]["Tags"] == ["rot", "blau"]
    columns = {column["name"]: column for column in site.columns("Emails")}
    assert [choice["name"] for choice in columns["Tags"]["options"]["choices"]] == ["rot", "blau"]


@pytest.mark.parametrize(
    ("switches", "read"),
    [
        (AirtableSwitches(), "a\nb"),
        (AirtableSwitches(line_break_in_single_line="space"), "a b"),
        (AirtableSwitches(line_break_in_single_line="refused"), None),
    ],
)
def test_a_line_break_in_a_line_follows_the_switch(
    site: AirtableSite, switches: AirtableSwitches, read: str | None
) -> None:
    site.switches = switches
    answer = create(site, {"Subject": "a\nb"})
    assert (answer.json()["fields"]["Subject"] if answer.status_code == 200 else None) == read


def test_characters_may_be_counted_instead_of_utf_16_units(site: AirtableSite) -> None:
    site.switches = AirtableSwitches(text_unit="characters", control_characters="kept")
    assert create(site, {"Body Text": "🙂" * 100_000}).status_code == 200
    assert create(site, {"Body Text": "a\x00b"}).status_code == 200


def test_pyairtable_updates_and_replaces_and_deletes(site: AirtableSite) -> None:
    with api_of(site) as api:
        table = api.table(site.base_id, "Emails")
        first, second = table.batch_create([{"Email ID": "m1", "Subject": "a"}, {"Email ID": "m2", "Subject": "b"}])
        table.update(first["id"], {"Subject": "A"})
        table.batch_update([{"id": second["id"], "fields": {"Email ID": "m3"}}], replace=True)
        assert table.get(first["id"])["fields"].items() >= {"Email ID": "m1", "Subject": "A"}.items()
        assert "Subject" not in table.get(second["id"])["fields"]
        assert table.delete(first["id"]) == {"id": first["id"], "deleted": True}
        assert table.batch_delete([second["id"]]) == [{"id": second["id"], "deleted": True}]
    assert site.table("Emails") == []


def test_fields_are_named_by_id_on_demand_and_may_be_given_by_id(site: AirtableSite) -> None:
    subject = site.columns("Emails")[1]["id"]
    with api_of(site) as api:
        table = api.table(site.base_id, site.table_id("Emails"))
        made = table.create({subject: "a"}, use_field_ids=True)
        assert made["fields"][subject] == "a"
        assert table.get(made["id"], use_field_ids=True)["fields"][subject] == "a"
        assert table.all(use_field_ids=True)[0]["fields"][subject] == "a"
        assert table.all()[0]["fields"]["Subject"] == "a"


def test_a_record_that_is_gone(site: AirtableSite) -> None:
    gone = "rec00000000000000"
    (kept,) = site.add_records("Emails", [{"Subject": "a"}])
    for method, body in (("GET", None), ("PATCH", {"fields": {}}), ("DELETE", None)):
        assert refused(ask(site, method, f"{{base}}/Emails/{gone}", body)) == (404, "MODEL_ID_NOT_FOUND")
    batch = {"records": [{"id": kept, "fields": {"Subject": "b"}}, {"id": gone, "fields": {}}]}
    assert refused(ask(site, "PATCH", "{base}/Emails", batch)) == (422, "ROW_DOES_NOT_EXIST")
    query = [("records[]", kept), ("records[]", gone)]
    assert refused(ask(site, "DELETE", "{base}/Emails", query=query)) == (422, "ROW_DOES_NOT_EXIST")
    assert [row.fields["Subject"] for row in site.table("Emails")] == ["a"]
    site.switches = AirtableSwitches(missing_record="INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert ask(site, "GET", f"{{base}}/Emails/{gone}").status_code == 403


def test_a_record_is_found_under_another_table_of_its_base(site: AirtableSite) -> None:
    (made,) = site.add_records("Emails", [{"Subject": "a"}])
    assert ask(site, "GET", f"{{base}}/Table 1/{made}").json()["fields"]["Subject"] == "a"


def test_a_batch_has_one_to_ten_records_of_the_right_form(site: AirtableSite) -> None:
    eleven = {"records": [{"fields": {"Email ID": f"m{number}"}} for number in range(11)]}
    answer = ask(site, "POST", "{base}/Emails", eleven)
    assert refused(answer) == (422, "INVALID_RECORDS")
    assert answer.json()["error"]["message"].endswith("but you have provided 11.")
    assert refused(ask(site, "PATCH", "{base}/Emails", eleven)) == (422, "INVALID_RECORDS")
    assert refused(ask(site, "PATCH", "{base}/Emails", {"records": [{"fields": {}}]})) == (422, "INVALID_RECORDS")
    missing = (422, "INVALID_REQUEST_MISSING_FIELDS")
    assert refused(ask(site, "POST", "{base}/Emails", {"records": [{}]})) == missing
    assert refused(ask(site, "POST", "{base}/Emails", {})) == missing
    assert refused(ask(site, "POST", "{base}/Emails", [])) == INVALID
    assert site.table("Emails") == []


def test_a_body_that_is_no_json_and_half_a_character(site: AirtableSite) -> None:
    with api_of(site) as api:
        address = api.table(site.base_id, "Emails").urls.records
        assert api.session.post(address, data=b'{"fields":').status_code == 400
        assert api.session.post(address, data=b'{"fields":{"Size":NaN}}').status_code == 400
        assert api.session.post(address, data=b'{"fields":{"Size":1e999}}').status_code == 422
        assert api.session.post(address, data=rb'{"fields":{"Subject":"\ud83d"}}').status_code == 422
        assert api.session.post(address, data=rb'{"fields":{"Subject":"\ud83d\ude42"}}').status_code == 200


def test_a_body_may_be_too_large(site: AirtableSite) -> None:
    site.switches = AirtableSwitches(longest_body=1000)
    assert refused(create(site, {"Subject": "x" * 1000})) == (413, "REQUEST_TOO_LARGE")
    assert create(site, {"Subject": "x"}).status_code == 200


def test_table_names_with_every_kind_of_character_are_found(site: AirtableSite) -> None:
    site.add_table("Post & Mehr/1 ÄÖ", [{"name": "A", "type": "singleLineText"}])
    with api_of(site) as api:
        api.table(site.base_id, "Post & Mehr/1 ÄÖ").create({"A": "x"})
    assert [row.fields for row in site.table("Post & Mehr/1 ÄÖ")] == [{"A": "x"}]
    assert refused(ask(site, "GET", "{base}/Nope")) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
