"""Which columns a base needs, which types are accepted, and how a difference is told."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tray_connector.destinations.airtable.columns import FIXED, KEY, wanted_columns
from tray_connector.destinations.airtable.schema import (
    BaseTable,
    difference,
    found,
    may_not_create,
    table_of_answer,
    wrong_types,
)
from tray_connector.destinations.column_kinds import KINDS, TABLES
from tray_connector.model.column_names import AIRTABLE_COLUMNS
from tray_connector.model.errors import InternalError
from tray_connector.model.records import Table

BERLIN = ZoneInfo("Europe/Berlin")
NOT_IN_AIRTABLE = {"assignee_team_ids", "assignee_company_ids"}


def complete(table: Table) -> BaseTable:
    return BaseTable("tbl1", "Tabelle", {column.name: column.type for column in wanted_columns(table)})


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_are_those_that_no_category_may_be_called(table: Table) -> None:
    assert {column.name for column in wanted_columns(table)} == set(AIRTABLE_COLUMNS[table])
    assert FIXED[table][0].name == KEY[table]


@pytest.mark.parametrize("table", TABLES)
def test_every_value_of_a_record_has_its_column(table: Table) -> None:
    held = {column.attribute for column in FIXED[table]}
    assert set(KINDS[table]) - held == (NOT_IN_AIRTABLE if table == "tasks" else set())


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_utc_is_written_as_airtable_wants_it(zone: str) -> None:
    column = next(column for column in FIXED["emails"] if column.name == "Sent At")
    assert column.definition(ZoneInfo(zone))["options"]["timeZone"] == "utc"


@pytest.mark.parametrize(
    ("name", "kind", "accepted"),
    [
        ("Sent At", "date", True),
        ("Sent At", "singleLineText", True),
        ("Sent At", "number", False),
        ("Subject", "multilineText", True),
        ("Subject", "richText", False),
        ("To", "singleLineText", True),
        ("To", "multipleSelects", False),
        ("Deleted", "checkbox", True),
        ("Deleted", "singleSelect", False),
        ("Attachments", "multilineText", False),
    ],
)
def test_a_column_of_another_type_is_accepted_or_wrong(name: str, kind: str, *, accepted: bool) -> None:
    there = complete("emails")
    changed = replace(there, types={**there.types, name: kind})
    assert [column.name for column in difference("emails", changed).wrong] == ([] if accepted else [name])


def test_all_wrong_columns_are_told_at_once_with_what_they_should_be() -> None:
    there = complete("tasks")
    changed = replace(there, types={**there.types, "tags": "multipleSelects", "dueDate": "formula"})
    error = wrong_types([(changed, column) for column in difference("tasks", changed).wrong])
    assert "Tabelle: tags is Multiple select, should be Long text" in error.problem.message
    assert "Tabelle: dueDate is Formula, should be Date with time" in error.problem.message


def test_who_may_not_create_columns_gets_the_list_for_someone_who_may() -> None:
    lacking = difference("emails", replace(complete("emails"), types={"Email ID": "singleLineText"})).missing
    message = may_not_create([("Emails", lacking)], BERLIN, "Airtable answered 403.").problem.message
    assert message.startswith("Table Emails: Thread ID (Single line text), Subject (Single line text), ")
    assert "Sent At (Date with time (ISO, 24 hours, time zone Europe/Berlin))" in message
    assert "Attachments (Attachment)" in message


def test_a_table_is_found_by_id_by_name_and_last_by_a_name_of_another_case() -> None:
    tables = [BaseTable("tbl1", "emails"), BaseTable("tbl2", "Emails"), BaseTable("tbl3", "tbl1")]
    assert [found(tables, name) for name in ("Emails", "EMAILS", "tbl1", "Tasks")] == [
        tables[1],
        tables[0],
        tables[0],
        None,
    ]


@pytest.mark.parametrize("answer", [None, {}, {"id": "tbl1", "name": "x", "fields": [{"name": "a"}]}])
def test_a_schema_of_another_form_is_no_crash(answer: object) -> None:
    with pytest.raises(InternalError, match="unknown form"):
        table_of_answer(answer)
