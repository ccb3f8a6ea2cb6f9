"""One category being edited: its name, and its patterns, with what is wrong with them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from tray_connector.model.category_draft import DraftCategory
from tray_connector.model.errors import Problem
from tray_connector.ui.category_words import name_trouble
from tray_connector.ui.form_parts import TARGET, TIGHT, Mark, Words, button
from tray_connector.ui.pattern_editor import PatternEditor
from tray_connector.ui.theme import GAP


class CategoryForm(QWidget):
    """Says what was typed; what it means is shown to it."""

    renamed = Signal(str)
    patterns_edited = Signal()
    add_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setMinimumHeight(TARGET)
        self.mark = Mark()
        self.problem = Words(role="small")
        self.patterns = PatternEditor()
        self.line = Words(role="small")
        self.line.setMinimumHeight(2 * self.line.fontMetrics().lineSpacing())
        self.line.setAlignment(Qt.AlignmentFlag.AlignTop)
        hint = self.tr("* stands for any characters, ? for exactly one. Upper and lower case differ.")
        self.hint = Words(hint, role="small")
        self.form, self.empty, self.none = QWidget(), QWidget(), QWidget()
        self.first = button(self.tr("Add the first category"))
        self._stack = QStackedLayout(self)
        self._place_form()
        self._place_empty()
        for page in (self.none, self.empty, self.form):
            self._stack.addWidget(page)
        self.name.textEdited.connect(self.renamed)
        self.name.returnPressed.connect(self.patterns.setFocus)
        self.patterns.edited.connect(self.patterns_edited)
        self.patterns.line_chosen.connect(self._show_line)
        self.first.clicked.connect(self.add_wanted)

    def _place_form(self) -> None:
        name, patterns = QLabel(self.tr("&Name")), QLabel(self.tr("Pa&tterns, one a line"))
        name.setBuddy(self.name)
        patterns.setBuddy(self.patterns)
        told = QHBoxLayout()
        told.setSpacing(TIGHT)
        told.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.problem, 1)
        layout = QVBoxLayout(self.form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(name)
        layout.addWidget(self.name)
        layout.addLayout(told)
        layout.addWidget(patterns)
        layout.addWidget(self.patterns, 1)
        layout.addWidget(self.line)
        layout.addWidget(self.hint)

    def _place_empty(self) -> None:
        layout = QVBoxLayout(self.empty)
        layout.addStretch(1)
        layout.addWidget(Words(self.tr("A column for each kind of label"), role="section"))
        text = self.tr(
            "A category gathers labels that belong together in a column of its own. With the name “Räume” and the "
            "pattern R_* all labels that begin with R_ are written into the column “Räume” as well; the column of "
            "all labels stays as it is."
        )
        layout.addWidget(Words(text))
        row = QHBoxLayout()
        row.addWidget(self.first)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(2)

    def show_category(self, category: DraftCategory | None, *, empty: bool) -> None:
        """Show one; None: there is none, or none is chosen."""
        if category is None:
            self._stack.setCurrentWidget(self.empty if empty else self.none)
            return
        self._stack.setCurrentWidget(self.form)
        if self.name.text() != category.name:
            self.name.setText(category.name)
        self.patterns.set_patterns(category.patterns)

    def show_problem(self, problem: Problem | None) -> None:
        """What is wrong with the name."""
        text = "" if problem is None else name_trouble(problem)
        self.problem.setText(text)
        self.problem.set_meaning(None if problem is None else "stopped")
        self.mark.set_state("none" if problem is None else "stopped")
        self.mark.setVisible(problem is not None)
        self.problem.setVisible(problem is not None)
        self.name.setAccessibleDescription(text)

    def begin_name(self) -> None:
        """Let the name be typed."""
        self.name.setFocus()
        self.name.selectAll()

    def _show_line(self) -> None:
        self.line.setText(self.patterns.line_text())
        self.patterns.setAccessibleDescription(self.line.text())
