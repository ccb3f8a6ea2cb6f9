"""Names of people, teams and tags: paged, cached, renamed, unknown."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.log_guard import ExpectLog
from tests.support.teamwork_source import FIRST_RUN, all_expected, expected, reading_teamwork, task_of
from tray_connector.model.errors import TransientError
from tray_connector.model.records import Task
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.office_records import Party


def test_620_people_are_read_in_two_requests_and_kept(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10, people=620) as site:
        site.source.refresh_directories(site.stop)
        kept = json.loads((tmp_path / "teamwork_people.json").read_text("utf-8"))
        assert kept == {str(person.id): person.name for person in site.office.people.values()}
        tags = json.loads((tmp_path / "teamwork_tags.json").read_text("utf-8"))
        assert tags == {str(tag.id): tag.name for tag in site.office.tags.values()}
        assert site.requests("/projects/api/v3/people.json") == 2
        assert site.requests() == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_files_are_the_users_alone(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path / "made", tasks=1) as site:
        site.source.refresh_directories(site.stop)
        for path in (tmp_path / "made").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_refresh_says_whether_a_name_changed(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        assert not site.source.refresh_directories(site.stop)
        site.office.rename_person(502, "Ida", "Brandt-Lund")
        assert site.source.refresh_directories(site.stop)
        assert not site.source.refresh_directories(site.stop)


def test_a_name_that_came_with_a_task_counts_as_changed_at_the_next_refresh(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        site.clock.advance(5)
        site.office.rename_person(502, "Ida", "Brandt-Lund")
        site.office.edit_task(site.office.live_tasks()[0].id, by=502)
        site.changed(since=site.since(3))
        assert site.source.refresh_directories(site.stop)


def test_new_names_are_carried_into_stored_tasks(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        parties = (Party("teams", 61), Party("users", 503), Party("companies", 11))
        made = site.office.create_task("Prüfen", tags=["R_101", "KGR_300"], assignees=parties, by=502)
        stored = site.changed()[str(made.id)]
        site.office.rename_person(502, "Ida", "Brandt-Lund")
        site.office.rename_tag(site.office.tag_named("R_101").id, "R_101a")
        site.office.rename_team(61, "Planer")
        site.source.refresh_directories(site.stop)
        assert site.source.renamed(stored) == expected(site, site.office.task(made.id))


def test_a_renamed_company_or_project_arrives_with_the_next_task(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=50) as site:
        before = site.changed()
        task = next(task for task in before.values() if task.project_id)
        site.office.rename_project(int(task.project_id or 0), "Neubau Süd")
        site.clock.advance(5)
        site.office.edit_task(int(task.task_id))
        site.changed(since=site.since(3))
        assert task_of(site.source.renamed(task)).project_name == "Neubau Süd"


def test_an_unknown_person_costs_one_refresh_an_hour_and_no_name_is_invented(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        stranger = Task(
            task_id="7", tag_ids=("9",), tags=("",), assignee_refs=("users:9999",), assignees=("",), created_by_id="502"
        )
        site.server.requests.clear()
        reading = site.readings(site.event(7, stranger))["7"]
        person = site.office.people[502].name
        assert reading.records == (replace(stranger, created_by=person),)
        assert site.requests() == 3
        for _ in range(3):
            site.readings(site.event(7, stranger))
        assert site.requests() == 3
        site.clock.advance(3601)
        site.readings(site.event(7, stranger))
        assert site.requests() == 6


def test_a_person_nobody_knew_is_named_after_the_refresh(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        new = site.office.create_person("Juri", "Stein")
        task = Task(task_id="7", assignee_refs=(f"users:{new.id}",), assignees=("",))
        assert task_of(site.readings(site.event(7, task))["7"].records[0]).assignees == ("Juri Stein",)


def test_names_outlive_a_restart_and_a_deleted_person_keeps_theirs(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        office = site.office
        office.delete_person(502)
    with reading_teamwork(tmp_path, office=office) as site:
        site.source.refresh_directories(site.stop)
        task = Task(task_id="7", created_by_id="502")
        assert task_of(site.source.renamed(task)).created_by == office.people[502].name


def test_a_key_without_the_right_to_lists_still_gets_names_with_the_tasks(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=40) as site:
        for path in ("/projects/api/v3/people.json", "/projects/api/v3/tags.json", "/teams.json"):
            site.server.faults.status(403, When(path, times=None))
        site.source.refresh_directories(site.stop)
        assert site.changed() == all_expected(site)


def test_a_broken_file_is_set_aside_and_made_anew(tmp_path: Path, expect_log: ExpectLog) -> None:
    people = tmp_path / "teamwork_people.json"
    people.write_text('{"501": "Ida', "utf-8")
    with reading_teamwork(tmp_path, tasks=10) as site:
        site.source.refresh_directories(site.stop)
        assert json.loads(people.read_text("utf-8"))["501"] == site.office.people[501].name
    assert (tmp_path / "teamwork_people.json.unreadable").read_text("utf-8") == '{"501": "Ida'
    expect_log("teamwork_people.json")


def test_files_that_cannot_be_written_are_a_named_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with reading_teamwork(tmp_path / "file", tasks=10) as site, pytest.raises(TransientError, match="cannot be"):
        site.source.refresh_directories(site.stop)


def test_a_first_run_without_directories_still_names_everyone(tmp_path: Path) -> None:
    with reading_teamwork(tmp_path, tasks=300, people=620) as site:
        assert site.changed(since=FIRST_RUN) == all_expected(site)
        kept = json.loads((tmp_path / "teamwork_people.json").read_text("utf-8"))
        assert set(kept.values()) <= {person.name for person in site.office.people.values()}
        assert kept
