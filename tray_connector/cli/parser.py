"""The words of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from tray_connector import __version__
from tray_connector.config.setting_types import parse_day
from tray_connector.model.events import SOURCES
from tray_connector.sync.durations import Duration, parse_duration

MOST_DAYS = 36_500


class UsageError(Exception):
    """The words are not a command. One sentence, and where the help is."""

    def __init__(self, program: str, message: str) -> None:
        self.message = message
        self.hint = f"See: {program} --help"
        super().__init__(f"{message}. {self.hint}")


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        raise UsageError(self.prog, message[:1].upper() + message[1:].rstrip("."))


def build_parser() -> Parser:
    """The parser of `tray-connector`. Every result has `command`, `verbose` and `json`."""
    parser = Parser(
        prog="tray-connector",
        description="Keeps a small office's Teamwork tasks and Missive e-mails in step with its own database.",
        epilog="Exit code 0: done. 1: something is left that time will mend. 2: wrong words. "
        "3: a person must change something.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--verbose", action="store_true", help="show what happens, and tracebacks of errors")
    parser.add_argument("--autostart", action="store_true", help="without a command: only the tray icon, no window")
    parser.set_defaults(json=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    # Without a default of its own: it would undo a --verbose that stands before the command.
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--verbose", action="store_true", help="show what happens, and tracebacks of errors")
    shows_json = Parser(add_help=False)
    shows_json.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")

    def add(name: str, text: str, *, json: bool = False) -> argparse.ArgumentParser:
        parents = [common, shows_json] if json else [common]
        return commands.add_parser(name, help=text, description=text, parents=parents)

    demo = add("demo", "Sync an invented office into <home>/demo and show what arrives. Uses no settings, no keys.")
    demo.add_argument("--headless", action="store_true", help="on the terminal, even where there is a screen")

    demo.add_argument(
        "--to",
        default="sqlite",
        choices=("sqlite", "postgres", "airtable-sandbox"),
        help="where to: a SQLite file (default), the PostgreSQL server of PG_DSN, or an Airtable of the sandbox",
    )

    sync = add("sync", "Bring everything into step once, and end.", json=True)
    sync.add_argument("--once", action="store_true", required=True, help="one poll of each source")

    add("run", "The service without a screen: keep everything in step until stopped.")
    _add_backfill(add("backfill", "Read again what changed since a day, and store what differs."))

    reconcile = add("reconcile", "Walk everything, and find what no poll shows: deletions, silent changes.")
    reconcile.add_argument("--dry-run", action="store_true", help="only say what would change")
    reconcile.add_argument("--allow-removals", action="store_true", help="flag however many have vanished")

    add("status", "Whether everything is in step, and since when.", json=True)
    add("check", "Test every setting and connection, live.", json=True)
    _add_queue(add("queue", "What waits to be stored, and why.", json=True))

    pause = add("pause", "Rest: read and write nothing.")
    pause.add_argument(
        "--for",
        dest="duration",
        type=duration,
        metavar="30m",
        help="for so long: 30m, 1h, 2d, or tomorrow (06:00); without it until 'resume'",
    )
    add("resume", "End a pause.")

    categories = add("categories", "Label categories: test the file, or apply it to what is stored.")
    categories.add_argument("action", choices=("check", "apply"))

    migrate = add("migrate", "Copy everything that is stored into another database, compare it, and switch if asked.")
    migrate.add_argument("--to", required=True, choices=("sqlite", "postgres", "airtable"), help="the other database")
    migrate.add_argument("--switch", action="store_true", help="when everything is there, use it from then on")

    export = add("export", "Tasks and e-mails as files for a spreadsheet.")
    export.add_argument(
        "--csv", required=True, type=folder, metavar="FOLDER", help="write tasks.csv and emails.csv there"
    )

    diagnostics = add("export-diagnostics", "What a developer needs to help, as a zip file: without keys and contents.")
    diagnostics.add_argument("file", type=folder, metavar="FILE", help="the zip file, or a folder for it")

    self_test = add("self-test", "Whether all parts of this installation work. Uses no settings, no keys.", json=True)
    self_test.add_argument("--tray", action="store_true", help="also show an icon in the tray of this desktop")
    self_test.add_argument("--strict", action="store_true", help="what this computer does not offer is a failure too")

    add("quit", "Ask what runs in the background to end, and wait until it has.")
    add("forget-keys", "Take all keys of this data folder out of the operating system's keyring.")
    return parser


def _add_backfill(backfill: argparse.ArgumentParser) -> None:
    backfill.add_argument("--source", choices=SOURCES, help="only this source")
    since = backfill.add_mutually_exclusive_group()
    since.add_argument(
        "--since", type=day, metavar="DATE", help="changed on or after this day (DD.MM.YYYY or YYYY-MM-DD)"
    )
    since.add_argument("--days", type=days, metavar="N", help="changed within the last N days")
    since.add_argument("--all", action="store_true", help="everything there is")
    backfill.add_argument("--rewrite", action="store_true", help="also write what seems unchanged")


def _add_queue(queue: argparse.ArgumentParser) -> None:
    queue.add_argument("action", choices=("list", "retry", "discard"))
    queue.add_argument("ids", nargs="*", metavar="ID", help="only these; retry without any: all")
    queue.add_argument("--all", action="store_true", help="discard: all, and the files that cannot be read")
    queue.add_argument("--source", choices=SOURCES, help="only this source")


def day(text: str) -> object:
    """A day, in either way of writing."""
    try:
        return parse_day(text.strip())
    except ValueError as reason:
        raise argparse.ArgumentTypeError(f"'{text}' {reason}; use DD.MM.YYYY or YYYY-MM-DD") from reason


def folder(text: str) -> Path:
    """A folder or file, wherever the process that takes the words may work."""
    return Path(text).expanduser().absolute()


def absolute_words(words: list[str], arguments: argparse.Namespace) -> list[str]:
    """The words of a command for a process that works in another folder."""
    if arguments.command != "export":
        return words
    return ["export", "--csv", str(arguments.csv), *(["--verbose"] if arguments.verbose else [])]


def days(text: str) -> int:
    """A whole number of days."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= number <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to {MOST_DAYS}")
    return number


def duration(text: str) -> Duration:
    """The length of a pause."""
    try:
        return parse_duration(text)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(str(reason)) from reason
