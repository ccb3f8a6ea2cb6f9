"""`categories check|apply`."""

from __future__ import annotations

import argparse
from collections import Counter

from tray_connector.cli.console import Console, printable, tell
from tray_connector.cli.session import Session
from tray_connector.sync.report import RefreshReport


def categories(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Dispatch to the two actions."""
    problem = session.categories.problem
    if problem is not None:
        tell(console, problem)
        return 3
    return check(session, console) if arguments.action == "check" else apply(session, console)


def check(session: Session, console: Console) -> int:
    """Show what each category matches among the labels in use, what matches nothing, what matches twice."""
    rules = session.engine.writer.categories
    in_use: Counter[str] = Counter()
    for counts in session.engine.ledger.labels_in_use().values():
        in_use.update(counts)
    if not rules.names:
        console.out(f"No categories. They are read from {session.paths.categories_file}")
    matched = {label: rules.matching(label) for label in sorted(in_use)}
    for name in rules.names:
        labels = [label for label, names in matched.items() if name in names]
        shown = ", ".join(f"{printable(label)} ({in_use[label]})" for label in labels)
        console.out(f"{name}: {shown or 'nothing among the labels in use'}")
    unmatched = [printable(label) for label, names in matched.items() if not names]
    several = [f"{printable(label)} ({', '.join(names)})" for label, names in matched.items() if len(names) > 1]
    console.out(f"In no category: {', '.join(unmatched) or 'none'}")
    console.out(f"In several: {', '.join(several) or 'none'}")
    stale = session.engine.ledger.stale_categories(rules.version)
    if stale:
        console.out(f"{stale} stored records have the categories of an earlier file: tray-connector categories apply")
    return 0


def apply(session: Session, console: Console) -> int:
    """Write the categories of all stored records, from the ledger."""
    total = sum(session.engine.ledger.count(table) for table in ("tasks", "emails"))
    with console.progress("Categories") as update:

        def show(done: RefreshReport) -> None:
            update(done.looked_at, total)

        report = session.engine.apply_categories(session.stop, show)
    console.out(f"{report.looked_at} records looked at, {report.written} written.")
    if report.failed or report.reread:
        console.err(
            f"{report.failed} were refused and {report.reread} are missing in the destination; "
            "the missing ones are read and stored again with the next sync."
        )
        return 1
    return 0
