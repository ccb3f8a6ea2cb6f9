"""Lines that stand above the rest while there is something to know that belongs to no card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus
from tray_connector.ui.form_parts import TIGHT, Card, Mark, MarkState, Words, button
from tray_connector.ui.links import tooltip
from tray_connector.ui.problem_steps import Step, step_for, translate
from tray_connector.ui.texts import hint_text, problem_text, title_text
from tray_connector.ui.theme import GAP

ON_CARDS = frozenset({"teamwork", "missive", "destination", "files"})


@dataclass(frozen=True, slots=True)
class Notice:
    """Plain text and the next step."""

    mark: MarkState
    title: str
    text: str
    step: Step
    whole: str = ""
    """All there is to say, for the tool tip."""


def notices_of(status: EngineStatus) -> dict[str, Notice]:
    """By what they are about, in the order in which they are shown."""
    problems: dict[str, Problem] = {part: it for part, it in status.problem_of.items() if part not in ON_CARDS}
    if not status.problem_of:
        problems |= {problem.code: problem for problem in status.problems}
    notices = {part: problem_notice(problem, status) for part, problem in problems.items()}
    if status.stale_categories:
        notices["stale"] = Notice(
            "attention",
            translate(
                "Notices", "%n stored record(s) have categories from an earlier list", None, status.stale_categories
            ),
            translate("Notices", "Label categories can bring them up to date."),
            Step("categories", translate("Notices", "Label categories…")),
        )
    return notices


def problem_notice(problem: Problem, status: EngineStatus) -> Notice:
    """Of a problem that no card shows."""
    mark: MarkState = "stopped" if status.state == "stopped" else "attention"
    if problem.code == "removals-held":
        title = translate("Notices", "%n record(s) vanished at once", None, sum(status.held.values()))
        text = translate("Notices", "Nothing of that was flagged as deleted. It waits for your word.")
        return Notice(mark, title, text, step_for(problem), problem.message)
    return Notice(mark, title_text(problem), hint_text(problem), step_for(problem), problem_text(problem))


class NoticeLine(Card):
    """One of them."""

    step_wanted = Signal(object)
    """Its `Step`."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(margin=8)
        self._notice = notice
        self._mark = Mark(notice.mark)
        self.title = Words(role="strong")
        self.text = Words(role="small")
        self.step = button("")
        words = QVBoxLayout()
        words.setSpacing(TIGHT)
        words.addWidget(self.title)
        words.addWidget(self.text)
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self._mark)
        line.addLayout(words, 1)
        line.addWidget(self.step)
        self.box.addLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.step.clicked.connect(lambda: self.step_wanted.emit(self._notice.step))
        self.show_notice(notice)

    def show_notice(self, notice: Notice) -> None:
        """Say this now."""
        self._notice = notice
        if self._mark.state != notice.mark:
            self._mark.set_state(notice.mark)
        self.title.setText(notice.title)
        self.text.setText(notice.text)
        self.text.setVisible(bool(notice.text))
        self.step.setText(notice.step.text)
        self.step.setAccessibleDescription(notice.title)
        self.setToolTip(tooltip(notice.whole))


class Notices(QWidget):
    """As many lines as there are."""

    step_wanted = Signal(str, object)
    """What the notice is about, and its `Step`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, NoticeLine] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def show_notices(self, notices: Mapping[str, Notice]) -> None:
        """Just these: what stays keeps its place and the keyboard's focus."""
        for about in [about for about in self.lines if about not in notices]:
            line = self.lines.pop(about)
            self._layout.removeWidget(line)
            line.deleteLater()
        for about, notice in notices.items():
            if about in self.lines:
                self.lines[about].show_notice(notice)
                continue
            line = self.lines[about] = NoticeLine(notice)
            line.step_wanted.connect(lambda step, about=about: self.step_wanted.emit(about, step))
            self._layout.addWidget(line)
        self.setVisible(bool(self.lines))
