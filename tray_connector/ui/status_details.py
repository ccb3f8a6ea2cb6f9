"""What the status window shows besides the `EngineStatus`: read in a worker, one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Stop
from tray_connector.config.settings import Backend
from tray_connector.destinations.airtable.plans import PLANS
from tray_connector.model.status import Activity
from tray_connector.sync.rates import RatesView
from tray_connector.sync.session import Session


@dataclass(frozen=True, slots=True)
class Details:
    """One look at a session."""

    zone: ZoneInfo
    backend: Backend
    plan: str | None
    """The title of Airtable's plan; None for other destinations, which have none."""
    plan_calls: int | None
    """Calls a month that the plan allows; None = not limited."""
    plan_records: int | None
    activities: tuple[Activity, ...]
    """Newest first."""
    rates: RatesView
    unreadable: Path
    """The folder with files of the queue that nobody can read."""


def read_details(session: Session, _: Stop) -> Details:
    """From memory only: quick, but not for the UI thread all the same, for it waits for locks."""
    settings, board = session.settings, session.engine.board
    plan = PLANS[settings.airtable_plan] if settings.db_backend == "airtable" else None
    return Details(
        zone=settings.timezone,
        backend=settings.db_backend,
        plan=None if plan is None else plan.title,
        plan_calls=None if plan is None else plan.calls,
        plan_records=None if plan is None else plan.records,
        activities=tuple(reversed(board.view().activities)),
        rates=board.rates(),
        unreadable=session.paths.spool / "unreadable",
    )
