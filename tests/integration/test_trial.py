"""Trying settings out before they are saved, over real HTTP; nothing is written anywhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.postgres import free_port
from tests.support.small_office import small_mailbox, small_office
from tray_connector.config.clock import Stop
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.model.categories import Categories
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.missive import offer
from tray_connector.sources.offer import Counted, MailVolume
from tray_connector.sync.assemble import missive_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.trial import PLANS, Trial, Volume, plan_of


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        yield running


@contextmanager
def trial(office: SandboxOffice, clock: FakeClock, home: Path, **typed: str) -> Iterator[Trial]:
    with Trial.of(
        {**office.environment(), **typed},
        environ={},
        paths=Paths(home / "home"),
        dotenv=None,
        credentials=MemoryCredentials(),
        clock=clock,
    ) as found:
        yield found


def test_everything_can_be_tried_and_nothing_is_written(
    office: SandboxOffice, clock: FakeClock, tmp_path: Path
) -> None:
    stop = Stop()
    with trial(office, clock, tmp_path) as tried:
        for lines in (tried.check_teamwork(stop), tried.check_missive(stop), tried.check_destination(stop)):
            assert lines
            assert all(line.ok for line in lines), lines
        assert tried.preview(Categories.of({"Räume": ["R_*"]}), stop)
    assert not (tmp_path / "home").exists()


def test_projects_and_teams_are_offered_by_name(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    with trial(office, clock, tmp_path) as tried:
        projects, teams = tried.projects(Stop()), tried.teams(Stop())
    names = [choice.name for choice in projects]
    assert names == sorted(names, key=str.casefold)
    assert {"Halle", "Archiv", "Wettbewerb"} <= set(names)
    assert "Abgesagt" not in names
    assert {choice.name for choice in teams} == {"Planung", "Einkauf"}


def test_the_volume_counts_what_a_first_run_would_take(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    with trial(office, clock, tmp_path) as tried:
        volume = tried.volume(Stop())
        hall = next(choice.id for choice in tried.projects(Stop()) if choice.name == "Halle")
    assert volume.tasks == len(office.office.live_tasks())
    assert volume.mail.complete
    assert volume.mail.private == 2
    without = volume.mail.within("shared", ())
    assert without.conversations == volume.mail.conversations - 2
    assert without.private == 0
    with trial(office, clock, tmp_path, TEAMWORK_PROJECTS=hall) as tried:
        assert 0 < tried.count_tasks(Stop()) < volume.tasks


def test_counting_ends_after_a_few_pages(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    with trial(office, clock, tmp_path) as tried, closing(Ledger(tmp_path / "ledger.db", clock)) as ledger:
        source = missive_of(tried.settings, ledger, clock)
        counted = offer.volume(source.client, clock.now() - timedelta(days=30), clock, Stop(), at_most=1)
        source.close()
    assert not counted.complete


def test_a_plan_that_is_too_small_is_told() -> None:
    small = Volume(900, MailVolume((Counted(150),)), PLANS["free"])
    assert (small.records, small.calls, small.fits) == (1050, 105, False)
    assert Volume(900, MailVolume(), PLANS[plan_of("Team")]).fits
    assert plan_of("unheard of") == "free"


def test_what_is_missing_or_wrong_is_named(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    typed = {"TEAMWORK_BASE_URL": "http://elsewhere.example", "MISSIVE_API_TOKEN": "", "DB_BACKEND": "postgres"}
    with trial(office, clock, tmp_path, RATE_SCALE="1", **typed) as tried:
        (teamwork,) = tried.check_teamwork(Stop())
        (missive,) = tried.check_missive(Stop())
        (destination,) = tried.check_destination(Stop())
    assert "TEAMWORK_BASE_URL is wrong" in teamwork.message
    assert "MISSIVE_API_TOKEN is not set" in missive.message
    assert "PG_DSN is not set" in destination.message


def test_the_way_in_is_proved_by_a_request_of_our_own(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    port = free_port()
    typed = {"DISABLE_WEBHOOKS": "false", "PUBLIC_URL": f"http://127.0.0.1:{port}", "APP_PORT": str(port)}
    with trial(office, clock, tmp_path, **typed) as tried:
        lines = tried.check_webhooks(Stop())
        assert [line.ok for line in lines] == [True, True], lines
    with closing(socket.create_server(("127.0.0.1", port))), trial(office, clock, tmp_path, **typed) as tried:
        (taken,) = tried.check_webhooks(Stop())
    assert not taken.ok
    assert "taken" in taken.message


def test_an_address_that_leads_elsewhere_is_told(office: SandboxOffice, clock: FakeClock, tmp_path: Path) -> None:
    typed = {"DISABLE_WEBHOOKS": "false", "PUBLIC_URL": office.teamwork_server.url, "APP_PORT": str(free_port())}
    with trial(office, clock, tmp_path, **typed) as tried:
        lines = tried.check_webhooks(Stop())
    assert [line.ok for line in lines] == [True, False]
