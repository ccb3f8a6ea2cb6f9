"""What Airtable costs in calls, and how fast it is written under its own limits. The base is the sandbox's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.clocking import seconds_of
from benchmarks.figures import Figure, at_most
from benchmarks.floor import pages
from benchmarks.office import OfficeProcess, Size
from benchmarks.quiet import engine_of
from benchmarks.records import make_task
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.airtable.destination import AirtableDestination
from tray_connector.destinations.base import Write, Written
from tray_connector.sandbox.airtable_site import AirtableSite

SIZE = Size(tasks=1_000, conversations=200, messages=1_000)
SMALL = Size(tasks=100, conversations=20, messages=100)
ROWS = 10
"""Records a call."""
ABOVE_FLOOR = 0.05
CALLS, FEW_CALLS = 100, 20
LATENCY = 0.05
"""Seconds of a call's way there and back."""
RATE = 4.5


@dataclass(frozen=True, slots=True)
class Costs:
    """A first sync."""

    written: int
    calls: int
    schema_calls: int
    rows: int
    floor: int


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """Calls of a first sync against the fewest possible, and calls a second under the real limits."""
    costs = first_sync(folder, SMALL if quick else SIZE)
    most = int(costs.floor * (1 + ABOVE_FLOOR))
    note = f"fewest possible {costs.floor:,}: {(costs.calls - costs.floor) / costs.floor:+.1%}"
    return [
        Figure(
            f"Airtable, calls for {costs.rows:,} new rows",
            f"{costs.calls:,} ({note}; {costs.schema_calls} for the schema)",
            f"at most {most:,} (5 %)",
            None if quick else costs.calls <= most,
        ),
        *limits(FEW_CALLS if quick else CALLS, judged=not quick),
    ]


def first_sync(folder: Path, size: Size) -> Costs:
    """The whole engine over real HTTP; limits are far away, so that only the number of calls counts."""
    with OfficeProcess(size) as office, AirtableSite(SystemClock(), plan="team", rate_scale=1_000) as site:
        environment = {**office.environment, **site.environment(), "ATTACHMENTS": "false"}
        with engine_of(folder / "home", environment) as engine:
            report = engine.sync_once(Stop())
        if report.errors or report.failed:
            raise RuntimeError(f"not all was written: {report.errors}")
        calls = site.calls
        rows = [len(site.table(name)) for name in ("Tasks", "Emails")]
    schema = calls["schema"] + calls["create_table"] + calls["create_field"]
    written = sum(lane.dispatched.written for lane in report.lanes)
    if written != sum(rows):
        raise RuntimeError(f"{written:,} written, {sum(rows):,} in the base")
    return Costs(written, calls.total(), schema, sum(rows), sum(pages(count, ROWS) for count in rows) + schema)


def limits(calls: int, *, judged: bool) -> list[Figure]:
    """Writing under the limits that Airtable documents, each call 50 ms on its way."""
    clock, stop = SystemClock(), Stop()
    with AirtableSite(clock, plan="team", latency=LATENCY) as site:
        destination = AirtableDestination(
            token=site.token,
            base_id=site.base_id,
            endpoint_url=site.url,
            plan="team",
            zone=ZoneInfo("Europe/Berlin"),
            clock=clock,
        )
        with closing(destination):
            destination.open(stop)
            writes = [Write(make_task(number)) for number in range(calls * ROWS)]

            def write() -> None:
                outcomes = destination.write(writes, stop)
                if not all(isinstance(outcome, Written) for outcome in outcomes):
                    raise RuntimeError("not all was written")

            seconds = seconds_of(write)
        violations = site.violations
    rate = calls / seconds
    measured = f"{rate:.2f} calls/s ({calls} calls of {ROWS} rows, {rate * ROWS:.0f} rows/s)"
    met = rate >= RATE if judged else None
    return [
        Figure("Airtable under its limits, 50 ms away", measured, f"at least {RATE} calls/s", met),
        at_most("Airtable under its limits, refused calls", violations, 0, "calls"),
    ]
