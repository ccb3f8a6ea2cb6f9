"""From a command line to an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tray_connector.cli.console import Console, TerminalConsole
from tray_connector.cli.failures import DONE, LATER, USAGE, failed, failure_json, our_mistake
from tray_connector.cli.home import NEEDS_SOURCES, run_in_home
from tray_connector.cli.parser import UsageError, build_parser
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConnectorError, Problem
from tray_connector.sync.session import Environment


def main(argv: Sequence[str] | None = None, stop: Stop | None = None) -> int:
    """Run one command of this process; its exit code. Ends early when `stop` is set."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = build_parser().parse_args(words)
    except UsageError as error:
        console = TerminalConsole(json="--json" in words)
        console.err(f"tray-connector: {error}")
        if console.json:
            console.data(failure_json("", [Problem("usage", error.message, "", error.hint)]))
        return USAGE
    console = TerminalConsole(json=arguments.json, verbose=arguments.verbose)
    if arguments.command is None:
        console.err("This installation has no tray application. The commands: tray-connector --help")
        return USAGE
    return carry_out(arguments, words, console, stop or Stop())


def carry_out(arguments: argparse.Namespace, words: list[str], console: Console, stop: Stop) -> int:
    """Run it; tell every failure."""
    command = str(arguments.command)
    try:
        environment = Environment.of_this_process()
        if command == "demo":
            # Only now: no other command has use for the sandbox.
            from tray_connector.cli.demo import demo  # noqa: PLC0415

            return demo(environment, console, stop, arguments.to)
        return run_in_home(environment, arguments, words, console, stop)
    except Stopped:
        return stopped(command, console)
    except ConnectorError as error:
        return failed(command, error, console)
    except Exception as error:  # noqa: BLE001 - the last resort: told in one sentence, its trace with --verbose
        return failed(command, our_mistake(error), console)


def stopped(command: str, console: Console) -> int:
    """The command was ended by Ctrl-C or a signal."""
    if command == "run":
        return DONE
    goes_on = command in NEEDS_SOURCES or command == "migrate"
    lost = "Nothing is lost; the next run goes on from here." if goes_on else ""
    console.err(f"Stopped. {lost}".rstrip())
    if console.json:
        console.data(failure_json(command, [Problem("stopped", "Stopped", "", lost)]))
    return LATER
