"""Fetches what the data window shows: the newest question counts, what was asked before is called off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from tray_connector.destinations.browse import Page, Position, Question, Whole
from tray_connector.model.errors import Problem
from tray_connector.model.records import Table
from tray_connector.ui.data_work import Library, Loaded
from tray_connector.ui.host import EngineHost
from tray_connector.ui.workers import Job


class DataFeed(QObject):
    """All answers come as signals on the UI thread."""

    loaded = Signal(object)
    """`Loaded`."""
    began = Signal(object)
    """The first `Page` of the question."""
    went_on = Signal(object)
    """The next `Page`."""
    counted = Signal(int)
    found = Signal(object)
    """The `Whole` record that was wanted; None: it is gone."""
    failed = Signal(object)
    """A `Problem`."""
    gave_up = Signal()
    """The next page does not come."""

    def __init__(self, host: EngineHost, parent: QObject) -> None:
        super().__init__(parent)
        self.question = Question("tasks")
        self._host = host
        self._library = Library()
        self._rows: Job[Any] | None = None
        self._count: Job[Any] | None = None
        self._record: Job[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether rows are being read."""
        return self._rows is not None and self._rows.running

    def load(self) -> None:
        """Ask for what the window begins with."""
        self._host.submit(self._library.load, self._loaded, self._fail, owner=self)

    def ask(self, question: Question) -> None:
        """Another question, or the same one again: its first page, then the number of its rows."""
        self.question = question
        _cancel(self._rows, self._count)

        def began(page: Page) -> None:
            if question is self.question:
                self.began.emit(page)
                self._ask_count(question, page)

        library = self._library
        self._rows = self._host.submit(
            lambda session, stop: library.page(session, stop, question, None), began, self._for(question), owner=self
        )

    def _ask_count(self, question: Question, page: Page) -> None:
        if page.next is None:
            self.counted.emit(len(page.rows))
            return

        def counted(count: int) -> None:
            if question is self.question:
                self.counted.emit(count)

        library = self._library
        self._count = self._host.submit(
            lambda session, stop: library.count(session, stop, question), counted, self._for(question), owner=self
        )

    def go_on(self, after: Position) -> None:
        """The next page of the question."""
        question, library = self.question, self._library

        def went_on(page: Page) -> None:
            if question is self.question:
                self.went_on.emit(page)

        def failed(problem: Problem) -> None:
            if question is self.question:
                self.gave_up.emit()
                self._fail(problem)

        self._rows = self._host.submit(
            lambda session, stop: library.page(session, stop, question, after), went_on, failed, owner=self
        )

    def look_into(self, table: Table, key: str) -> None:
        """One record with its text; what was wanted before is not any more."""
        self.let_be()
        library = self._library

        def found(whole: Whole | None) -> None:
            if self._record is job:
                self.found.emit(whole)

        job = self._host.submit(
            lambda session, stop: library.whole(session, stop, table, key), found, self._fail, owner=self
        )
        self._record = job

    def let_be(self) -> None:
        """No record is wanted any more."""
        _cancel(self._record)
        self._record = None

    def close(self) -> None:
        """Call everything off and let go of the database; it may be asked again."""
        _cancel(self._rows, self._count, self._record)
        library = self._library
        self._host.run(lambda _, __: library.close())

    def _loaded(self, loaded: Loaded) -> None:
        self.loaded.emit(loaded)

    def _for(self, question: Question) -> Callable[[Problem], None]:
        def failed(problem: Problem) -> None:
            if question is self.question:
                self._fail(problem)

        return failed

    def _fail(self, problem: Problem) -> None:
        if problem.code != "stopped":
            self.failed.emit(problem)


def _cancel(*jobs: Job[Any] | None) -> None:
    for job in jobs:
        if job is not None:
            job.cancel()
