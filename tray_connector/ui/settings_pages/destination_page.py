"""The destination: which database, its settings, its test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tray_connector.config.preferences import Preferences
from tray_connector.config.settings_view import SettingsView
from tray_connector.ui.assistant.destination_page import PLANS, check_with_volume
from tray_connector.ui.connection_form import ChoiceField, Field, SwitchField, TextField
from tray_connector.ui.form_parts import Words
from tray_connector.ui.host import EngineHost
from tray_connector.ui.live_test import LiveTest
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.theme import GROUP

translate = QCoreApplication.translate
BACKENDS = (("sqlite", "SQLite"), ("airtable", "Airtable"), ("postgres", "PostgreSQL"))


class BackendField(ChoiceField):
    """The destination in use: by rule, where none is set."""

    def __init__(self) -> None:
        super().__init__("DB_BACKEND", BACKENDS)

    def begin_with(self, backend: str) -> None:
        """What the rule says counts as loaded."""
        self.combo.setCurrentIndex(self.combo.findData(backend))
        self._loaded = backend


class DestinationSettings(SettingsPage):
    """One of three, and the files of e-mails."""

    name = "destination"

    def __init__(self, host: EngineHost, all_typed: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(host, translate("DestinationSettings", "Destination"))
        self.backend = self.add(BackendField())
        self.moved = Words(
            self.tr(
                "The new place begins empty: everything is read once more and stored there. "
                "What lies in the old place stays. To copy it over instead: tray-connector migrate."
            ),
            "small",
            meaning="attention",
        )
        self.box.addWidget(self.moved)
        self._groups = {value: QWidget() for value, _ in BACKENDS}
        self._fill()
        self.test = LiveTest(host, self.tr("the destination"), check_with_volume, all_typed)
        self.box.addWidget(self.test)
        self.form.edited.connect(lambda _: self._follow())
        self.section(self.tr("Files of e-mails"))
        for field in (
            SwitchField("ATTACHMENTS"),
            TextField("ATTACHMENTS_PATH", self.tr("For SQLite and PostgreSQL; Airtable keeps them itself.")),
            TextField("ATTACHMENT_MAX_MB"),
        ):
            self.add(field)
        self.box.addStretch(1)

    def load(self, view: SettingsView, preferences: Preferences) -> None:
        """Also by rule, where no destination is set."""
        super().load(view, preferences)
        self.backend.begin_with(view.backend)
        self._follow()

    def _fill(self) -> None:
        fields: dict[str, tuple[Field, ...]] = {
            "sqlite": (TextField("SQLITE_PATH"),),
            "airtable": (
                TextField("AIRTABLE_API_KEY"),
                TextField("AIRTABLE_BASE_ID", self.tr("It begins with app and stands in the address of the base.")),
                ChoiceField("AIRTABLE_PLAN", PLANS),
                TextField("AIRTABLE_WRITE_EVERY_SECONDS", self.tr("3600 saves calls on the plan Free.")),
                TextField("AIRTABLE_TASKS_TABLE"),
                TextField("AIRTABLE_EMAILS_TABLE"),
            ),
            "postgres": (TextField("PG_DSN"), TextField("PG_SCHEMA")),
        }
        for backend, group in fields.items():
            box = QVBoxLayout(self._groups[backend])
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(GROUP)
            for field in group:
                self.form.add(field)
                box.addWidget(field)
            self.box.addWidget(self._groups[backend])

    def _follow(self) -> None:
        backend = self.backend.value()
        for value, group in self._groups.items():
            group.setVisible(value == backend)
        place = {"SQLITE_PATH", "AIRTABLE_BASE_ID", "PG_DSN", "PG_SCHEMA", "DB_BACKEND"}
        self.moved.setVisible(bool(place & self.form.typed().keys()))
        self.test.reset()
