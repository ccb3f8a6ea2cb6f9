"""The words of the command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from tray_connector import __version__

SOURCES = ("teamwork", "missive")


class Parser(argparse.ArgumentParser):
    """Usage errors end with exit code 2 and one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where the help is."""
        self.exit(2, f"{self.prog}: {message}. See '{self.prog} --help'.\n")


def build_parser() -> Parser:
    """The parser of `tray-connector`."""
    parser = Parser(
        prog="tray-connector",
        description="Keeps a small office's Teamwork tasks and Missive e-mails in step with its own database.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    common = Parser(add_help=False)
    common.add_argument("--verbose", action="store_true", help="show what happens, and tracebacks of errors")
    shows_json = Parser(add_help=False)
    shows_json.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")

    def add(name: str, text: str, *, json: bool = False) -> argparse.ArgumentParser:
        parents = [common, shows_json] if json else [common]
        return commands.add_parser(name, help=text, description=text, parents=parents)

    demo = add("demo", "Sync an invented office into <home>/demo and show what arrives. Touches no settings, no keys.")
    demo.add_argument("--headless", action="store_true", help="on the terminal, even where there is a screen")

    sync = add("sync", "Bring everything into step once, and end.", json=True)
    sync.add_argument("--once", action="store_true", required=True, help="one poll of each source")

    add("run", "The service without a screen: keep everything in step until stopped.")

    backfill = add("backfill", "Read again what changed since a day, and store what differs.")
    backfill.add_argument("--source", choices=SOURCES, help="only this source")
    since = backfill.add_mutually_exclusive_group()
    since.add_argument("--since", metavar="DATE", help="changed on or after this day (DD.MM.YYYY or YYYY-MM-DD)")
    since.add_argument("--days", type=positive, metavar="N", help="changed within the last N days")
    since.add_argument("--all", action="store_true", help="everything there is")
    backfill.add_argument("--rewrite", action="store_true", help="also write what seems unchanged")

    reconcile = add("reconcile", "Walk everything, and find what no poll shows: deletions, silent changes.")
    reconcile.add_argument("--dry-run", action="store_true", help="only say what would change")
    reconcile.add_argument("--allow-removals", action="store_true", help="flag however many have vanished")

    add("status", "Whether everything is in step, and since when.", json=True)
    add("check", "Test every setting and connection, live.", json=True)

    queue = add("queue", "What waits to be stored, and why.", json=True)
    queue.add_argument("action", choices=("list", "retry", "discard"))
    queue.add_argument("ids", nargs="*", metavar="ID", help="only these (retry, discard); none = all")
    queue.add_argument("--source", choices=SOURCES, help="only this source")

    pause = add("pause", "Rest: read and write nothing.")
    pause.add_argument("--for", dest="duration", metavar="30m", help="for so long: 30m, 1h, 2d, tomorrow")
    add("resume", "End a pause.")

    categories = add("categories", "Label categories: test the file, or apply it to what is stored.")
    categories.add_argument("action", choices=("check", "apply"))
    return parser


def positive(text: str) -> int:
    """A whole number above nought."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return number
