"""From a command line to an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tray_connector.cli.console import Console, TerminalConsole
from tray_connector.cli.diagnostics_command import export_diagnostics
from tray_connector.cli.failures import DONE, LATER, USAGE, failed, failure_json, our_mistake
from tray_connector.cli.forget_command import forget_keys
from tray_connector.cli.home import NEEDS_SOURCES, run_in_home
from tray_connector.cli.parser import UsageError, build_parser
from tray_connector.cli.quit_command import quit_running
from tray_connector.cli.screen import Tray, WindowParts, required, usable
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConnectorError, Problem
from tray_connector.sync.session import Environment


def main(
    argv: Sequence[str] | None = None,
    stop: Stop | None = None,
    tray: Tray | None = None,
    window_parts: WindowParts | None = None,
) -> int:
    """Run one command of this process, or the `tray` if there is none; its exit code. Ends early when `stop` is set.

    `window_parts` are what `self-test` tests of Qt.
    """
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
    return carry_out(arguments, words, console, stop or Stop(), tray=tray, window_parts=window_parts)


def carry_out(
    arguments: argparse.Namespace,
    words: list[str],
    console: Console,
    stop: Stop,
    *,
    tray: Tray | None,
    window_parts: WindowParts | None,
) -> int:
    """Run it; tell every failure."""
    command = str(arguments.command or "tray")
    try:
        environment = Environment.of_this_process()
        if arguments.command is None:
            return required(tray)(environment, stop, autostart=arguments.autostart)
        shown = None if command != "demo" or arguments.headless else usable(tray)
        if shown is not None:
            from tray_connector.cli.demo_tray import demo_tray  # noqa: PLC0415 - as below

            return demo_tray(environment, console, stop, arguments.to, shown)
        if command == "demo":
            # Only now: no other command has use for the sandbox.
            from tray_connector.cli.demo import demo  # noqa: PLC0415

            return demo(environment, console, stop, arguments.to)
        if command == "export-diagnostics":
            return export_diagnostics(environment, arguments.file, console, stop)
        if command == "quit":
            return quit_running(environment, console, stop)
        if command == "forget-keys":
            return forget_keys(environment, console)
        if command == "self-test":
            from tray_connector.cli.self_test import self_test  # noqa: PLC0415 - as above

            with_tray, strict = arguments.tray, arguments.strict
            return self_test(console, environment.clock, stop, window_parts, tray=with_tray, strict=strict)
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
