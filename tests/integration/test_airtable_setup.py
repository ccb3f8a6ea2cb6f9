"""A base made ready: what is missing is created, what is there is taken over, what is wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.airtable_base import STOP, by_key, destination, mail, old_emails, task, write, written
from tests.support.clock import FakeClock
from tray_connector.destinations.airtable.columns import wanted_columns
from tray_connector.destinations.column_kinds import TABLES
from tray_connector.model.column_names import AIRTABLE_COLUMNS
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.airtable_site import AirtableSite

SCOPES = {"data.records:read", "data.records:write", "schema.bases:read"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["free", "team"])
def site(clock: FakeClock, request: pytest.FixtureRequest) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan=request.param, rate_scale=1000) as running:
        yield running


@pytest.fixture
def team(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="team", rate_scale=1000) as running:
        yield running


def test_an_empty_base_gets_both_tables_in_three_calls(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock) as made:
        assert set(site.column_types("Tasks")) == set(AIRTABLE_COLUMNS["tasks"])
        assert set(site.column_types("Emails")) == set(AIRTABLE_COLUMNS["emails"])
        for table in TABLES:
            made_as = {column.name: column.type for column in wanted_columns(table)}
            assert site.column_types(table.capitalize()) == made_as
        assert site.calls == {"schema": 1, "create_table": 2}
        assert made.requests_sent() == 3


def test_opening_again_costs_one_call_and_changes_nothing(team: AirtableSite, clock: FakeClock) -> None:
    with destination(team, clock) as made:
        first = made.open(STOP)
        before = team.calls
        assert made.open(STOP) == first
    assert (team.calls - before) == {"schema": 1}


def test_an_old_base_is_taken_over_with_its_columns_and_rows(team: AirtableSite, clock: FakeClock) -> None:
    old = old_emails(team, [{"Email ID": "m1", "Subject": "Alt", "Draft": True}, {"Email ID": "m2"}])
    team.add_column("Emails", "Notiz", "singleLineText")
    before = team.columns("Emails")
    with destination(team, clock) as made:
        assert team.columns("Emails") == before
        ids = written(write(made, mail("m2"), mail("m1"), mail("m3")))
    assert [ids[1], ids[0]] == old
    assert by_key(team, "emails")["m1"]["Subject"] == "Betreff m1"
    assert "Draft" not in by_key(team, "emails")["m1"]


def test_tables_are_found_by_id_and_under_other_names(team: AirtableSite, clock: FakeClock) -> None:
    table = team.add_table("Aufgaben & Co/1", [{"name": "id", "type": "singleLineText"}])
    with destination(team, clock, tasks_table=table, emails_table="Post & Mehr") as made:
        written(write(made, task("26"), mail("m1")))
    assert len(team.table("Aufgaben & Co/1")) == 1
    assert len(team.table("Post & Mehr")) == 1


def test_missing_columns_are_added_to_a_table_that_is_there(team: AirtableSite, clock: FakeClock) -> None:
    old_emails(team)
    for name in ("Deleted", "Bcc Names"):
        team.remove_column("Emails", name)
    with destination(team, clock):
        assert set(team.column_types("Emails")) == set(AIRTABLE_COLUMNS["emails"])
    assert team.calls["create_field"] == 2


def test_category_columns_are_made_once_and_kept(team: AirtableSite, clock: FakeClock) -> None:
    with destination(team, clock) as made:
        made.ensure_categories(("Kunden", "Räume"), STOP)
        assert team.calls["create_field"] == 4
        made.ensure_categories(("Kunden", "Räume"), STOP)
        made.ensure_categories((), STOP)
        assert team.calls["create_field"] == 4
        written(write(made, task("26"), mail("m1"), categories={"Kunden": ("Nordlicht", "Hansa")}))
    assert by_key(team, "tasks")["26"]["Kunden"] == "Nordlicht, Hansa"
    assert "Räume" in team.column_types("Emails")


def test_wrong_types_are_told_all_at_once_and_nothing_is_created(team: AirtableSite, clock: FakeClock) -> None:
    old_emails(team)
    team.change_column("Emails", "Labels Text", "multipleSelects", {"choices": []})
    team.change_column("Emails", "Sent At", "number", {"precision": 0})
    with destination(team, clock, opened=False) as made:
        with pytest.raises(ConfigError, match="wrong type") as raised:
            made.open(STOP)
        message = raised.value.problem.message
        assert "Labels Text is Multiple select, should be Long text" in message
        assert "Sent At is Number, should be Date with time" in message
        assert team.calls["create_table"] == 0
        team.change_column("Emails", "Labels Text", "multilineText")
        team.change_column("Emails", "Sent At", "singleLineText")
        made.open(STOP)


def test_a_category_whose_column_is_something_else_is_told(team: AirtableSite, clock: FakeClock) -> None:
    old_emails(team)
    team.add_column("Emails", "Kunden", "singleSelect", {"choices": []})
    with destination(team, clock) as made, pytest.raises(ConfigError, match="Kunden is Single select"):
        made.ensure_categories(("Kunden",), STOP)


def test_a_token_without_schema_rights_gets_the_list(team: AirtableSite, clock: FakeClock) -> None:
    old_emails(team)
    team.remove_column("Emails", "Deleted At")
    team.grant(scopes=SCOPES)
    with destination(team, clock, opened=False) as made, pytest.raises(ConfigError) as raised:
        made.open(STOP)
    problem = raised.value.problem
    assert problem.code == "airtable-columns-missing"
    assert "Table Tasks: id (Single line text), name (Single line text), description (Long text)" in problem.message
    assert "Table Emails: Deleted At (Date with time (ISO, 24 hours, time zone Europe/Berlin))" in problem.message
    assert "schema.bases:write" in problem.hint


def test_a_user_who_is_only_editor_gets_the_list_too(team: AirtableSite, clock: FakeClock) -> None:
    team.grant(role="edit")
    with destination(team, clock, opened=False) as made, pytest.raises(ConfigError, match="Table Emails: Email ID"):
        made.open(STOP)


def test_an_editor_writes_where_all_columns_are_there(team: AirtableSite, clock: FakeClock) -> None:
    with destination(team, clock):
        pass
    team.grant(role="edit", scopes=SCOPES)
    with destination(team, clock) as made:
        written(write(made, task("26")))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"token": "patWrong"}, "airtable-key-refused"),
        ({"base_id": "appAAAAAAAAAAAAAA"}, "airtable-base-hidden"),
        ({"tasks_table": "tblAAAAAAAAAAAAAA"}, "airtable-table-missing"),
    ],
)
def test_a_wrong_setting_is_named(team: AirtableSite, clock: FakeClock, settings: dict[str, Any], code: str) -> None:
    with destination(team, clock, opened=False, **settings) as made, pytest.raises(ConfigError) as raised:
        made.open(STOP)
    assert raised.value.problem.code == code
    assert raised.value.problem.hint
    assert "patWrong" not in raised.value.problem.sentence()


def test_a_name_that_another_spelling_has_taken_is_told(team: AirtableSite, clock: FakeClock) -> None:
    old_emails(team)
    team.rename_column("Emails", "Subject", "subject")
    with destination(team, clock, opened=False) as made, pytest.raises(ConfigError, match="Subject"):
        made.open(STOP)


def test_a_lost_answer_to_a_creation_makes_nothing_twice(team: AirtableSite, clock: FakeClock) -> None:
    team.faults.lose(team.when("create_table"))
    with destination(team, clock, opened=False) as made:
        with pytest.raises(TransientError):
            made.open(STOP)
        made.open(STOP)
    assert team.table_names == ["Table 1", "Tasks", "Emails"]


def test_a_base_in_utc_is_made_with_airtables_word_for_it(team: AirtableSite, clock: FakeClock) -> None:
    with destination(team, clock, zone=ZoneInfo("UTC")):
        column = next(each for each in team.columns("Emails") if each["name"] == "Sent At")
    assert column["options"]["timeZone"] == "utc"


def test_the_identity_follows_the_tables(team: AirtableSite, clock: FakeClock) -> None:
    with destination(team, clock) as made:
        first = made.open(STOP)
        assert first.place == made.place
        team.remove_table("Tasks")
        second = made.open(STOP)
    assert first.place == second.place
    assert first.instance != second.instance
