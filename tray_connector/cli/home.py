"""Who runs a command: this process while it holds the home, else the process that holds it."""

from __future__ import annotations

import argparse
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TextIO, cast

from tray_connector.cli import (
    category_commands,
    check_command,
    export_command,
    migrate_command,
    queue_commands,
    state_commands,
    sync_commands,
)
from tray_connector.cli.console import Console, ErrorLines, Relay, RemoteConsole
from tray_connector.cli.failures import failed, our_mistake
from tray_connector.cli.parser import UsageError, absolute_words, build_parser
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.logs import Terminal, start_logging
from tray_connector.config.paths import Paths
from tray_connector.config.redaction import Redactor
from tray_connector.config.settings import Settings
from tray_connector.desktop.channel import Send, Serve, call
from tray_connector.desktop.instance import Hold, Holder, Instance
from tray_connector.desktop.listening import listening
from tray_connector.desktop.wire import CutOffError, GoneError, Message
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sync.session import Environment, Session, open_session

logger = logging.getLogger(__name__)

Command = Callable[[Session, argparse.Namespace, Console], int]
COMMANDS: dict[str, Command] = {
    "sync": sync_commands.sync_once,
    "run": sync_commands.run,
    "backfill": sync_commands.backfill,
    "reconcile": sync_commands.reconcile,
    "status": state_commands.status,
    "check": check_command.check,
    "queue": queue_commands.queue,
    "pause": state_commands.pause,
    "resume": state_commands.resume,
    "categories": category_commands.categories,
    "migrate": migrate_command.migrate,
    "export": export_command.export,
}
NEEDS_SOURCES = frozenset({"sync", "run", "backfill", "reconcile"})
TELLS_CATEGORIES = frozenset({"status", "check", "categories"})
"""Commands whose result says what is wrong with the category file."""
STAYS = frozenset({"run", "tray"})
"""What does not end by itself: the service, with and without a screen."""
PATIENCE = 30.0
"""Seconds that a holder has to answer: it may be starting, ending, or asking a slow keyring."""
SHORT_WAIT = 1.0
"""Seconds of waiting for another command that are not worth a word."""
LOOK = 0.1


@dataclass
class Turn:
    """One command's wait for its turn in the home."""

    environment: Environment
    arguments: argparse.Namespace
    words: list[str]
    console: Console
    stop: Stop
    seen: dict[int, float] = field(default_factory=dict)
    """Processes that are waited for, since when; for ever, once that was said."""

    def take(self) -> int:
        """Run the command, here or by the holder; its exit code."""
        clock = self.environment.clock
        instance = Instance(self.environment.paths.lock, clock)
        deadline = clock.monotonic() + PATIENCE
        holder = None
        while clock.monotonic() < deadline:
            with instance.held(self.arguments.command) as hold:
                if hold is not None:
                    return run_here(self.environment, self.arguments, hold, self.console, self.stop)
            holder = instance.note()
            if holder is not None and holder.address is not None:
                try:
                    if self.arguments.command != "run":
                        return self._hand_over(holder.address, holder)
                    self._await_end(holder.address, holder)
                    deadline = clock.monotonic() + PATIENCE
                except CutOffError:
                    deadline = clock.monotonic() + PATIENCE
                except GoneError as reason:
                    logger.debug("The holder of the home is not there: %s", reason)
            if clock.wait(self.stop, LOOK):
                raise Stopped
        raise busy(holder)

    def _hand_over(self, address: str, holder: Holder) -> int:
        request = {"argv": absolute_words(self.words, self.arguments), "width": self.console.width}
        with Relay(self.console) as relay:
            code = call(address, holder.token, request, relay.show, self.stop)
            relay.finish()
        return code

    def _await_end(self, address: str, holder: Holder) -> None:
        """`run` cannot be handed over. Two of it are a mistake; any other command will end."""
        call(address, holder.token, {"argv": []}, lambda _: None, self.stop)
        if holder.doing in STAYS:
            raise TransientError(
                "already-running",
                "It runs already",
                f"Process {holder.pid}, since {holder.started.astimezone():%Y-%m-%d %H:%M}.",
                "See: tray-connector status",
            )
        now = self.environment.clock.monotonic()
        if now - self.seen.setdefault(holder.pid, now) > SHORT_WAIT:
            self.seen[holder.pid] = math.inf
            self.console.err(f"Waiting for '{holder.doing}' (process {holder.pid}) to end.")


def busy(holder: Holder | None) -> TransientError:
    """The home is held by a process that does not answer."""
    who = "Another process" if holder is None else f"Process {holder.pid} ('{holder.doing}')"
    return TransientError(
        "home-busy",
        "The data folder is in use",
        f"{who} works in it and does not answer.",
        "Try again when it has ended; if it hangs, end it: nothing is lost by that.",
    )


def run_in_home(
    environment: Environment, arguments: argparse.Namespace, words: list[str], console: Console, stop: Stop
) -> int:
    """Run it here while this process holds the home, or have the process that holds it run it."""
    environment.paths.create()
    return Turn(environment, arguments, words, console, stop).take()


def run_here(environment: Environment, arguments: argparse.Namespace, hold: Hold, console: Console, stop: Stop) -> int:
    """The home is held by this process: build the engine, take commands of others meanwhile, run the command."""
    if arguments.command == "check":
        settings, wrong = environment.right_settings()
    else:
        settings, wrong = environment.settings(), ()
    if arguments.command in NEEDS_SOURCES:
        settings.require_sources()
    console.redact.learn(settings.secrets())
    with ExitStack() as stack:
        redact = Redactor()
        stack.enter_context(logging_for(environment.paths, settings, arguments.command, console, redact))
        webhooks = arguments.command == "run"
        try:
            opened = open_session(environment, settings, stop, wrong=wrong, webhooks=webhooks, redact=redact)
            session = stack.enter_context(opened)
        except ConnectorError as error:
            if arguments.command != "check":
                raise
            return check_command.check_without_engine(environment, settings, (*wrong, error.problem), console)
        if arguments.command in NEEDS_SOURCES:
            stack.enter_context(session.categories.watch())
        if arguments.command == "run":
            session.engine.starting()  # who asks for the status in the first moment is not told that nothing runs
        stack.enter_context(listening(hold, environment.paths.home, environment.clock, server(session)))
        return perform(session, arguments, console)


@contextmanager
def logging_for(
    paths: Paths, settings: Settings, command: str, console: Console, redact: Redactor | None = None
) -> Iterator[None]:
    """The log, without repeating on the terminal what the command tells by itself."""

    def news(record: logging.LogRecord) -> bool:
        told = hasattr(record, "code") and command != "run"
        return not (told or (record.name == "categories" and command in TELLS_CATEGORIES))

    terminal = cast("TextIO", ErrorLines(console))
    with start_logging(paths, settings, verbose=console.verbose, terminal=terminal, redact=redact):
        for handler in logging.getLogger().handlers:
            if isinstance(handler, Terminal):
                handler.addFilter(news)
        yield


def server(session: Session) -> Serve:
    """Runs the commands of others in this session."""

    def serve(request: Message, send: Send, stop: Stop) -> int | None:
        words = [str(word) for word in request.get("argv", ())]
        if not words:
            return 0
        try:
            arguments = build_parser().parse_args(words)
        except (UsageError, SystemExit):
            send({"err": "The running process is of another version. Restart it, then try again."})
            return 1
        if arguments.command == "quit":
            session.stop.set()
            return 0
        remote = RemoteConsole(
            send,
            json=arguments.json,
            verbose=arguments.verbose,
            width=int(request.get("width", 80)),
            redact=Redactor(session.settings.secrets()),
        )
        with session.stop.calls(stop.set):
            try:
                return perform(replace(session, stop=stop), arguments, remote)
            except Stopped:
                return None

    return serve


def perform(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and tell its failure. Raises `Stopped` only."""
    command = str(arguments.command)
    try:
        if command in NEEDS_SOURCES:
            logger.info("%s begins in %s", command, session.paths.home)
            session.settings.require_sources()
            for notice in session.settings.notices:
                console.err(notice.sentence())
        code = COMMANDS[command](session, arguments, console)
    except Stopped:
        logger.info("%s was stopped", command)
        raise
    except ConnectorError as error:
        return failed(command, error, console)
    except Exception as error:
        logger.exception("%s broke off", command, extra={"code": "internal"})
        return failed(command, our_mistake(error), console)
    logger.info("%s ended with exit code %d", command, code)
    return code
