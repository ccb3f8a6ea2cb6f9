"""General: autostart, language, looks, time zone, log, and settings from and to files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Language, Preferences, Theme
from tray_connector.config.settings_view import SettingsView
from tray_connector.desktop.autostart import Entry, this_autostart
from tray_connector.ui.connection_form import WIDEST, ChoiceField, TextField
from tray_connector.ui.form_parts import TARGET, TIGHT, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import open_folder
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.theme import GAP

translate = QCoreApplication.translate
LEVELS = (("DEBUG", "Debug"), ("INFO", "Info"), ("WARNING", "Warning"), ("ERROR", "Error"), ("CRITICAL", "Critical"))


class GeneralSettings(SettingsPage):
    """What concerns the program itself."""

    name = "general"
    export_wanted = Signal()
    import_wanted = Signal()

    def __init__(self, host: EngineHost) -> None:
        super().__init__(host, translate("GeneralSettings", "General"))
        self._entry: Entry | None = None
        self.section(self.tr("Start"))
        self.autostart = QCheckBox(self.tr("Start when I log in"))
        self.autostart.setMinimumHeight(TARGET)
        self.autostart.setEnabled(False)
        self.autostart.clicked.connect(lambda _: self.edited.emit())
        self._entry_note = Words("", "small")
        self._entry_note.hide()
        self.box.addWidget(self.autostart)
        self.box.addWidget(self._entry_note)
        self.section(self.tr("Looks"))
        self.language = self._combo(
            self.tr("Language"), (("system", self.tr("as the system")), ("en", "English"), ("de", "Deutsch"))
        )
        self.theme = self._combo(
            self.tr("Colours"),
            (("system", self.tr("as the system")), ("light", self.tr("light")), ("dark", self.tr("dark"))),
        )
        self.add(TextField("TIMEZONE", self.tr("For times that are shown, and for Airtable's date columns.")))
        self._add_files()
        self.section(self.tr("Log"))
        self.add(ChoiceField("LOG_LEVEL", LEVELS))
        self.box.addStretch(1)

    def load(self, view: SettingsView, preferences: Preferences) -> None:
        """Also what the system says of the autostart entry."""
        super().load(view, preferences)

        def work(_: Stop, __: Callable[[object], None]) -> Entry:
            return this_autostart().look()

        self.host.run(work, self._show_entry, owner=self)

    def prefer(self, preferences: Preferences) -> None:
        """Show them."""
        self.language.setCurrentIndex(self.language.findData(preferences.language))
        self.theme.setCurrentIndex(self.theme.findData(preferences.theme))

    def preferred(self, preferences: Preferences) -> Preferences:
        """With what was chosen."""
        wish = self.autostart_wish()
        return replace(
            preferences,
            language=cast("Language", self.language.currentData()),
            theme=cast("Theme", self.theme.currentData()),
            start_with_system=preferences.start_with_system if wish is None else wish,
        )

    @property
    def autostart_known(self) -> bool:
        """Whether the system has said how the entry stands."""
        return self._entry is not None

    def autostart_wish(self) -> bool | None:
        """What the user changed the entry to; None when it stays."""
        if self._entry is None:
            return None
        wanted = self.autostart.isChecked()
        return wanted if wanted != self._is_on(self._entry) else None

    @staticmethod
    def _is_on(entry: Entry) -> bool:
        return entry.standing in ("right", "stale")

    def _show_entry(self, entry: Entry) -> None:
        self._entry = entry
        self.autostart.setEnabled(True)
        self.autostart.setChecked(self._is_on(entry))
        notes = {
            "off": self.tr("It was turned off in the settings of your system."),
            "stale": self.tr("The entry leads to another place: {place}. It is mended when you save.").format(
                place=" ".join(entry.command)
            ),
        }
        self._entry_note.setText(notes.get(entry.standing, ""))
        self._entry_note.setVisible(entry.standing in notes)

    def _combo(self, label: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        words, combo = Words(label, wrap=False), QComboBox()
        combo.setMinimumHeight(TARGET)
        combo.setMaximumWidth(WIDEST)
        combo.setAccessibleName(label)
        for value, text in choices:
            combo.addItem(text, value)
        words.setBuddy(combo)
        combo.activated.connect(lambda _: self.edited.emit())
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(TIGHT)
        box.addWidget(words)
        box.addWidget(combo)
        self.box.addWidget(holder)
        return combo

    def _add_files(self) -> None:
        self.section(self.tr("Settings in files"), self.tr("An export holds no keys."))
        row = QHBoxLayout()
        row.setSpacing(GAP)
        self.export_button = button(self.tr("Export…"), accessible=self.tr("Export settings"))
        self.import_button = button(self.tr("Import…"), accessible=self.tr("Import settings or an old .env"))
        folder = button(self.tr("Show the data folder"))
        self.export_button.clicked.connect(self.export_wanted)
        self.import_button.clicked.connect(self.import_wanted)
        folder.clicked.connect(lambda: open_folder(self.host.environment.paths.home))
        for each in (self.export_button, self.import_button, folder):
            row.addWidget(each)
        row.addStretch(1)
        self.box.addLayout(row)
