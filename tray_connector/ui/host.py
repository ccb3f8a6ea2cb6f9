"""`EngineHost`: the engine as the windows see it. Nothing here blocks the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QObject, Signal

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences
from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus
from tray_connector.sync.session import Environment, Session
from tray_connector.ui.life import Life, Listeners, Opened, ServeCommands
from tray_connector.ui.workers import Courier, Job, Thread

T = TypeVar("T")
Report = Callable[[object], None]
"""Given to work that was submitted with `progress`: may be called as often as one likes."""
DEADLINE_MS = 5000
LOOK_MS = 10


class EngineHost(QObject):
    """Hosts the engine of one home in threads and speaks with the windows on the UI thread, where it is made."""

    status_changed = Signal(object)
    """The new `EngineStatus`, at most ten times a second."""
    problem = Signal(object)
    """A `Problem` that keeps the engine from standing: settings that are wrong, a home in use. Once for each."""
    ready = Signal()
    """The session stands: the engine is built and its loops run, or what is missing for that is in the status."""
    preferences_changed = Signal(object)
    """The new `Preferences`, read anew with every session."""
    setup_needed = Signal()
    """After `ready`: nothing has been set up in this home yet."""
    show_requested = Signal(str)
    """Somebody wants to see a window: a second start of this home, or another window that emits this. ``status``,
    ``status/queue``, ``settings``, ``settings/<page>``, ``assistant``, ``categories``, ``data``, ``table``,
    ``backfill``, ``log``, ``logs`` (the folder), ``diagnostics``, ``help``, ``help/<document>``, ``about``; ``demo``
    and ``connect`` start another process: the invented office, and from there the user's own.
    """
    running_elsewhere = Signal()
    """Another process shows the tray of this home: this one should end."""

    def __init__(
        self, environment: Environment, serve: ServeCommands, parent: QObject | None = None, *, demo: bool = False
    ) -> None:
        super().__init__(parent)
        self.environment = environment
        """What the process was started with. Its methods read files and the keyring: for workers only."""
        self.demo = demo
        """Whether the office behind it is an invented one."""
        self.status: EngineStatus | None = None
        """The last one."""
        self.problem_now: Problem | None = None
        """Why no session stands, while none does."""
        self.preferences = Preferences()
        self.is_new = False
        """Nothing has been set up in this home yet; right as soon as it is ready."""
        self.metered = False
        """Whether the system says that the network is paid for by volume."""
        self.zone = ZoneInfo("Europe/Berlin")
        """The office's, for everything that is shown; right as soon as it is ready."""
        self._courier = Courier(self)
        self._stop = Stop()
        self._jobs: set[Job[Any]] = set()
        self._life = Life(
            environment,
            serve,
            Listeners(
                status=lambda status: self._courier.post(lambda: self._take_status(status)),
                problem=lambda problem: self._courier.post(lambda: self._take_problem(problem)),
                ready=lambda opened: self._courier.post(lambda: self._take_ready(opened)),
                show=lambda window: self._courier.post(lambda: self.show_requested.emit(self.instead_of(window))),
                elsewhere=lambda: self._courier.post(self.running_elsewhere.emit),
            ),
        )
        self._thread = Thread("session", lambda: self._life.run(self._stop))

    def start(self) -> None:
        """Begin: take the home, build the engine, run its loops. `ready` or `problem` follow."""
        self._thread.start()

    def restart(self) -> None:
        """The settings have changed: end all work, read them anew. `ready` or `problem` follow."""
        self.problem_now = None
        self._life.restart()

    @overload
    def submit(
        self,
        work: Callable[[Session, Stop], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Problem], None] | None = None,
        *,
        progress: None = None,
        owner: QObject | None = None,
    ) -> Job[T]: ...

    @overload
    def submit(
        self,
        work: Callable[[Session, Stop, Report], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Problem], None] | None = None,
        *,
        progress: Callable[[Any], None],
        owner: QObject | None = None,
    ) -> Job[T]: ...

    def submit(
        self,
        work: Callable[..., T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Problem], None] | None = None,
        *,
        progress: Callable[[Any], None] | None = None,
        owner: QObject | None = None,
    ) -> Job[T]:
        """Run ``work(session, stop)`` in a thread as soon as the session stands; the callbacks come on the UI thread.

        With `progress` it is ``work(session, stop, report)``, and what it reports arrives at most ten times a second,
        the last value always. `failed` is also called (code ``stopped``) when the job was cancelled, the engine was
        restarted or the program ends; the session's own `stop` is the same as `stop`. No callback comes after `owner`
        was deleted, which also cancels the job.
        """

        def with_session(stop: Stop, report: Report) -> T:
            with self._life.borrow(stop) as session:
                return work(session, stop) if progress is None else work(session, stop, report)

        return self._begin(with_session, done, failed, progress, owner)

    def run(
        self,
        work: Callable[[Stop, Report], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Problem], None] | None = None,
        *,
        progress: Callable[[Any], None] | None = None,
        owner: QObject | None = None,
    ) -> Job[T]:
        """As `submit`, for work that needs no session: it runs while none stands, and through a restart."""
        return self._begin(work, done, failed, progress, owner)

    def instead_of(self, window: str) -> str:
        """The window that serves somebody who wants to see this one: before anything is set up, the assistant."""
        return "assistant" if self.is_new and window == "status" else window

    def look(self) -> None:
        """Read the status now: something was changed."""
        self._life.look()

    def shutdown(self, deadline_ms: int = DEADLINE_MS) -> bool:
        """End everything; True when it all has ended within the deadline. May be called again.

        Events are handled meanwhile, but none that the user makes. When it is False, threads still run: the process
        must be ended without letting Qt destroy them.
        """
        self._stop.set()
        for job in self._jobs:
            job.cancel()
        limit = QDeadlineTimer(deadline_ms)
        while not self._ended() and not limit.hasExpired():
            # Not an event loop of its own: it would end at once while the application quits.
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, LOOK_MS)
            self._thread.wait(LOOK_MS)
        return self._ended()

    def _ended(self) -> bool:
        return not self._thread.isRunning() and not self._jobs

    def _begin(
        self,
        work: Callable[[Stop, Report], T],
        done: Callable[[T], None] | None,
        failed: Callable[[Problem], None] | None,
        progress: Callable[[Any], None] | None,
        owner: QObject | None,
    ) -> Job[T]:
        job = Job(
            work,
            self._courier,
            done=done,
            failed=failed,
            progress=progress,
            owner=owner,
            ended=self._jobs.discard,
        )
        self._jobs.add(job)
        if self._stop.is_set():
            job.cancel()
        job.thread.start()
        return job

    # Called by the courier, on the UI thread.

    def _take_status(self, status: EngineStatus) -> None:
        self.status = status
        self.status_changed.emit(status)

    def _take_problem(self, problem: Problem) -> None:
        self.problem_now = problem
        self.problem.emit(problem)

    def _take_ready(self, opened: Opened) -> None:
        self.problem_now = None
        self.zone, self.is_new = opened.zone, opened.is_new
        if opened.preferences != self.preferences:
            self.preferences = opened.preferences
            self.preferences_changed.emit(opened.preferences)
        self.ready.emit()
        if opened.is_new:
            self.setup_needed.emit()
