"""Rows per second that the SQLite destination takes alone: ``python -m benchmarks.sqlite``.

Each batch is a transaction of its own that has reached the disk when it is answered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.categories import Categories
from tray_connector.model.records import Attachment, Email, Task, labels_of

ROWS = 10_000
BATCH = 500
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CATEGORIES = Categories.of({"Räume": ["R_*"], "Kostengruppen": ["KGR_*"], "Kunden": ["Kunde ?", "Hausverwaltung *"]})


def make_task(number: int) -> Task:
    """A task with everything filled in."""
    return Task(
        task_id=str(1_000_000 + number),
        name=f"Angebot {number} einholen: Dachsanierung, Los {number % 9}",
        description="Bitte drei Angebote einholen und vergleichen.\n" * 8,
        status="new",
        priority="high",
        progress=number % 100,
        project_id=str(number % 17),
        project_name=f"Projekt {number % 17}",
        tasklist_id=str(number % 90),
        tasklist_name="Ausschreibung",
        tag_ids=("1", "2", "3"),
        tags=(f"R_{number % 300}", "KGR_300", "dringend"),
        assignee_user_ids=("501", "502"),
        assignees=("Ida Brandt", "Jörg Öztürk"),
        start_date=date(2026, 1, 5),
        due_date=date(2026, 2, 5),
        created_at=START + timedelta(minutes=number),
        created_by_id="501",
        created_by="Ida Brandt",
        updated_at=START + timedelta(minutes=number + 5),
        updated_by_id="502",
        updated_by="Jörg Öztürk",
        estimate_minutes=90,
        accumulated_estimated_minutes=180,
        url=f"https://office.teamwork.com/app/tasks/{1_000_000 + number}",
    )


def make_email(number: int) -> Email:
    """An e-mail of some 6 kB; every third has a file."""
    files = (Attachment(attachment_id=f"a-{number}", filename="Plan.pdf", content_type="application/pdf", byte_size=9),)
    return Email(
        email_id=f"m-{number}",
        conversation_id=f"c-{number // 5}",
        subject=f"AW: Rechnung {number}",
        from_address="ida@example.com",
        from_name="Ida Brandt",
        to_addresses=("office@example.com", "joerg@example.com"),
        to_names=("", "Jörg Öztürk"),
        body_text="Guten Tag,\nanbei die Unterlagen wie besprochen.\n" * 40,
        body_html="<p>Guten Tag,<br>anbei die Unterlagen wie besprochen.</p>" * 70,
        sent_at=START + timedelta(minutes=number),
        received_at=START + timedelta(minutes=number),
        labels=(f"R_{number % 300}", "Kunde 7"),
        url=f"https://mail.missiveapp.com/#inbox/conversations/c-{number // 5}",
        attachments=files if number % 3 == 0 else (),
    )


def measure(folder: Path, count: int = ROWS, batch: int = BATCH) -> dict[str, float]:
    """What was measured → rows per second."""
    stop = Stop()
    destination = SqliteDestination(folder / "connector.db", SystemClock())
    destination.open(stop)
    destination.ensure_categories(CATEGORIES.names, stop)

    def rate(make: Callable[[int], Task | Email]) -> float:
        records = [make(number) for number in range(count)]
        begin = time.perf_counter()
        for start in range(0, count, batch):
            writes = [Write(record, CATEGORIES.assign(labels_of(record))) for record in records[start : start + batch]]
            _expect_written(destination, writes, stop)
        return count / (time.perf_counter() - begin)

    figures = {"tasks, new": rate(make_task), "tasks, changed": rate(lambda n: replace(make_task(n), name="Neu"))}
    figures |= {"e-mails, new": rate(make_email), "e-mails, changed": rate(lambda n: replace(make_email(n), labels=()))}
    figures["e-mails, labels only"] = _rate_of_labels(destination, count, batch, stop)
    destination.close()
    return figures


def _rate_of_labels(destination: SqliteDestination, count: int, batch: int, stop: Stop) -> float:
    records = [replace(make_email(number), labels=("R_1",)) for number in range(count)]
    begin = time.perf_counter()
    for start in range(0, count, batch):
        part = records[start : start + batch]
        writes = [Write(record, CATEGORIES.assign(record.labels), columns=("labels",)) for record in part]
        _expect_written(destination, writes, stop)
    return count / (time.perf_counter() - begin)


def _expect_written(destination: SqliteDestination, writes: Sequence[Write], stop: Stop) -> None:
    refused = [outcome for outcome in destination.write(writes, stop) if not isinstance(outcome, Written)]
    if refused:
        raise SystemExit(f"not written: {refused[0]}")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    print(f"SQLite destination alone, {ROWS:,} rows in batches of {BATCH}, synchronous=FULL")
    for name, rate in figures.items():
        print(f"  {name:<22}{rate:>10,.0f} rows/s")


if __name__ == "__main__":
    main()
