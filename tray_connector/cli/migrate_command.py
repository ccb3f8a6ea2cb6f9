"""`migrate`: everything that is stored, into another database."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import ExitStack, contextmanager

from tray_connector.cli.console import Console, Update
from tray_connector.cli.failures import DONE, PERSON
from tray_connector.cli.words import number
from tray_connector.config.settings import save_settings
from tray_connector.model.errors import InternalError
from tray_connector.sync.assemble import destination_of
from tray_connector.sync.migrate import Migration, Phase
from tray_connector.sync.migrate_compare import words_of
from tray_connector.sync.migrate_report import NAMED, MigrationReport
from tray_connector.sync.session import Environment, Session

LOOK = 0.1
"""Seconds between two looks at the progress."""
LABELS: dict[Phase, str] = {"copying": "Copying", "comparing": "Comparing"}
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "airtable": "Airtable"}


def migrate(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`migrate --to …`: 0 when everything is there (and, with `--switch`, in use), 3 when a person must look."""
    environment = environment_of(session)
    backend = str(arguments.to)
    settings = environment.settings(DB_BACKEND=backend)
    settings.require_destination()
    console.redact.learn(settings.secrets())
    fixed = fixed_by(environment)

    def switch() -> None:
        save_settings(session.paths, {"DB_BACKEND": backend})

    wanted = switch if arguments.switch and fixed is None else None
    progress = Progress()
    migration = Migration(
        session.engine, destination_of(settings, session.clock, session.engine.ledger), session.clock, progress.note
    )
    report = watched(console, progress, lambda: migration.run(session.stop, wanted))
    say(report, backend, console)
    if not report.complete:
        console.err(f"The database in use is still {report.origin}. What was copied stays; run it again to go on.")
        return PERSON
    say_switch(report, backend, fixed, console)
    return PERSON if arguments.switch and not report.switched else DONE


def environment_of(session: Session) -> Environment:
    """What the process was started with; every command has it, only the demo works without."""
    if session.environment is None:
        raise InternalError("no-environment", "This command needs the settings of a home")
    return session.environment


def fixed_by(environment: Environment) -> str | None:
    """Where `DB_BACKEND` is set so that we cannot change it; None where we can."""
    match environment.settings().origin("DB_BACKEND"):
        case "environment":
            return "the environment"
        case ".env":
            return f"the file {environment.dotenv}"
    return None


class Progress:
    """How far each phase is, told by one thread and shown by another."""

    def __init__(self) -> None:
        self._states: dict[Phase, tuple[int, int]] = {"copying": (0, 0)}

    def note(self, phase: Phase, done: int, total: int) -> None:
        """Take it."""
        self._states[phase] = (done, total)

    def states(self) -> dict[Phase, tuple[int, int]]:
        """Every phase that has begun, in order: (done, total)."""
        return self._states.copy()


def watched(console: Console, progress: Progress, work: Callable[[], MigrationReport]) -> MigrationReport:
    """Do the work in a thread of its own while the progress is shown."""
    with ThreadPoolExecutor(1, thread_name_prefix="migrate") as pool, bars(console) as show:
        future = pool.submit(work)
        while True:
            try:
                report = future.result(timeout=LOOK)
            except FutureTimeoutError:
                if future.done():
                    raise
                show(progress)
            else:
                show(progress)
                return report


@contextmanager
def bars(console: Console) -> Iterator[Callable[[Progress], None]]:
    """A bar for each phase, one after the other."""
    with ExitStack() as stack:
        shown: dict[Phase, Update] = {}

        def show(progress: Progress) -> None:
            for phase, state in progress.states().items():
                if phase not in shown:
                    # The bar before it ends.
                    stack.close()
                    shown[phase] = stack.enter_context(console.progress(LABELS[phase]))
                elif phase != next(reversed(shown)):
                    continue
                shown[phase](*state)

        yield show


def say(report: MigrationReport, backend: str, console: Console) -> None:
    """What was done, what is special, what is wrong."""
    name, tally, same = NAMES[backend], report.tally, report.compared.same
    console.out(f"From {report.origin}")
    console.out(f"To   {report.target}")
    rows = f"{number(same['tasks'], 'task', 'tasks')} and {number(same['emails'], 'e-mail', 'e-mails')}"
    console.out(f"{rows} were read back from {name} and compared; {tally.written:,} of them were written now.")
    unknown = sum(tally.unknown.values())
    if unknown:
        taken = number(
            unknown, "row that only the old database knows was", "rows that only the old database knows were"
        )
        console.out(f"{taken} taken as read.")
    if tally.split:
        console.out(f"In {tally.split:,} of them lists were taken apart at commas; a name that holds one became two.")
    if tally.read_again:
        texts = number(tally.read_again, "text", "texts")
        asked = number(tally.requests, "request", "requests")
        console.out(f"{texts} that the old database did not hold whole were read from the service ({asked}).")
    if tally.kept_as_read:
        texts = number(tally.kept_as_read, "text", "texts")
        console.err(f"{texts} the service does not show any more; copied as the old database holds them.")
    if tally.lost:
        rows = number(tally.lost, "record has", "records have")
        console.err(f"{rows} no row in the old database, and the service does not show them any more.")
    for table, count in report.compared.others.items():
        if count:
            console.out(f"{name} also holds {number(count, 'row', 'rows')} in {table} from elsewhere; they stay.")
    if report.mended:
        console.out(f"{number(report.mended, 'row differed', 'rows differed')} and were written again.")
    refused = [
        f"{'task' if each.table == 'tasks' else 'e-mail'} {each.key} ({each.name or 'without a name'}): "
        f"{each.problem.sentence()}"
        for each in tally.refused.values()
    ]
    say_named(f"{name} refuses {number(len(refused), 'record', 'records')}:", refused, console)
    differences = list(words_of(report.compared.differences))
    say_named(f"{number(len(differences), 'row differs', 'rows differ')} from what was written:", differences, console)


def say_named(head: str, lines: Sequence[str], console: Console) -> None:
    """The head and the first of the lines, where there are any."""
    if not lines:
        return
    console.err(head)
    for line in lines[:NAMED]:
        console.err(f"  {line}")
    if len(lines) > NAMED:
        console.err(f"  and {len(lines) - NAMED:,} more")


def say_switch(report: MigrationReport, backend: str, fixed: str | None, console: Console) -> None:
    """Which database is in use now, and how to change that."""
    if report.files:
        console.out(f"The files of the e-mails follow with the next sync (at most {report.files:,}).")
    if report.switched:
        console.out(f"From now on {report.target} is in use. {report.origin} stays as it is.")
        return
    console.out(f"Everything is there. In use is still {report.origin}.")
    if fixed is not None:
        console.err(f"DB_BACKEND is set in {fixed}. To switch, set it there to {backend} and start the program anew.")
    else:
        console.out(f"To switch: tray-connector migrate --to {backend} --switch")
    for source in report.anew:
        console.out(
            f"Something from {source.capitalize()} still waits to be stored: "
            "after a switch by hand the first sync looks through all of it."
        )
