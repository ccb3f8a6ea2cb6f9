"""`export --csv FOLDER`."""

from __future__ import annotations

import argparse

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE
from tray_connector.cli.words import number
from tray_connector.sync.export import export_csv
from tray_connector.sync.session import Session


def export(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Everything that the database in use holds."""
    total = sum(session.engine.ledger.count(table) for table in ("tasks", "emails"))
    done = 0
    with console.progress("Exporting") as update:

        def on_row(rows: int) -> None:
            nonlocal done
            done += rows
            update(done, max(total, done))

        files = export_csv(session.engine.writer, arguments.csv, session.stop, on_row)
    for exported in files.values():
        console.out(f"{number(exported.rows, 'row', 'rows')} in {exported.path}")
    return DONE
