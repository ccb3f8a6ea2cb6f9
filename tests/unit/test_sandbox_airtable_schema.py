"""The sandbox's Airtable: bases, tables and fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.airtable_sandbox import BERLIN, CHECK, api_of, ask, mail_base, refused
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches

OPTIONS = (422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE")
TYPE = (422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE")
DUPLICATE = (422, "DUPLICATE_OR_EMPTY_FIELD_NAME")


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base() as running:
        yield running


def new_field(site: AirtableSite, **field: Any) -> Any:
    """Ask for a field of Emails."""
    return ask(site, "POST", f"meta/bases/{{base}}/tables/{site.table_id('Emails')}/fields", field)


def test_pyairtable_reads_every_field_as_what_it_is(site: AirtableSite) -> None:
    site.add_column("Emails", "Nr", "autoNumber")
    with api_of(site) as api:
        (base,) = api.bases()
        assert (base.id, base.permission_level) == (site.base_id, "create")
        schema = base.table("Emails").schema()
    assert [field.type for field in schema.fields] == [
        "singleLineText",
        "singleLineText",
        "multilineText",
        "dateTime",
        "checkbox",
        "number",
        "multipleAttachments",
        "autoNumber",
    ]
    assert schema.primary_field_id == schema.fields[0].id
    assert [view.type for view in schema.views] == ["grid"]


def test_a_table_made_by_pyairtable_is_there_with_its_formats(site: AirtableSite) -> None:
    with api_of(site) as api:
        made = api.base(site.base_id).create_table(
            "Tasks",
            [{"name": "id", "type": "singleLineText"}, {"name": "dueDate", "type": "dateTime", "options": BERLIN}],
            "Aufgaben",
        )
        assert type(made.schema().field("dueDate")).__name__ == "DateTimeFieldSchema"
        assert made.schema().description == "Aufgaben"
    options = site.columns("Tasks")[1]["options"]
    assert options["dateFormat"] == {"name": "iso", "format": "YYYY-MM-DD"}
    assert options["timeFormat"] == {"name": "24hour", "format": "HH:mm"}


def test_a_name_in_another_case_is_taken(site: AirtableSite) -> None:
    body = {"name": "EMAILS", "fields": [{"name": "id", "type": "singleLineText"}]}
    assert refused(ask(site, "POST", "meta/bases/{base}/tables", body)) == (422, "DUPLICATE_TABLE_NAME")
    assert refused(new_field(site, name="email id", type="singleLineText")) == DUPLICATE
    assert refused(new_field(site, name="", type="singleLineText")) == DUPLICATE
    twice = [{"name": "A", "type": "singleLineText"}, {"name": "a", "type": "singleLineText"}]
    assert refused(ask(site, "POST", "meta/bases/{base}/tables", {"name": "New", "fields": twice})) == DUPLICATE


@pytest.mark.parametrize(
    "body",
    [
        {"name": "New", "fields": []},
        {"name": "New"},
        {"name": "", "fields": [{"name": "A", "type": "singleLineText"}]},
        {"name": "New", "description": "", "fields": [{"name": "A", "type": "singleLineText"}]},
        {"name": "New", "fields": [{"name": "A", "type": "checkbox", "options": CHECK}]},
        {"name": "New", "fields": ["A"]},
        {"name": "New", "colour": "red", "fields": [{"name": "A", "type": "singleLineText"}]},
    ],
)
def test_a_table_of_the_wrong_form_is_refused(site: AirtableSite, body: Any) -> None:
    assert refused(ask(site, "POST", "meta/bases/{base}/tables", body)) == (422, "INVALID_REQUEST_UNKNOWN")
    assert site.table_names == ["Table 1", "Emails"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("singleLineText", None),
        ("multilineText", None),
        ("number", {"precision": 8}),
        ("currency", {"precision": 2, "symbol": "€"}),
        ("duration", {"durationFormat": "h:mm"}),
        ("rating", {"icon": "star", "color": "yellowBright", "max": 5}),
        ("checkbox", {"icon": "star", "color": "yellowBright"}),
        ("date", {"dateFormat": {"name": "european"}}),
        ("dateTime", {**BERLIN, "timeZone": "utc"}),
        ("dateTime", {**BERLIN, "timeZone": "client"}),
        ("singleSelect", {"choices": [{"name": "A"}, {"name": "B", "color": "redBright"}]}),
        ("multipleSelects", {"choices": []}),
        ("multipleAttachments", None),
    ],
)
def test_a_field_with_the_options_of_its_type_is_made(
    site: AirtableSite, kind: str, options: dict[str, Any] | None
) -> None:
    with api_of(site) as api:
        table = api.table(site.base_id, site.table_id("Emails"))
        made = table.create_field("Neu", kind, options=options)
        assert made.type == kind
        assert type(table.schema(force=True).field("Neu")).__name__ != "UnknownFieldSchema"


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        ("number", None, OPTIONS),
        ("number", {"precision": 9}, OPTIONS),
        ("number", {"precision": "0"}, OPTIONS),
        ("singleLineText", {"a": 1}, OPTIONS),
        ("checkbox", {"icon": "check"}, OPTIONS),
        ("checkbox", {"icon": "check", "color": "green"}, OPTIONS),
        ("date", {}, OPTIONS),
        ("date", {"dateFormat": {"name": "iso", "format": "DD.MM."}}, OPTIONS),
        ("dateTime", {key: value for key, value in BERLIN.items() if key != "timeZone"}, OPTIONS),
        ("dateTime", {**BERLIN, "timeZone": "UTC"}, OPTIONS),
        ("dateTime", {**BERLIN, "timeZone": "Europe/Bonn"}, OPTIONS),
        ("singleSelect", {"choices": [{"id": "sel1", "name": "A"}]}, OPTIONS),
        ("singleSelect", {"choices": [{"name": "A"}, {"name": "A"}]}, OPTIONS),
        ("multipleAttachments", {"isReversed": False}, OPTIONS),
        ("autoNumber", None, TYPE),
        ("createdTime", None, TYPE),
        ("longText", None, TYPE),
    ],
)
def test_other_options_and_types_are_refused(
    site: AirtableSite, kind: str, options: Any, problem: tuple[int, str]
) -> None:
    field = {"name": "Neu", "type": kind} | ({} if options is None else {"options": options})
    assert refused(new_field(site, **field)) == problem
    assert "Neu" not in site.column_types("Emails")


def test_missing_options_are_named(site: AirtableSite) -> None:
    answer = new_field(site, name="Neu", type="number")
    assert "Failed schema validation: Neu.options is missing" in answer.json()["error"]["message"]


def test_a_free_base_takes_only_green_checkboxes() -> None:
    yellow = {"icon": "check", "color": "yellowBright"}
    with mail_base(plan="free") as site:
        assert refused(new_field(site, name="Neu", type="checkbox", options=yellow)) == OPTIONS
        assert new_field(site, name="Neu", type="checkbox", options=CHECK).status_code == 200
        site.switches = AirtableSwitches(free_checkboxes_restricted=False)
        assert new_field(site, name="Gelb", type="checkbox", options=yellow).status_code == 200


def test_fields_are_made_under_the_id_of_the_table(site: AirtableSite) -> None:
    field = {"name": "Neu", "type": "singleLineText"}
    by_name = "meta/bases/{base}/tables/Emails/fields"
    assert refused(ask(site, "POST", by_name, field)) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    site.switches = AirtableSwitches(table_name_in_schema_path=True)
    assert ask(site, "POST", by_name, field).status_code == 200


def test_tables_and_fields_are_renamed_but_keep_their_type(site: AirtableSite) -> None:
    table = f"meta/bases/{{base}}/tables/{site.table_id('Emails')}"
    field = f"{table}/fields/{site.columns('Emails')[1]['id']}"
    assert ask(site, "PATCH", table, {"name": "Mails", "description": "Post"}).json()["name"] == "Mails"
    assert ask(site, "PATCH", field, {"name": "Betreff"}).json()["name"] == "Betreff"
    assert refused(ask(site, "PATCH", field, {"name": "Email ID"})) == DUPLICATE
    assert refused(ask(site, "PATCH", field, {"type": "multilineText"})) == (422, "INVALID_REQUEST_UNKNOWN")
    assert refused(ask(site, "PATCH", table, {"name": "table 1"})) == (422, "DUPLICATE_TABLE_NAME")
    assert site.columns("Mails")[1]["name"] == "Betreff"
    assert ask(site, "DELETE", field).status_code == 404


def test_the_list_of_bases_takes_no_page_size(site: AirtableSite) -> None:
    assert refused(ask(site, "GET", "meta/bases", query={"pageSize": 10}))[0] == 422
    site.add_base("Zweite")
    assert [base["name"] for base in ask(site, "GET", "meta/bases").json()["bases"]] == ["Nordlicht", "Zweite"]


def test_an_unknown_base_is_hidden(site: AirtableSite) -> None:
    answer = ask(site, "GET", "meta/bases/app00000000000000/tables")
    assert refused(answer) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
