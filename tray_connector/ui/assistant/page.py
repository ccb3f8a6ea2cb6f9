"""`AssistantPage`: what every page of the assistant is and can be asked."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.connection_form import Form, TextField
from tray_connector.ui.form_parts import Link, Words
from tray_connector.ui.live_test import LiveTest, Test
from tray_connector.ui.theme import GROUP


class AssistantPage(QWidget):
    """One question. `box` takes its content."""

    changed = Signal()
    """What the buttons below say or allow may be another thing now."""
    forward = Signal()
    """The page is done: go on."""

    def __init__(self, state: SetupState, title: str, question: str) -> None:
        super().__init__()
        self.state = state
        self.title = title
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(GROUP)
        self.box.addWidget(Words(question))

    def enter(self) -> None:
        """The page comes to the front."""

    def leave(self) -> None:
        """Another page comes to the front: keep what was typed."""

    def primary(self) -> tuple[str, bool]:
        """The words of the main button and whether it may be pressed."""
        return self.tr("Next"), True

    def alternative(self) -> str:
        """The words of a second way on; empty where there is none."""
        return ""

    def press(self) -> None:
        """The main button was pressed."""
        self.forward.emit()

    def press_alternative(self) -> None:
        """The second way on was chosen."""
        self.forward.emit()


class ConnectionPage(AssistantPage):
    """A page with fields and a live test: the main button tests, and goes on once the test has passed."""

    def __init__(self, state: SetupState, title: str, question: str, service: str, test: Test) -> None:
        super().__init__(state, title, question)
        self.form = Form(self)
        self.form.edited.connect(self._edited)
        self.test = LiveTest(state.host, service, test, self.texts, has_button=False)
        self.test.changed.connect(self._tested)
        self._going_on = False
        state.imported.connect(self._imported)

    def add_field(self, field: TextField) -> TextField:
        """Take a field in, below what is there."""
        self.form.add(field)
        self.box.addWidget(field)
        return field

    def add_link(self, text: str, address: str) -> None:
        """A page in the browser that helps here."""
        self.box.addWidget(Link(text, address))

    def finish(self) -> None:
        """All is in: the test comes last."""
        self.box.addWidget(self.test)
        self.box.addStretch(1)

    def texts(self) -> dict[str, str]:
        """What is to be tried: all that was typed in the assistant."""
        self.keep()
        return self.state.typed

    def keep(self) -> None:
        """Note what stands in the fields."""
        self.state.put(self.form.typed())

    def reload(self) -> None:
        """Show what is in force, and over it what was typed or imported."""
        if self.state.view is None:
            return
        self.form.load(self.state.view)
        for name, field in self.form.fields.items():
            if name not in self.state.typed:
                continue
            if isinstance(field, TextField) and field.setting.secret and name in self.state.sources:
                field.keep_hidden(self.tr("Taken from {file}.").format(file=self.state.sources[name]))
            else:
                field.show_text(self.state.typed[name])

    def enter(self) -> None:
        """Show what is known, and put the cursor where something is missing."""
        self.reload()
        for field in self.form.fields.values():
            if not self.state.is_set(field.name) and not field.is_fixed and field.isVisibleTo(self):
                field.setFocus()
                return

    def leave(self) -> None:
        """Keep what was typed; a test that runs is ended."""
        self.keep()
        if self.test.outcome == "running":
            self.test.cancel()

    def complete(self) -> bool:
        """Whether there is enough to be tested."""
        return all(self.state.is_set(n) or f.value() for n, f in self.form.fields.items())

    def primary(self) -> tuple[str, bool]:
        """Test, and then Next."""
        match self.test.outcome:
            case "passed":
                return self.tr("Next"), True
            case "running":
                return self.tr("Test"), False
            case "failed" | "passing":
                return self.tr("Test again"), self.complete()
        return self.tr("Test"), self.complete()

    def alternative(self) -> str:
        """What time mends need not hold anybody up."""
        return self.tr("Continue without the test") if self.test.outcome == "passing" else ""

    def press(self) -> None:
        """Test what is typed, or go on."""
        if self.test.outcome == "passed":
            self.forward.emit()
            return
        wrong = self.form.check()
        if wrong is not None:
            wrong.setFocus()
            return
        self.test.start()

    def _imported(self) -> None:
        self.test.reset()
        self.reload()

    def _edited(self, name: str) -> None:
        field = self.form.fields[name]
        self.state.put({name: field.value()})
        if field.setting.secret and not field.value():
            self.state.drop(name)
        self.test.reset()
        self.changed.emit()

    def _tested(self) -> None:
        self.changed.emit()
