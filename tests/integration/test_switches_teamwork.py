"""Whatever Teamwork's unconfirmed habits are: the database holds what the office holds, after every deed of a day."""

from __future__ import annotations

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock, SkewedClock
from tests.support.day import Day, day_in
from tests.support.small_office import small_office
from tray_connector.model.events import SourceName
from tray_connector.sandbox.limits import Window
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

VALUES: dict[str, tuple[Any, ...]] = {
    "delete_bumps_updated_at": (False, True),
    "show_deleted": ("also", "only"),
    "deleted_after": ("exclusive", "inclusive"),
    "deleted_after_keeps_live": (False, True),
    "deleted_get": (404, 200),
    "delete_status": (204, 200),
    "order_by_id_supported": (True, False),
    "ties": ("scrambled", "id"),
    "limit_status": (429, 400),
    "retry_after": (True, False),
    "limit_body": ("json", "html"),
    "rate_reset": ("seconds", "epoch"),
    "dates": ("date-time", "date"),
    "project_on_task": ("none", "task", "meta"),
    "empty_assignees": ("list", "null"),
    "empty_included": ("absent", "empty"),
    "max_ids": (None, 1, 10),
    "too_many_ids": ("400", "cut"),
    "page_size_over_500": ("clamp", "400"),
    "row_ceiling": (50_000, 1000),
    "past_ceiling": ("empty", "400"),
    "longest_url": (None, 600),
}
ABOUT_LIMITS = {"limit_status", "retry_after", "limit_body", "rate_reset"}
ONE_BY_ONE: list[dict[str, Any]] = [
    {},
    *({name: value} for name, values in VALUES.items() for value in values[1:]),
    {"max_ids": 10, "too_many_ids": "cut"},
    {"max_ids": 10, "too_many_ids": "cut", "deleted_get": 200},
    {"limit_status": 400, "limit_body": "html", "retry_after": False},
    {"limit_status": 400, "limit_body": "html", "rate_reset": "epoch", "retry_after": False},
]


def combination(seed: int) -> dict[str, Any]:
    """Every switch somewhere."""
    chance = random.Random(seed)
    return {name: chance.choice(values) for name, values in VALUES.items()}


OF_WEBHOOKS = frozenset({"duplicate_hooks", "hook_retries", "unsigned_hooks", "updated_too", "webhook_rights"})
"""Tried where hooks are registered and deliveries taken."""


def named(switches: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in switches.items()) or "defaults"


def test_every_switch_is_tried_in_every_position() -> None:
    defaults = {name: value for name, value in asdict(TeamworkSwitches()).items() if name not in OF_WEBHOOKS}
    assert {name: values[0] for name, values in VALUES.items()} == defaults


@pytest.mark.parametrize("switches", ONE_BY_ONE, ids=named)
def test_a_day_with_one_habit(tmp_path: Path, clock: FakeClock, switches: dict[str, Any]) -> None:
    one_day(tmp_path, clock, switches, crowded=not ABOUT_LIMITS.isdisjoint(switches))


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_day_with_any_habits(tmp_path: Path, clock: FakeClock, seed: int) -> None:
    switches = combination(seed)
    one_day(tmp_path, clock, switches, crowded=seed % 3 == 0, only="teamwork" if seed % 4 else None)


@pytest.mark.parametrize("seconds", [-600, 600], ids=["behind", "ahead"])
@pytest.mark.parametrize("switches", [{}, {"rate_reset": "epoch", "retry_after": False}], ids=named)
def test_a_day_at_a_site_whose_clock_is_ten_minutes_off(
    tmp_path: Path, clock: FakeClock, switches: dict[str, Any], seconds: float
) -> None:
    there = SkewedClock(clock, seconds)
    one_day(tmp_path, clock, switches, crowded=bool(switches), site_clock=there)


def one_day(
    home: Path,
    clock: FakeClock,
    switches: dict[str, Any],
    *,
    crowded: bool = False,
    site_clock: FakeClock | None = None,
    only: SourceName | None = "teamwork",
) -> None:
    there = site_clock or clock
    mailbox = Mailbox(clock=there)
    mailbox.add_conversation("Nebenbei")
    with day_in(
        home,
        clock,
        office=small_office(there),
        mailbox=mailbox,
        teamwork=TeamworkSwitches(**switches),
        site_clock=site_clock,
        rate_scale=1 if crowded else 1000,
        crowded=crowded,
        only=only,
    ) as day:
        names_change(day)
        polls_find(day)
        walks_find(day)


def names_change(day: Day) -> None:
    """No task counts as changed by any of this: a walk shows it."""
    office = day.office
    day.then(
        "other names",
        lambda: office.rename_tag(office.tag_named("R_101").id, "R_101a"),
        lambda: office.rename_person(office.live_tasks()[0].created_by, "Ada", "Lovelace"),
        lambda: office.rename_list(office.list_named("Rohbau").id, "Rohbau Süd"),
        lambda: office.rename_project(office.project_named("Halle").id, "Halle Süd"),
        lambda: office.rename_team(next(iter(office.teams)), "Andere"),
        lambda: office.rename_company(next(iter(office.companies)), "Wir"),
        lambda: office.complete_list(office.list_named("Wettbewerb").id),
        walks=1,
    )


def polls_find(day: Day) -> None:
    """What a sync must bring without a walk."""
    office = day.office
    axis = [task.id for task in office.live_tasks() if task.name.startswith("Achse")]
    whole, lower = task_named(day, "Treppenhaus"), task_named(day, "Treppe")
    day.then(
        "an edit",
        lambda: office.edit_task(
            axis[1], name="Achse B", priority="low", estimate_minutes=90, by=list(office.people)[3]
        ),
    )
    day.then("text, tags, dates and assignees are cleared", lambda: clear(day, whole))
    day.then("a task is ticked off", lambda: office.complete(axis[2]))
    day.then("the tick is taken away", lambda: office.reopen(axis[2]))
    day.then("a new task", lambda: office.create_task("Neu", tags=("Ganz neu",), parent_id=axis[4], description="a\nb"))
    day.then("a task is deleted", lambda: office.delete_task(axis[0]))
    day.then("it is restored", lambda: office.restore_task(axis[0]))
    day.then("one with subtasks is deleted", lambda: office.delete_task(whole.id))
    day.then("a subtask is restored", lambda: office.restore_task(lower.id))
    day.then("deleted at once after it was made", lambda: office.delete_task(office.create_task("Versehen").id))
    day.then(
        "edited and deleted within a second", lambda: office.edit_task(axis[5]), lambda: office.delete_task(axis[6])
    )
    day.then("a task moves", lambda: office.move_task(axis[7], office.list_named("Archiv").id))


def walks_find(day: Day) -> None:
    """What only a walk shows."""
    office = day.office
    shell, hall = office.list_named("Rohbau Süd").id, office.project_named("Halle Süd").id
    plain = office.list_named("Wettbewerb").id
    vanishing = [task.id for task in office.live_tasks() if task.tasklist_id == plain]
    day.then("a list is deleted", lambda: office.delete_list(shell), walks=1, allow_removals=True)
    day.then(
        "it is restored, the project archived",
        lambda: office.restore_list(shell),
        lambda: office.set_project_status(hall, "archived"),
        walks=1,
    )
    day.then("a project is deleted", lambda: office.delete_project(hall), walks=1, allow_removals=True)
    day.then("it is back", lambda: office.set_project_status(hall, "active"), walks=1)
    day.then("tasks vanish", lambda: office.purge_task(vanishing[0]), lambda: office.purge_task(vanishing[1]), walks=1)


def clear(day: Day, task: OfficeTask) -> None:
    day.office.edit_task(
        task.id,
        description="",
        tag_ids=(),
        assignees=(),
        start_date=None,
        due_date=None,
        priority=None,
        updated_by=None,
    )


def task_named(day: Day, name: str) -> OfficeTask:
    return next(task for task in day.office.tasks() if task.name == name)


@pytest.mark.parametrize("limit", [15, 40])
def test_small_limits_are_never_broken(tmp_path: Path, clock: FakeClock, limit: int) -> None:
    mailbox = Mailbox(clock=clock)
    with day_in(tmp_path, clock, office=small_office(clock), mailbox=mailbox, rate_scale=1) as day:
        clock.advance(60)
        day.sandbox.teamwork.limiter.set_windows([Window(limit, 60)])
        names_change(day)
        polls_find(day)
        walks_find(day)
    assert sum(clock.waits) > 60
