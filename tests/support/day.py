"""A day in a small office, deed by deed: after each one the database must hold what the office holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.connector import Connector, Row, sandbox
from tests.support.mail_truth import MailTruth
from tests.support.task_truth import TaskTruth
from tray_connector.model.events import SourceName
from tray_connector.sandbox.limits import RateLimiter
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches
from tray_connector.sync.report import Report

Tables = tuple[dict[str, Row], dict[str, Row]]
KEYS: dict[SourceName, str] = {"teamwork": "TEAMWORK_API_KEY", "missive": "MISSIVE_API_TOKEN"}
BACKFILL = 30 * 86_400
"""Seconds that a first run reads back in Missive."""


@dataclass
class Day:
    """The office, the connector on it, and what its database must hold."""

    sandbox: SandboxOffice
    connector: Connector
    clock: FakeClock
    tasks: TaskTruth | None
    mails: MailTruth | None
    """None: the connector does not read that service."""
    before_asking: Callable[[], None]

    @property
    def office(self) -> Office:
        """The Teamwork side."""
        return self.sandbox.office

    @property
    def mailbox(self) -> Mailbox:
        """The Missive side."""
        return self.sandbox.mailbox

    def then(self, name: str, *deeds: Callable[[], object], walks: int = 0, allow_removals: bool = False) -> None:
        """Do something, sync, walk so often, and compare every row of both tables."""
        began = self.clock.now()
        for deed in deeds:
            deed()
        self.ask(self.connector.sync, name)
        for _ in range(walks):
            self.ask(lambda: self.walk(allow_removals=allow_removals), name)
        tasks, mails = self.stored()
        for truth, rows in ((self.tasks, tasks), (self.mails, mails)):
            if truth is not None:
                truth.look(rows, began, self.clock.now())
                wrong = differences(rows, truth.rows)
                assert not wrong, f"after: {name}\n" + "\n".join(wrong[:20])

    def walk(self, *, allow_removals: bool = False) -> Report:
        """`reconcile`."""
        return self.connector.engine.reconcile(self.connector.stop, allow_removals=allow_removals)

    def ask(self, command: Callable[[], Report], name: str) -> Report:
        """Run a command that must leave nothing behind."""
        self.before_asking()
        report = command()
        problems = [error.problem for error in report.errors]
        assert (problems, report.waiting, report.exit_code()) == ([], 0, 0), f"{name}: {report}"
        assert [lane.reconciled.held for lane in report.lanes] == [0] * len(report.lanes), name
        return report

    def stored(self) -> Tables:
        """All that is in the database."""
        return self.connector.rows("tasks"), self.connector.rows("emails")

    def end(self) -> None:
        """A last quiet sync and a quiet walk write nothing, and the queue is empty."""
        before = self.stored()
        for command in (self.connector.sync, self.walk):
            report = self.ask(command, "nothing")
            done = [lane.dispatched for lane in report.lanes]
            assert [(each.written, each.flagged, each.failed) for each in done] == [(0, 0, 0)] * len(done)
        assert self.stored() == before
        assert [path.name for path in self.connector.paths.spool.rglob("*") if path.is_file()] == []

    def violations(self) -> tuple[int, int]:
        """How often the limits of Teamwork and Missive were broken."""
        return self.sandbox.teamwork.limiter.violations, self.sandbox.missive.service.limiter.violations


@contextmanager
def day_in(
    home: Path,
    clock: FakeClock,
    *,
    office: Office,
    mailbox: Mailbox,
    teamwork: TeamworkSwitches | None = None,
    missive: MissiveSwitches | None = None,
    site_clock: FakeClock | None = None,
    rate_scale: float = 1000,
    crowded: bool = False,
    only: SourceName | None = None,
) -> Iterator[Day]:
    """Both services with these switches, a connector, and its first sync. `office` and `mailbox` run by `site_clock`.

    `crowded`: before each sync and walk others use up Teamwork's limit; else nobody but us may come near the limits.
    `only`: the connector has the key of one service alone.
    """
    missive = missive or MissiveSwitches()
    with sandbox(site_clock or clock, office=office, mailbox=mailbox, rate_scale=rate_scale) as running:
        running.teamwork.switches = teamwork or TeamworkSwitches()
        running.missive.service.switches = missive
        connector = Connector(running, home, clock, **{KEYS[name]: "" for name in KEYS if only not in (None, name)})
        reach = clock.now().timestamp() - BACKFILL
        day = Day(
            running,
            connector,
            clock,
            TaskTruth(office, running.teamwork_server.url) if only != "missive" else None,
            MailTruth(mailbox, reach=reach, redact_unrelated=missive.redact_unrelated != "off")
            if only != "teamwork"
            else None,
            (lambda: use_up(running.teamwork.limiter)) if crowded else (lambda: None),
        )
        try:
            day.then("the first sync")
            yield day
            day.end()
            assert crowded or day.violations() == (0, 0)
        finally:
            connector.close()


def use_up(limiter: RateLimiter) -> None:
    """As others with the same key do."""
    allowed = True
    while allowed:
        with limiter.request() as verdict:
            allowed = verdict.allowed


def differences(stored: dict[str, Row], expected: dict[str, Row]) -> list[str]:
    """A line for each value that is not what it should be."""
    lines = [f"{key} is missing: {expected[key]}" for key in expected.keys() - stored.keys()]
    lines += [f"{key} should not be there: {stored[key]}" for key in stored.keys() - expected.keys()]
    for key in stored.keys() & expected.keys():
        have, want = stored[key], expected[key]
        lines += [
            f"{key} {name}: {have.get(name, '-')!r} instead of {want.get(name, '-')!r}"
            for name in have.keys() | want.keys()
            if have.get(name, "-") != want.get(name, "-")
        ]
    return sorted(lines)
