"""`self-test`: whether everything that this installation is made of works on this computer.

Uses no settings and no keys, and leaves nothing behind. Meant for the packaged program, where a part may be missing.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tray_connector.cli import self_test_parts as parts
from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE, PERSON
from tray_connector.cli.screen import WindowParts
from tray_connector.cli.self_test_parts import NotHereError
from tray_connector.config.clock import Clock, Stop, Stopped

Part = tuple[str, Callable[[], str]]
"""A name, and the test: gives what it found; raises when the part does not work."""
Outcome = Literal["ok", "not here", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part fared."""

    name: str
    outcome: Outcome
    detail: str
    seconds: float


def self_test(
    console: Console,
    clock: Clock,
    stop: Stop,
    window_parts: WindowParts | None,
    *,
    tray: bool = False,
    strict: bool = False,
) -> int:
    """Test every part, also when one fails; exit code 0 or 3.

    What this computer does not offer at all (a keyring, a display for Qt) is told and is no failure unless `strict`.
    With `tray` an icon must appear in the tray of this desktop; else windows are drawn where nobody sees them.
    """
    findings = []
    with work_folder() as folder, log_unheard():
        for name, test in all_parts(folder, clock, stop, window_parts, tray=tray):
            began = clock.monotonic()
            outcome, detail = judge(test)
            findings.append(Finding(name, outcome, detail, clock.monotonic() - began))
            console.out(f"{outcome:<9} {name}: {detail}")
            if stop.is_set():
                raise Stopped
    failures = [each for each in findings if each.outcome == "failed" or (strict and each.outcome == "not here")]
    if console.json:
        console.data({"ok": not failures, "parts": [part_json(each) for each in findings]})
    console.out()
    console.out("Everything works." if not failures else f"Does not work: {', '.join(each.name for each in failures)}.")
    return PERSON if failures else DONE


def part_json(finding: Finding) -> dict[str, object]:
    """One part in the answer to ``--json``; keys are only ever added."""
    return {
        "name": finding.name,
        "outcome": finding.outcome,
        "detail": finding.detail,
        "seconds": round(finding.seconds, 2),
    }


def judge(test: Callable[[], str]) -> tuple[Outcome, str]:
    """Run it; whatever it raises is an answer. `Stopped` goes through."""
    try:
        return "ok", test()
    except NotHereError as reason:
        return "not here", str(reason)
    except Stopped:
        raise
    except Exception as error:  # noqa: BLE001 - a library that is broken may raise anything, and the next is tested
        return "failed", f"{type(error).__name__}: {error}"


def all_parts(
    folder: Path, clock: Clock, stop: Stop, window_parts: WindowParts | None, *, tray: bool
) -> Iterator[Part]:
    """What is tested, in this order: Qt last, as it ends the process where it is broken."""
    yield "Versions", parts.versions
    yield "SQLite", lambda: parts.sqlite(folder)
    yield "Certificates", parts.certificates
    yield "Keyring", lambda: parts.keyring_round_trip(folder / "keyring")
    yield "Time zones", parts.time_zones
    yield "PostgreSQL", parts.postgres
    yield "Airtable", parts.airtable
    yield "ngrok", parts.ngrok
    yield "Folder watch", lambda: parts.folder_watch(folder / "watched", clock, stop)
    yield "Documents", parts.documents
    yield "A whole sync", lambda: parts.whole_sync(folder / "sync", clock, stop)
    try:
        yield from () if window_parts is None else window_parts(tray)
    except ImportError as error:
        reason = f"Qt is not installed ({error.name})."

        def no_windows() -> str:
            raise NotHereError(reason)

        yield "Windows", no_windows


@contextmanager
def log_unheard() -> Iterator[None]:
    """While inside, what the libraries log is not printed between the findings."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that is gone afterwards. Windows may keep a file open a moment longer than we do."""
    with tempfile.TemporaryDirectory(
        prefix="tray-connector-self-test-", ignore_cleanup_errors=sys.platform == "win32"
    ) as name:
        yield Path(name)
