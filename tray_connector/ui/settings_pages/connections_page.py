"""Connections: the keys of both services, where they are kept, and how connections leave this computer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences
from tray_connector.config.settings_view import SettingsView
from tray_connector.sync.setup import Setup, Surroundings
from tray_connector.ui.connection_form import TextField
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.live_test import LiveTest, Test
from tray_connector.ui.settings_pages.page import SettingsPage

translate = QCoreApplication.translate


class ConnectionsPage(SettingsPage):
    """Teamwork, Missive, the keyring, the network."""

    name = "connections"
    forget = Signal()
    """The user wants all keys forgotten."""

    def __init__(self, host: EngineHost, all_typed: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(host, translate("ConnectionsPage", "Connections"))
        self._all_typed = all_typed
        self.section("Teamwork")
        self.add(TextField("TEAMWORK_BASE_URL", placeholder="https://office.teamwork.com"))
        key = self.tr("Made in Teamwork under Edit my details › API & Mobile.")
        self.add(TextField("TEAMWORK_API_KEY", key))
        self.teamwork_test = self._test("Teamwork", lambda trial, stop: trial.check_teamwork(stop))
        self.section("Missive")
        self.add(TextField("MISSIVE_API_TOKEN", self.tr("Made in Missive under Settings › API.")))
        self.missive_test = self._test("Missive", lambda trial, stop: trial.check_missive(stop))
        self._add_keyring()
        self._add_network()
        self.box.addStretch(1)

    def load(self, view: SettingsView, preferences: Preferences) -> None:
        """Also where the keys are, and how connections are made."""
        super().load(view, preferences)
        self.teamwork_test.reset()
        self.missive_test.reset()
        self._kept.setText(kept_words(view))
        environment = self.host.environment

        def work(_: Stop, __: Callable[[object], None]) -> Surroundings:
            return Setup(environment).surroundings()

        self.host.run(work, self._show_network, owner=self)

    def _test(self, service: str, test: Test) -> LiveTest:
        made = LiveTest(self.host, service, test, self._all_typed)
        self.form.edited.connect(lambda name: made.reset() if name.startswith(service.upper()) else None)
        self.box.addWidget(made)
        return made

    def _add_keyring(self) -> None:
        self.section(self.tr("Keys"))
        self._kept = Words("")
        self.forget_button = button(self.tr("Forget keys…"))
        self.forget_button.clicked.connect(self.forget)
        row = QHBoxLayout()
        row.addWidget(self._kept, 1)
        row.addWidget(self.forget_button)
        self.box.addLayout(row)

    def _add_network(self) -> None:
        self.section(self.tr("Network"))
        self._proxy, self._trust = Words(""), Words("")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(Words(self.tr("Proxy"), wrap=False), self._proxy)
        form.addRow(Words(self.tr("Certificates"), wrap=False), self._trust)
        self.box.addLayout(form)

    def _show_network(self, found: Surroundings) -> None:
        proxies = ", ".join(f"{scheme}: {address}" for scheme, address in found.proxies)
        self._proxy.setText(proxies or self.tr("none, straight to the internet"))
        own = self.tr("those of the operating system, and the file {file}").format(file=found.certificates)
        self._trust.setText(own if found.certificates else self.tr("those of the operating system"))


def kept_words(view: SettingsView) -> str:
    """Where the keys are."""
    kept = [each for each in view.by_name.values() if each.setting.secret and each.origin == "keyring"]
    session = sum(each.session_only for each in kept)
    if view.keyring_problem is not None:
        return translate("ConnectionsPage", "The keyring cannot be asked at present. We try again by ourselves.")
    parts = []
    if len(kept) > session:
        parts.append(translate("ConnectionsPage", "%n key(s) are kept in the keyring.", "", len(kept) - session))
    if session:
        parts.append(translate("ConnectionsPage", "%n key(s) are kept until the program ends.", "", session))
    return " ".join(parts) or translate("ConnectionsPage", "No key is kept here.")
