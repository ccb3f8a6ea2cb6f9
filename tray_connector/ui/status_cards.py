"""One card for each source, the destination and the webhooks: is it all right, since when, and if not, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from tray_connector.model.errors import Problem
from tray_connector.ui.form_parts import TARGET, TIGHT, Card, Mark, MarkState, Words
from tray_connector.ui.links import tooltip
from tray_connector.ui.problem_steps import Step, step_for
from tray_connector.ui.texts import hint_text, problem_text, title_text
from tray_connector.ui.theme import GAP


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card says. All of it is plain text."""

    mark: MarkState
    main: str
    """The number or word that counts."""
    checked: str
    """When that was last known to be true."""
    more: tuple[str, ...] = ()
    problem: Problem | None = None


class StatusCard(Card):
    """A title with a mark, lines, and in case of need the problem with its next step."""

    step_wanted = Signal(object)
    """The `Step` of the problem's button."""

    def __init__(self, title: str = "", *, lines: int = 3) -> None:
        super().__init__(margin=12)
        self.mark = Mark("none", 16)
        self.title = Words(title, "section", wrap=False)
        self.main = Words(wrap=False)
        self.checked = Words(role="small", wrap=True)
        self.more = [Words(role="small") for _ in range(lines)]
        self.problem = Words(role="strong")
        self.hint = Words(role="small")
        self.step = QPushButton()
        self.step.setMinimumHeight(TARGET)
        self.step.setAutoDefault(False)
        self._step: Step | None = None
        self._shown: CardText | None = None
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.title, 1)
        head.addWidget(self.mark)
        self.box.setSpacing(TIGHT)
        self.box.addLayout(head)
        for words in (self.main, self.checked, *self.more, self.problem, self.hint):
            self.box.addWidget(words)
        self.box.addStretch(1)
        self.box.addWidget(self.step, 0, Qt.AlignmentFlag.AlignLeft)
        self.step.clicked.connect(self._want_step)
        # Four of them share the width evenly, whatever they say.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(20 * self.fontMetrics().averageCharWidth())
        self._show_problem(None)

    def show_text(self, text: CardText) -> None:
        """Say this now."""
        if text == self._shown:
            return
        before, self._shown = self._shown, text
        if before is None or before.mark != text.mark:
            self.mark.set_state(text.mark)
        self.main.setText(text.main)
        self.checked.setText(text.checked)
        for number, words in enumerate(self.more):
            line = text.more[number] if number < len(text.more) else ""
            words.setText(line)
            words.setVisible(bool(line))
        if before is None or (before.problem, before.mark) != (text.problem, text.mark):
            self._show_problem(text.problem)
        problem = "" if text.problem is None else title_text(text.problem)
        self.setAccessibleName(self.title.text())
        parts = (text.main, text.checked, *text.more, problem)
        self.setAccessibleDescription(". ".join(part for part in parts if part))

    def _show_problem(self, problem: Problem | None) -> None:
        self._step = None if problem is None else step_for(problem)
        self.problem.setText("" if problem is None else title_text(problem))
        self.hint.setText("" if problem is None else hint_text(problem))
        self.problem.setVisible(bool(self.problem.text()))
        self.hint.setVisible(bool(self.hint.text()))
        stopped = self._shown is not None and self._shown.mark == "stopped"
        self.problem.set_meaning("stopped" if stopped else "attention")
        self.setToolTip("" if problem is None else tooltip(problem_text(problem)))
        self.step.setVisible(self._step is not None)
        if self._step is not None:
            self.step.setText(self._step.text)
            self.step.setAccessibleDescription(self.problem.text())

    def _want_step(self) -> None:
        if self._step is not None:
            self.step_wanted.emit(self._step)


class CardRow(QWidget):
    """The four cards side by side."""

    step_wanted = Signal(str, object)
    """Which card, and the `Step`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, StatusCard] = {
            "teamwork": StatusCard("Teamwork"),
            "missive": StatusCard("Missive"),
            "destination": StatusCard(self.tr("Destination")),
            "webhooks": StatusCard(self.tr("Webhooks")),
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        for part, card in self.cards.items():
            layout.addWidget(card, 1)
            card.step_wanted.connect(lambda step, part=part: self.step_wanted.emit(part, step))
