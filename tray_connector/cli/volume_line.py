"""Whether what is to come fits into Airtable's plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tray_connector.destinations.airtable.plans import PLANS
from tray_connector.model.checks import CheckLine
from tray_connector.sync.session import Session

PER_CALL = 10


def volume_line(session: Session, lines: Sequence[CheckLine]) -> Iterator[CheckLine]:
    """One line for Airtable, from what the live tests counted and the ledger knows; none for other databases.

    Missive tells no totals: before the first sync its e-mails are not counted.
    """
    if session.settings.db_backend != "airtable":
        return
    plan, ledger = PLANS[session.settings.airtable_plan], session.engine.ledger
    tasks = max([ledger.most("tasks"), *(line.count for line in lines if line.count is not None)])
    emails = ledger.most("emails")
    left = max(0, tasks - ledger.count("tasks")) + max(0, emails - ledger.count("emails"))
    calls = math.ceil(left / PER_CALL)
    mails = f"{emails:,} e-mails" if emails else "e-mails, of which Missive tells no number before the first sync"
    told = f"{tasks:,} tasks and {mails}; about {calls:,} calls until all of them are there"
    if tasks + emails > plan.records:
        hint = f"The plan {plan.title} holds {plan.records:,} records: take a larger one, or PostgreSQL or SQLite."
        yield CheckLine("Volume to come", False, told, hint)
    elif plan.calls is not None and calls > plan.calls:
        hint = f"The plan {plan.title} allows {plan.calls:,} calls a month: the rest waits for the next one."
        yield CheckLine("Volume to come", False, told, hint)
    else:
        yield CheckLine("Volume to come", True, told)
