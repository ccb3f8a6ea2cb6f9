"""`Life`: what the session thread of the tray does, from the home's lock to the last status. Knows no widgets."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.credential_store import next_try
from tray_connector.config.logs import start_logging
from tray_connector.config.preferences import Preferences, read_preferences
from tray_connector.config.redaction import Redactor
from tray_connector.config.settings import SettingsError
from tray_connector.desktop.channel import Send, Serve, call
from tray_connector.desktop.instance import Holder, Instance
from tray_connector.desktop.listening import listening
from tray_connector.desktop.wire import GoneError, Message
from tray_connector.model.backoff import delay
from tray_connector.model.errors import ConfigError, ConnectorError, Problem, TransientError
from tray_connector.model.status import PARTS, EngineStatus, QueueState, WebhookState
from tray_connector.sync.engine import Loop
from tray_connector.sync.schedule import Wake
from tray_connector.sync.session import Environment, Session, open_session
from tray_connector.ui.workers import Thread, our_mistake

logger = logging.getLogger(__name__)

NAME = "tray"
"""What the note of the home's holder says it does."""
SHOW = "show"
"""Key of a request of a second start: the window it wants to see."""
LOOK_IDLE = 1.0
LOOK_BUSY = 0.1
"""Seconds between two looks at the engine: while nothing goes on, and while something does."""
LOOK_LOCK = 0.3
LONGEST_RETRY = 60.0
"""Seconds until a session that time may mend (a locked keyring) is tried again, at the most."""
PATIENCE = 30.0
"""Seconds that a job or a command of another process waits for the session to stand."""

ServeCommands = Callable[[Session], Serve]
"""Answers commands of other processes in a session."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What windows need to know of a session that stands."""

    preferences: Preferences
    zone: ZoneInfo
    is_new: bool
    """Nothing has been set up in this home yet."""


@dataclass(frozen=True)
class Listeners:
    """Who is told what happens. All of them are called in the session thread."""

    status: Callable[[EngineStatus], None]
    problem: Callable[[Problem], None]
    ready: Callable[[Opened], None]
    show: Callable[[str], None]
    """A second start of this home asks for a window."""
    elsewhere: Callable[[], None]
    """Another tray has this home and shows its window: this process has nothing to do."""


@dataclass
class Standing:
    """The session while it stands, and who works with it. Guarded by `changed`."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    session: Session | None = None
    problem: Problem | None = None
    """Why none stands, when it was tried."""
    users: list[Stop] = field(default_factory=list)


class Life:
    """Holds the home, opens its session again and again until stopped, and lets others work in it."""

    def __init__(self, environment: Environment, serve: ServeCommands, listeners: Listeners) -> None:
        self._environment = environment
        self._clock = environment.clock
        self._serve = serve
        self._tell = listeners
        self._standing = Standing()
        self._look = Wake()
        self._round: Stop | None = None
        self._failures = 0
        self._retries = 0
        """Times that the keyring was asked again in vain."""
        self._last: EngineStatus | None = None
        self._told: Problem | None = None

    # From any thread.

    def restart(self) -> None:
        """End the session and open it anew: the settings have changed."""
        with self._standing.changed:
            self._failures = 0
            current = self._round
        if current is not None:
            current.set()

    def look(self) -> None:
        """Read the status now: something was done."""
        self._look.now()

    @contextmanager
    def borrow(self, stop: Stop) -> Iterator[Session]:
        """The session, as soon as it stands, with `stop`, which is set when it must end.

        Raises why none stands, or `Stopped`.
        """
        standing = self._standing
        with stop.calls(self._wake_waiting), standing.changed:
            there = standing.changed.wait_for(lambda: stop.is_set() or standing.session or standing.problem, PATIENCE)
            session, problem = standing.session, standing.problem
            if stop.is_set():
                raise Stopped
            if session is None:
                problem = problem if there and problem is not None else NOT_READY
                raise ConnectorError(problem.code, problem.title, problem.message, problem.hint, problem.retry_at)
            standing.users.append(stop)
        try:
            yield replace(session, stop=stop)
        finally:
            with standing.changed:
                standing.users.remove(stop)
                standing.changed.notify_all()
            self._look.now()

    def _wake_waiting(self) -> None:
        with self._standing.changed:
            self._standing.changed.notify_all()

    # In the session thread.

    def run(self, stop: Stop) -> None:
        """Until stopped, or until another tray has been found in this home."""
        instance = Instance(self._environment.paths.lock, self._clock)
        while not stop.is_set():
            try:
                self._environment.paths.create()
                with instance.held(NAME) as hold:
                    if hold is not None:
                        with listening(hold, self._environment.paths.home, self._clock, self._attend):
                            self._rounds(stop)
                        return
                if self._meet(instance.note(), stop):
                    return
                self._clock.wait(stop, LOOK_LOCK)
            except ConnectorError as error:
                self._cannot(error.problem)
                self._clock.wait(stop, LONGEST_RETRY)

    def _meet(self, holder: Holder | None, stop: Stop) -> bool:
        """Somebody else has the home. True when it is another tray, which shows its window now."""
        if holder is None or holder.address is None:
            return False
        if holder.doing == NAME:
            with suppress(GoneError):
                call(holder.address, holder.token, {SHOW: "status"}, lambda _: None, stop)
                self._tell.elsewhere()
                return True
        elif holder.doing == "run":
            self._cannot(runs_already(holder))
        return False

    def _attend(self, request: Message, send: Send, stop: Stop) -> int | None:
        """A command of another process, or a second start that wants to see this one."""
        if SHOW in request:
            self._tell.show(str(request[SHOW]))
            return 0
        if not request.get("argv"):
            return 0
        try:
            with self.borrow(stop) as session:
                return self._serve(session)(request, send, stop)
        except Stopped:
            return None
        except ConnectorError as error:
            send({"err": error.problem.sentence()})
            return 3 if isinstance(error, ConfigError) else 1

    def _rounds(self, stop: Stop) -> None:
        while not stop.is_set():
            current = Stop()
            with self._standing.changed:
                self._round = current
                self._standing.problem = None
            with stop.calls(current.set):
                try:
                    self._session(current)
                    self._failures = 0
                    continue
                except Stopped:
                    continue
                except ConnectorError as error:
                    needs_person = isinstance(error, ConfigError)
                    self._cannot(error.problem)
                except Exception as error:
                    logger.exception("The session broke off and is opened again", extra={"code": "internal"})
                    needs_person = False
                    self._cannot(our_mistake(error))
                self._failures += 1
                wait = LONGEST_RETRY if needs_person else min(delay(self._failures, 0.5), LONGEST_RETRY)
                self._clock.wait(current, wait)

    def _session(self, halt: Stop) -> None:
        """Open it, run its loops if everything is set, and let go of it when `halt` is set."""
        environment = self._environment
        settings, wrong = environment.right_settings()
        redact = Redactor()
        with ExitStack() as stack:
            # A program without a terminal has no error output either.
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(start_logging(environment.paths, settings, terminal=nowhere, redact=redact))
            runs = not wrong and settings.has_sources
            opened = open_session(environment, settings, halt, wrong=wrong, webhooks=runs, redact=redact)
            session = stack.enter_context(opened)
            if wrong:
                session.engine.board.failed("settings", SettingsError(list(wrong)))
            stack.enter_context(session.categories.watch())
            broken = stack.enter_context(self._running(session, halt)) if runs else None
            with self._standing.changed:
                self._standing.session = session
                self._standing.changed.notify_all()
            stack.callback(self._take_back, session)
            self._retries = self._retries if settings.keyring_problem else 0
            self._tell.ready(
                Opened(
                    preferences=read_preferences(environment.paths),
                    zone=settings.timezone,
                    is_new=not (settings.has_sources or settings.keyring_problem or wrong)
                    and not environment.paths.settings_file.exists(),
                )
            )
            self._told = None
            try:
                self._watch(session, halt, retries=not runs and settings.keyring_problem is not None)
            finally:
                halt.set()
        if broken is not None and broken:
            raise broken[0]

    @contextmanager
    def _running(self, session: Session, halt: Stop) -> Iterator[list[BaseException]]:
        """The loops in threads while inside. Holds what a loop broke with: then the session ends as well."""
        broken: list[BaseException] = []
        beside = () if session.webhooks is None else session.webhooks.loops()
        session.engine.starting()  # who asks for the status in the first moment is not told that nothing runs

        def hosted(loop: Loop) -> None:
            try:
                loop.run(halt)
            except Stopped:
                raise
            except BaseException as error:
                broken.append(error)
                logger.exception("%s ended by a mistake", loop.name, extra={"code": "internal"})
                raise
            finally:
                halt.set()

        with session.engine.serving():
            loops = (*session.engine.loops(), *beside)
            threads = [Thread(loop.name, partial(hosted, loop)) for loop in loops]
            try:
                for thread in threads:
                    thread.start()
                yield broken
            finally:
                halt.set()
                for thread in threads:
                    thread.wait()

    def _take_back(self, session: Session) -> None:
        """Nobody gets the session from now on; who has it is told to end, and waited for."""
        standing = self._standing
        with standing.changed:
            if standing.session is session:
                standing.session = None
            users = tuple(standing.users)
        for stop in users:
            stop.set()
        with standing.changed:
            standing.changed.wait_for(lambda: not standing.users)

    def _watch(self, session: Session, halt: Stop, *, retries: bool) -> None:
        """Push the status until halted, at most ten times a second. With `retries` only until time may have mended
        what keeps the loops from running.
        """
        began, wait = self._clock.monotonic(), next_try(self._retries + 1)
        while not halt.is_set():
            status = session.engine.status()
            self._push(status)
            if retries and self._clock.monotonic() - began > wait:
                self._retries += 1
                return
            self._clock.wait(halt, LOOK_BUSY)
            if status.state not in ("syncing", "starting"):
                self._look.wait(halt, LOOK_IDLE - LOOK_BUSY)

    def _push(self, status: EngineStatus) -> None:
        if status != self._last:
            self._last = status
            self._tell.status(status)

    def _cannot(self, problem: Problem) -> None:
        """No session stands, and this is why: as a status, to those who wait for one, and once as a problem."""
        with self._standing.changed:
            self._standing.problem = problem
            self._standing.changed.notify_all()
        self._push(stopped_by(problem))
        if problem != self._told:
            self._told = problem
            logger.warning("%s", problem.sentence(), extra={"code": problem.code})
            self._tell.problem(problem)


NOT_READY = Problem(
    "not-ready", "Tray Connector is still starting", "", "Try again in a moment; it may be waiting for the keyring."
)


def runs_already(holder: Holder) -> Problem:
    """The service without a screen works in this home."""
    return TransientError(
        "home-busy",
        "The connector runs already, without this window",
        f"Process {holder.pid}, since {holder.started.astimezone():%Y-%m-%d %H:%M}.",
        "End 'tray-connector run' to see it here; this window takes over by itself.",
    ).problem


def stopped_by(problem: Problem) -> EngineStatus:
    """The status while no engine could be built."""
    return EngineStatus(
        state="stopped",
        headline=f"Stopped: {problem.title}",
        next_step=problem.hint,
        last_verified=dict.fromkeys(PARTS),
        next_poll=None,
        paused_until=None,
        pause_open_ended=False,
        queue=QueueState(),
        webhooks=WebhookState(),
        calls_month=dict.fromkeys(PARTS, 0),
        pid=None,
        problems=(problem,),
    )
