"""`SettingsPage`: fields under headings, loaded from what is in force, asked for what was changed."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from tray_connector.config.preferences import Preferences
from tray_connector.config.settings_view import SettingsView
from tray_connector.ui.connection_form import Field, Form
from tray_connector.ui.form_parts import Words
from tray_connector.ui.host import EngineHost
from tray_connector.ui.theme import GAP, GROUP, MARGIN

AnyField = TypeVar("AnyField", bound=Field)


class SettingsPage(QScrollArea):
    """One page. `box` takes its content; `name` is what `SettingsWindow.show_page` calls it."""

    edited = Signal()
    """The user changed something."""
    name = ""

    def __init__(self, host: EngineHost, title: str) -> None:
        super().__init__()
        self.host = host
        self.title = title
        self.form = Form(self)
        self.form.edited.connect(self._edited)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        content = QWidget()
        self.box = QVBoxLayout(content)
        self.box.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.box.setSpacing(GROUP)
        self.setWidget(content)

    def section(self, title: str, about: str = "") -> None:
        """A heading, and a sentence below it."""
        if self.box.count():
            self.box.addSpacing(GAP)
        self.box.addWidget(Words(title, "section"))
        if about:
            self.box.addWidget(Words(about, "small"))

    def add(self, field: AnyField) -> AnyField:
        """Take a field in."""
        self.form.add(field)
        self.box.addWidget(field)
        return field

    def load(self, view: SettingsView, preferences: Preferences) -> None:
        """Show what is in force."""
        self.form.load(view)
        self.prefer(preferences)

    def prefer(self, preferences: Preferences) -> None:
        """Show these preferences, where the page has any."""

    def preferred(self, preferences: Preferences) -> Preferences:
        """The same with what was chosen here."""
        return preferences

    def typed(self) -> dict[str, str]:
        """What was changed here, by setting."""
        return self.form.typed()

    def other_names(self) -> tuple[str, ...]:
        """Settings that the page shows without a field of their own."""
        return ()

    def _edited(self, _: str) -> None:
        self.edited.emit()
