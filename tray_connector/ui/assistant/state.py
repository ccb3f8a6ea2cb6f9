"""What the assistant knows so far: what was typed, what was imported, what the services offered."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from tray_connector.config.preferences import Preferences
from tray_connector.config.setting_table import BY_NAME
from tray_connector.config.settings_exchange import Recognised
from tray_connector.config.settings_view import SettingsView
from tray_connector.sync.trial import Volume
from tray_connector.ui.host import EngineHost

PREFIXES = {"sqlite": "SQLITE_", "airtable": "AIRTABLE_", "postgres": "PG_"}
"""How the names of a destination's settings begin."""


class SetupState(QObject):
    """Lives on the UI thread, as long as the assistant: pages come and go, what was typed stays."""

    imported = Signal()
    """A file brought values: pages show them."""

    def __init__(self, host: EngineHost, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.view: SettingsView | None = None
        self.preferences = Preferences()
        self.typed: dict[str, str] = {}
        """Setting → text; wins over what is in force. Secrets among them."""
        self.sources: dict[str, str] = {}
        """Setting → name of the file that it was imported from."""
        self.categories: str | None = None
        self.volume: Volume | None = None

    def text(self, name: str) -> str:
        """What the setting would be: typed, else in force, else its default. Empty for a secret that is kept."""
        if name in self.typed:
            return self.typed[name]
        found = self.view[name].text if self.view is not None else ""
        return found or BY_NAME[name].default or ""

    def is_set(self, name: str) -> bool:
        """Whether there is a value from anywhere, the keyring included."""
        return bool(self.typed.get(name)) or (
            name not in self.typed and self.view is not None and self.view[name].is_set
        )

    def is_fixed(self, name: str) -> bool:
        """Whether it is given from outside."""
        return self.view is not None and self.view[name].is_fixed

    @property
    def backend(self) -> str:
        """The destination as chosen so far."""
        return self.typed.get("DB_BACKEND") or (self.view.backend if self.view is not None else "sqlite")

    def put(self, texts: Mapping[str, str]) -> None:
        """Take over what was typed; what is given from outside stays as it is."""
        for name, text in texts.items():
            if not self.is_fixed(name) and self.typed.get(name) != text:
                self.typed[name] = text
                self.sources.pop(name, None)

    def final_texts(self) -> dict[str, str]:
        """What is to be saved: without what was tried and not chosen, unless a file brought it."""
        ways = {"true": ("NGROK_AUTHTOKEN", "PUBLIC_URL"), "false": ()}
        others = tuple(prefix for backend, prefix in PREFIXES.items() if backend != self.backend)
        unwanted = ways.get(self.text("DISABLE_WEBHOOKS").lower(), ())

        def is_kept(name: str) -> bool:
            tried = name.startswith(others) or name in unwanted
            return not self.is_fixed(name) and (name in self.sources or not tried)

        return {name: text for name, text in self.typed.items() if is_kept(name)}

    def drop(self, *names: str) -> None:
        """Forget what was typed for these: what is in force counts again."""
        for name in names:
            self.typed.pop(name, None)
            self.sources.pop(name, None)

    def take(self, recognised: Recognised) -> None:
        """Take over what a file brought."""
        for name, text in recognised.texts.items():
            if not self.is_fixed(name):
                self.typed[name] = text
                self.sources[name] = recognised.name
        if recognised.categories is not None:
            self.categories = recognised.categories
        self.imported.emit()
