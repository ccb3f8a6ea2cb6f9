"""`LiveTest`: tries a connection in the background and says line by line what is right and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import Problem
from tray_connector.sync.setup import Setup
from tray_connector.sync.trial import Trial
from tray_connector.ui.engine_words import in_own_words
from tray_connector.ui.form_parts import TIGHT, Mark, MarkState, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.texts import hint_text, message_text, title_text
from tray_connector.ui.theme import GAP
from tray_connector.ui.workers import Job

Outcome = Literal["untested", "running", "passed", "passing", "failed"]
"""``passing``: it failed, and time mends it."""
Typed = Callable[[], Mapping[str, str]]
Test = Callable[[Trial, Stop], Sequence[CheckLine]]
STOPPED = "stopped"
PREFIXED = "Airtable "
"""Lines of this destination are about a part of it each, which their words leave out."""


class CheckLines(QWidget):
    """Lines of a live test, each with a mark; below a line that is wrong what to do."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(GAP)
        self.lines: tuple[CheckLine, ...] = ()
        self.hide()

    def show_lines(self, lines: Sequence[CheckLine]) -> None:
        """Replace what is shown."""
        self.lines = tuple(lines)
        while (item := self._box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line in lines:
            self._box.addWidget(_row(line))
        self.setVisible(bool(lines))


def _row(line: CheckLine) -> QWidget:
    state: MarkState = "good" if line.ok else "attention" if line.passing else "stopped"
    row = QWidget()
    across = QHBoxLayout(row)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(GAP)
    across.addWidget(Mark(state), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(TIGHT)
    message = Words(_said(line))
    message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    words.addWidget(message)
    if line.hint:
        words.addWidget(Words(in_own_words(line.hint), "small"))
    across.addLayout(words, 1)
    parts = (line.name, line.message, line.hint)
    row.setAccessibleName(": ".join(in_own_words(part) for part in parts if part))
    return row


def _said(line: CheckLine) -> str:
    """The line's own words; where they say little without its name, with that."""
    topic = line.name.removeprefix(PREFIXED)
    if not line.message or topic == line.name:
        return in_own_words(line.message or line.name)
    return f"{in_own_words(topic[:1].upper() + topic[1:])}: {in_own_words(line.message)}"


def problem_line(name: str, problem: Problem) -> CheckLine:
    """A failure of the test itself as a line."""
    title = title_text(problem)
    message = f"{title}: {message_text(problem)}" if problem.message else title
    return CheckLine(name, False, message, hint_text(problem))


class LiveTest(QWidget):
    """A button that tests, a mark that turns meanwhile, a way to cancel, and the lines of the result."""

    changed = Signal()
    """The outcome is another one."""

    def __init__(self, host: EngineHost, service: str, test: Test, typed: Typed, *, has_button: bool = True) -> None:
        """`service` is the name shown; `typed` gives the texts to be tried, on the UI thread."""
        super().__init__()
        self._host, self._service, self._test, self._typed = host, service, test, typed
        self._job: Job[Sequence[CheckLine]] | None = None
        self.outcome: Outcome = "untested"
        self.button = button(self.tr("Test the connection"), accessible=self.tr("Test {what}").format(what=service))
        self.button.clicked.connect(self.start)
        self.button.setVisible(has_button)
        self.cancel_button = button(self.tr("Stop the test"))
        self.cancel_button.clicked.connect(self.cancel)
        self._mark = Mark("none")
        self._said = Words("", wrap=False)
        self.result = CheckLines()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.button)
        row.addWidget(self._mark)
        row.addWidget(self._said)
        row.addWidget(self.cancel_button)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(12)
        box.addLayout(row)
        box.addWidget(self.result)
        self._become("untested")

    def start(self) -> None:
        """Try what is typed now; a test that runs is ended first."""
        self._drop()
        texts, environment, test = dict(self._typed()), self._host.environment, self._test

        def work(stop: Stop, _: object) -> Sequence[CheckLine]:
            with Setup(environment).trial(texts) as trial:
                return test(trial, stop)

        self.result.show_lines(())
        self._become("running")
        job: Job[Sequence[CheckLine]] | None = None

        def done(lines: Sequence[CheckLine]) -> None:
            if job is self._job:
                self._take(lines)

        def failed(problem: Problem) -> None:
            if job is self._job:
                self._take([] if problem.code == STOPPED else [problem_line(self._service, problem)])

        job = self._job = self._host.run(work, done, failed, owner=self)

    def cancel(self) -> None:
        """End the test; nothing is shown of it."""
        self._drop()
        self._become("untested")

    def reset(self) -> None:
        """What was typed has changed: the result no longer speaks of it."""
        if self.outcome != "untested":
            self._drop()
            self.result.show_lines(())
            self._become("untested")

    def show_result(self, lines: Sequence[CheckLine]) -> None:
        """A result that came another way."""
        self._drop()
        self._take(lines)

    def _drop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _take(self, lines: Sequence[CheckLine]) -> None:
        self._job = None
        self.result.show_lines(lines)
        bad = [line for line in lines if not line.ok]
        if not lines:
            self._become("untested")
        elif not bad:
            self._become("passed")
        else:
            self._become("passing" if all(line.passing for line in bad) else "failed")

    def _become(self, outcome: Outcome) -> None:
        self.outcome = outcome
        running = outcome == "running"
        self._mark.set_state("busy" if running else "none")
        self._mark.setVisible(running)
        self._said.setText(self.tr("Testing {what}…").format(what=self._service) if running else "")
        self._said.setVisible(running)
        self.cancel_button.setVisible(running)
        self.button.setEnabled(not running)
        self.changed.emit()
