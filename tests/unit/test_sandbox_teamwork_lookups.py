"""People, tags, lists, projects, companies and teams of the sandbox's Teamwork."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.teamwork_site import V3, Site, teamwork_site
from tray_connector.sandbox.office import Office


@pytest.fixture
def site() -> Iterator[Site]:
    with teamwork_site() as running:
        yield running


def rows(site: Site, kind: str, **params: str | int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.get(f"{V3}/{kind}.json", **params)[kind]
    return found


def test_people_come_50_a_page_and_tags_500() -> None:
    with teamwork_site(Office.generate(clock=FakeClock(), people=620, tags=700)) as site:
        people = site.get(f"{V3}/people.json")
        assert (len(people["people"]), people["meta"]["page"]["count"]) == (50, 620)
        tags = site.get(f"{V3}/tags.json")
        assert (len(tags["tags"]), tags["meta"]["page"]["hasMore"]) == (500, True)
        assert len(rows(site, "tags", page=2)) == 200
        seen = [row["id"] for page in (1, 2) for row in rows(site, "people", page=page, pageSize=500, orderBy="id")]
        assert seen == sorted(site.office.people)


def test_people_by_id_and_the_deleted_ones_only_when_asked_for(site: Site) -> None:
    assert {row["id"] for row in rows(site, "people", ids="503,501,9")} == {501, 503}
    site.office.delete_person(503)
    assert 503 not in {row["id"] for row in rows(site, "people")}
    gone = next(row for row in rows(site, "people", showDeleted="true") if row["id"] == 503)
    assert (gone["deleted"], gone["firstName"], "name" in gone) == (True, "Lena", False)
    assert [each["id"] for each in site.get("/people/deleted.json")["people"]] == ["503"]
    assert "11" in site.get(f"{V3}/people.json", include="companies")["included"]["companies"]


def test_tags_know_no_ids_filter_but_a_change_time(site: Site) -> None:
    assert len(rows(site, "tags", ids="10001")) == 40
    site.clock.advance(10)
    site.office.create_tag("Neu", project_id=70_001)
    (new,) = rows(site, "tags", updatedAfter="2026-09-02T10:00:00Z")
    assert (new["name"], new["project"]) == ("Neu", {"id": 70_001, "type": "projects"})
    assert rows(site, "tags", searchTerm="kgr_440")[0]["project"] is None


def test_lists_and_projects_hide_what_is_over_until_asked(site: Site) -> None:
    some, more = rows(site, "tasklists"), rows(site, "tasklists", showCompleted="true")
    assert {row["status"] for row in some} == {"new"}
    assert {row["status"] for row in more} == {"new", "completed"}
    names = {row["name"] for row in rows(site, "projects")}
    assert "2208 Feuerwache Ost" not in names
    assert "2299 Testprojekt" not in names
    (archived,) = rows(site, "projects", onlyArchivedProjects="true")
    assert (archived["name"], archived["status"]) == ("2208 Feuerwache Ost", "archived")
    below = site.get(f"{V3}/projects/{archived['id']}/tasklists.json")["tasklists"]
    assert [row["name"] for row in below] == ["Gewährleistung"]


def test_single_things_and_unknown_ones(site: Site) -> None:
    assert site.get(f"{V3}/people/501.json")["person"]["email"] == "ida@nordlicht.example"
    assert site.get(f"{V3}/tags/10001.json")["tag"]["name"] == "KGR_200"
    assert site.get(f"{V3}/tasklists/300001.json")["tasklist"]["name"] == "Entwurf und Genehmigung"
    assert site.get(f"{V3}/projects/70001.json")["project"]["name"] == "2301 Kita Sonnenweg"
    assert site.get(f"{V3}/companies/11.json")["company"]["isOwner"]
    for path in ("people/1", "tags/1", "tasklists/1", "projects/1", "companies/1", "cats", "tasks/1"):
        answer = site.send("GET", f"{V3}/{path}.json")
        assert (answer.status_code, answer.content) == (404, b"")


def test_teams_are_of_v1_with_ids_as_text_and_those_of_companies_only_when_asked(site: Site) -> None:
    answer = site.send("GET", "/teams.json")
    body = answer.json()
    assert body["STATUS"] == "OK"
    assert (body["teams"][0]["id"], body["teams"][0]["name"]) == ("61", "Planung")
    assert answer.headers["X-Records"] == "4"
    asked = {"includeCompanyTeams": "true", "includeProjectTeams": "true", "includeSubteams": "true"}
    assert len(site.get("/teams.json", **asked)["teams"]) == 7
    assert len(site.get("/teams.json", **asked, page=2, pageSize=5)["teams"]) == 2
