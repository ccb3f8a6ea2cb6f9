"""From a command line to an exit code: who runs the command, and how its failure is told."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing import AuthenticationError
from typing import Any

from tray_connector.cli import category_commands, state_commands, sync_commands
from tray_connector.cli.console import Console, RemoteConsole, TerminalConsole, Update, tell
from tray_connector.cli.demo import demo
from tray_connector.cli.parser import build_parser
from tray_connector.cli.session import Environment, Session
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.logs import start_logging
from tray_connector.config.settings import SettingsError
from tray_connector.desktop.channel import Channel, address_for, call
from tray_connector.desktop.instance import Holder, Instance
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError
from tray_connector.sync.assemble import assemble

logger = logging.getLogger(__name__)

Command = Callable[[Session, argparse.Namespace, Console], int]
COMMANDS: dict[str, Command] = {
    "sync": sync_commands.sync_once,
    "run": sync_commands.run,
    "backfill": sync_commands.backfill,
    "reconcile": sync_commands.reconcile,
    "status": state_commands.status,
    "check": state_commands.check,
    "queue": state_commands.queue,
    "pause": state_commands.pause,
    "resume": state_commands.resume,
    "categories": category_commands.categories,
}
NEEDS_SOURCES = frozenset({"sync", "run", "backfill", "reconcile"})
HANDOVER_TRIES = 40
HANDOVER_WAIT = 0.25


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of this process; its exit code."""
    arguments = build_parser().parse_args(argv)
    words = list(sys.argv[1:] if argv is None else argv)
    if arguments.command is None:
        print_no_tray()
        return 2
    console = TerminalConsole(json=getattr(arguments, "json", False), verbose=arguments.verbose)
    stop = Stop()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        if arguments.command == "demo":
            return demo(Environment.of_this_process(), arguments, console, stop)
        return run_command(Environment.of_this_process(), arguments, words, console, stop)
    except Stopped:
        console.err("Stopped. Nothing is lost; the next run goes on from here.")
        return 0 if arguments.command == "run" else 1
    except ConnectorError as error:
        return failed(error, console)


def print_no_tray() -> None:
    """What a call without a command gets while there is no window to open."""
    sys.stderr.write("This installation has no tray application. See 'tray-connector --help' for the commands.\n")


def failed(error: ConnectorError, console: Console) -> int:
    """Tell a failure in one sentence and a hint; 3 when a person must change something, else 1."""
    problems = error.problems if isinstance(error, SettingsError) else (error.problem,)
    for problem in problems:
        tell(console, problem)
    if console.verbose:
        console.err("".join(traceback.format_exception(error)).rstrip())
    return 3 if isinstance(error, ConfigError) else 1


def run_command(
    environment: Environment, arguments: argparse.Namespace, words: list[str], console: Console, stop: Stop
) -> int:
    """Run it here while this process holds the home, or have the process that holds it run it."""
    environment.paths.create()
    instance = Instance(environment.paths.lock, environment.clock)
    for _ in range(HANDOVER_TRIES):
        with instance.held(arguments.command, address_for(environment.paths.home)) as holder:
            if holder is not None:
                return run_here(environment, arguments, holder, console, stop)
        code = hand_over(instance.holder(), arguments, words, console, stop)
        if code is not None:
            return code
        # It is just starting or just ending: look again.
        if environment.clock.wait(stop, HANDOVER_WAIT):
            raise Stopped
    raise TransientError(
        "home-busy",
        "Another command is at work in this data folder and does not answer",
        f"Its folder is {environment.paths.home}.",
        "Try again when it has ended.",
    )


def hand_over(
    holder: Holder | None, arguments: argparse.Namespace, words: list[str], console: Console, stop: Stop
) -> int | None:
    """The exit code of the command as the holder ran it; None when it cannot be reached (any more)."""
    if holder is None or holder.address is None:
        return None
    if arguments.command == "run":
        raise TransientError(
            "already-running",
            f"It runs already (pid {holder.pid}, since {holder.started:%Y-%m-%d %H:%M} UTC)",
            hint="See: tray-connector status",
        )
    with ExitStack() as bars:
        updates: dict[str, Update] = {}

        def show(message: dict[str, Any]) -> None:
            if "out" in message:
                sys.stdout.write(f"{message['out']}\n")
            elif "err" in message:
                console.err(str(message["err"]))
            elif "progress" in message:
                bar = message["progress"]
                if bar["label"] not in updates:
                    updates[bar["label"]] = bars.enter_context(console.progress(bar["label"]))
                updates[bar["label"]](int(bar["done"]), int(bar["total"]))

        try:
            return call(holder.address, holder.token, words, show, stop)
        except (OSError, EOFError, AuthenticationError):
            logger.debug("The holder of the home did not answer", exc_info=True)
            return None


def run_here(
    environment: Environment, arguments: argparse.Namespace, holder: Holder, console: Console, stop: Stop
) -> int:
    """The home is held by this process: build the engine, take commands of others meanwhile, run the command."""
    try:
        settings = environment.settings()
    except SettingsError as error:
        if arguments.command != "check":
            raise
        return state_commands.say_checks([state_commands.refused(problem) for problem in error.problems], console)
    categories = CategoriesFile(environment.paths.categories_file, environment.clock)
    engine = assemble(settings, environment.paths, categories, environment.clock)
    session = Session(environment.paths, settings, engine, categories, environment.clock, stop)
    with ExitStack() as stack:
        stack.enter_context(start_logging(environment.paths, settings, verbose=console.verbose))
        stack.callback(engine.close)

        def serve(words: list[str], send: Callable[[dict[str, Any]], None]) -> int:
            theirs = build_parser().parse_args(words)
            remote = RemoteConsole(send, json=getattr(theirs, "json", False), verbose=theirs.verbose)
            return perform(session, theirs, remote)

        stack.enter_context(categories.watch())
        stack.enter_context(Channel(holder.address or "", holder.token, serve).open())
        return perform(session, arguments, console)


def perform(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and tell its failure."""
    try:
        if arguments.command in NEEDS_SOURCES:
            session.settings.require_sources()
        return COMMANDS[arguments.command](session, arguments, console)
    except Stopped:
        raise
    except ConnectorError as error:
        return failed(error, console)
