"""Trying settings out before they are saved: each service with what was typed, nothing written anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tray_connector.config.clock import Clock, Stop
from tray_connector.config.credentials import Credentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_problems import SettingProblem, SettingsError
from tray_connector.config.settings import Settings, load_right_settings
from tray_connector.destinations.airtable.plans import PLANS, Plan, PlanName
from tray_connector.model.categories import Categories
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, Problem
from tray_connector.sources import missive, teamwork
from tray_connector.sources.missive import offer as missive_offer
from tray_connector.sources.offer import Choice, MailVolume
from tray_connector.sources.teamwork import offer as teamwork_offer
from tray_connector.sync.assemble import destination_of, missive_of, teamwork_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.preview import PreviewRow, read_few, rows_of
from tray_connector.webhooks.way_in import check_way_in

__all__ = ["PLANS", "Trial", "Volume", "plan_of"]

ROWS_A_CALL = 10
"""Airtable documents that one call writes at most so many records."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How much a first sync would bring."""

    tasks: int
    mail: MailVolume
    plan: Plan | None = None
    """Airtable's, where that is the destination."""

    @property
    def records(self) -> int:
        """At least so many rows; Missive's messages count as e-mails."""
        return self.tasks + self.mail.messages

    @property
    def calls(self) -> int:
        """At least so many calls for the first sync."""
        return -(-self.tasks // ROWS_A_CALL) + -(-self.mail.messages // ROWS_A_CALL)

    @property
    def fits(self) -> bool:
        """Whether the plan has room for what was counted."""
        plan = self.plan
        return plan is None or (self.records <= plan.records and (plan.calls is None or self.calls <= plan.calls))


@dataclass(frozen=True, slots=True)
class Trial:
    """The settings as typed, with books of its own that are thrown away. For one thread."""

    settings: Settings
    problems: tuple[Problem, ...]
    """Settings that are wrong; they count as not set here."""
    paths: Paths
    """The real home: only looked at."""
    clock: Clock
    _aside: Paths
    _ledger: Ledger

    @classmethod
    @contextmanager
    def of(
        cls,
        typed: Mapping[str, str],
        *,
        environ: Mapping[str, str],
        paths: Paths,
        dotenv: Path | None,
        credentials: Credentials,
        clock: Clock,
    ) -> Iterator[Trial]:
        """What the settings would be with these texts saved. May wait for the keyring."""
        settings, problems = load_right_settings(
            environ=environ, paths=paths, dotenv=dotenv, credentials=credentials, typed=typed
        )
        with tempfile.TemporaryDirectory(prefix="tray-connector-trial-") as folder:
            aside = Paths(Path(folder))
            with closing(Ledger(aside.ledger, clock)) as ledger:
                yield cls(settings, problems, paths, clock, aside, ledger)

    def check_teamwork(self, stop: Stop) -> Sequence[CheckLine]:
        """Address and key, and how much the key sees."""
        if lines := self._unready("Teamwork", "TEAMWORK_BASE_URL", "TEAMWORK_API_KEY"):
            return lines
        with closing(self._teamwork()) as source:
            return source.check(stop)

    def check_missive(self, stop: Stop) -> Sequence[CheckLine]:
        """Address and token, organisations and teams."""
        if lines := self._unready("Missive", "MISSIVE_BASE_URL", "MISSIVE_API_TOKEN"):
            return lines
        with closing(self._missive()) as source:
            return source.check(stop)

    def check_destination(self, stop: Stop) -> Sequence[CheckLine]:
        """Connection and rights; changes nothing that is stored."""
        needed = {
            "sqlite": ("SQLITE_PATH",),
            "airtable": ("AIRTABLE_API_KEY", "AIRTABLE_BASE_ID", "AIRTABLE_ENDPOINT_URL"),
            "postgres": ("PG_DSN", "PG_SCHEMA"),
        }
        if lines := self._unready("Destination", "DB_BACKEND", *needed[self.settings.db_backend]):
            return lines
        try:
            self.settings.require_destination()
            destination = destination_of(self.settings, self.clock, self._ledger)
        except SettingsError as error:
            return [_line("Destination", problem) for problem in error.problems]
        except ConnectorError as error:
            return [_line("Destination", error.problem)]
        with closing(destination):
            return destination.check(stop)

    def check_webhooks(self, stop: Stop) -> Sequence[CheckLine]:
        """Open the way in for a moment, and ask ourselves through it."""
        if lines := self._unready("Webhooks", "NGROK_AUTHTOKEN", "PUBLIC_URL", "APP_PORT"):
            return lines
        return check_way_in(self.settings, self.paths.tunnel, self.clock, stop)

    def projects(self, stop: Stop) -> tuple[Choice, ...]:
        """Teamwork's projects, by name."""
        with closing(self._teamwork()) as source:
            return teamwork_offer.projects(source.client, stop)

    def teams(self, stop: Stop) -> tuple[Choice, ...]:
        """Missive's teams."""
        with closing(self._missive()) as source:
            return missive_offer.teams(source.client, stop)

    def volume(self, stop: Stop) -> Volume:
        """Count what a first sync would bring, in at most some 25 requests: of Missive all that the token shows."""
        tasks = self.count_tasks(stop)
        with closing(self._missive()) as source:
            mail = missive_offer.volume(source.client, self._mail_from(), self.clock, stop)
        plan = PLANS[self.settings.airtable_plan] if self.settings.db_backend == "airtable" else None
        return Volume(tasks, mail, plan)

    def count_tasks(self, stop: Stop) -> int:
        """The tasks in the chosen projects. One request."""
        with closing(self._teamwork()) as source:
            return teamwork_offer.count_tasks(source.client, self.settings.teamwork_projects, stop)

    def preview(self, categories: Categories, stop: Stop) -> list[PreviewRow]:
        """Five tasks and five e-mails as they would be stored. ConnectorError when a service fails."""
        with closing(self._teamwork()) as source:
            records = read_few(source, stop)
        with closing(self._missive()) as source:
            records += read_few(source, stop)
        return rows_of(records, categories, self.settings.db_backend, self.settings.timezone)

    def _mail_from(self) -> datetime:
        first = self.clock.now() - timedelta(days=self.settings.missive_backfill_days)
        return first.replace(microsecond=0)

    def _teamwork(self) -> teamwork.TeamworkSource:
        self.settings.require("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY")
        return teamwork_of(self.settings, self._aside, self._ledger, self.clock)

    def _missive(self) -> missive.MissiveSource:
        self.settings.require("MISSIVE_API_TOKEN")
        return missive_of(self.settings, self._ledger, self.clock)

    def _unready(self, what: str, *names: str) -> list[CheckLine]:
        """A line for each of these settings that is wrong, or missing where the test needs it."""
        wrong = [p for p in self.problems if isinstance(p, SettingProblem) and p.setting in names]
        if wrong:
            return [_line(what, problem) for problem in wrong]
        needed = [n for n in names if n in ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN")]
        try:
            self.settings.require(*needed)
        except SettingsError as error:
            return [_line(what, problem) for problem in error.problems]
        except ConnectorError as error:
            return [_line(what, error.problem)]
        return []


def plan_of(text: str) -> PlanName:
    """The plan of that name; the smallest where there is none."""
    found: dict[str, PlanName] = {name: name for name in PLANS}
    return found.get(text.strip().lower(), "free")


def _line(name: str, problem: Problem) -> CheckLine:
    message = f"{problem.title}: {problem.message}" if problem.message else problem.title
    return CheckLine(name, False, message, problem.hint)
