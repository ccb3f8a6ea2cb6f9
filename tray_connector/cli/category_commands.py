"""`categories check|apply`."""

from __future__ import annotations

import argparse
from collections import Counter

from tray_connector.cli.console import Console, tell
from tray_connector.cli.failures import DONE, LATER, PERSON
from tray_connector.cli.words import number
from tray_connector.sync.report import RefreshReport
from tray_connector.sync.session import Session

SEPARATOR = " · "
"""Labels may hold commas."""


def categories(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Dispatch to the two actions. A broken file is looked at again first: it may just have been mended."""
    session.categories.reload()
    problem = session.categories.problem
    if problem is not None:
        tell(console, problem)
        return PERSON
    return check(session, console) if arguments.action == "check" else apply(session, console)


def check(session: Session, console: Console) -> int:
    """Show what each category matches among the labels in use, what matches nothing, what matches twice."""
    rules = session.engine.writer.categories
    in_use: Counter[str] = Counter()
    for counts in session.engine.ledger.labels_in_use().values():
        in_use.update(counts)
    if not rules.names:
        console.out(f"No categories. They are read from {session.paths.categories_file}")
    if not in_use:
        console.out("No labels are stored yet. See again after the first sync.")
        return DONE
    matched = {label: rules.matching(label) for label in sorted(in_use)}
    for name in rules.names:
        labels = [f"{label} ({in_use[label]:,})" for label, names in matched.items() if name in names]
        console.out(f"{name}: {SEPARATOR.join(labels) or 'nothing among the labels in use'}")
    unmatched = [label for label, names in matched.items() if not names]
    several = [f"{label} ({', '.join(names)})" for label, names in matched.items() if len(names) > 1]
    console.out(f"In no category: {SEPARATOR.join(unmatched) or 'none'}")
    console.out(f"In several: {SEPARATOR.join(several) or 'none'}")
    stale = session.engine.ledger.stale_categories(rules.version)
    if stale:
        records = number(stale, "stored record has", "stored records have")
        console.out(f"{records} the categories of an earlier file: tray-connector categories apply")
    return DONE


def apply(session: Session, console: Console) -> int:
    """Write the categories of all stored records, from the ledger."""
    total = sum(session.engine.ledger.count(table) for table in ("tasks", "emails"))
    with console.progress("Categories") as update:

        def show(done: RefreshReport) -> None:
            update(done.looked_at, max(total, done.looked_at))

        report = session.engine.apply_categories(session.stop, show)
    console.out(f"{number(report.looked_at, 'record', 'records')} looked at, {report.written:,} written.")
    if report.failed:
        console.err(f"{number(report.failed, 'record was', 'records were')} refused; the log has the reasons.")
    if report.reread:
        console.err(
            f"{number(report.reread, 'record is', 'records are')} missing in the destination "
            "and will be stored again with the next sync."
        )
    return LATER if report.failed or report.reread else DONE
