"""The first page: try the demo, or connect one's own accounts."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QButtonGroup

from tray_connector.config.settings_exchange import Recognised
from tray_connector.ui.assistant.import_panel import ImportPanel
from tray_connector.ui.assistant.option_card import OptionCard
from tray_connector.ui.assistant.page import AssistantPage
from tray_connector.ui.assistant.state import SetupState

translate = QCoreApplication.translate


class WelcomePage(AssistantPage):
    """Two ways on, and what an older connector left."""

    demo = Signal()
    """Show the invented office."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            translate("WelcomePage", "Welcome"),
            translate(
                "WelcomePage",
                "Tray Connector keeps your Teamwork tasks and Missive e-mails in step with your own database. "
                "Setting it up takes about five minutes; nothing is written before the last page.",
            ),
        )
        group = QButtonGroup(self)
        self.connect_card = OptionCard(
            self.tr("Connect my accounts"),
            self.tr("You need an API key of Teamwork and an API token of Missive. The next pages show where they are."),
            group,
        )
        self.demo_card = OptionCard(
            self.tr("Try the demo first"),
            self.tr("An invented office on this computer. No account is needed, and nothing leaves this computer."),
            group,
        )
        self.connect_card.radio.setChecked(True)
        self.panel = ImportPanel(state.host)
        self.panel.recognised.connect(self._take)
        group.buttonToggled.connect(lambda *_: self.changed.emit())
        for widget in (self.connect_card, self.demo_card, self.panel):
            self.box.addWidget(widget)
        self.box.addStretch(1)
        if state.host.demo:
            self.demo_card.hide()

    def enter(self) -> None:
        """The choice has the focus."""
        self.connect_card.radio.setFocus()

    def primary(self) -> tuple[str, bool]:
        """Start the demo, or go on."""
        if self.demo_card.radio.isChecked():
            return self.tr("Start the demo"), True
        return self.tr("Next"), self.state.view is not None

    def press(self) -> None:
        """As chosen."""
        if self.demo_card.radio.isChecked():
            self.demo.emit()
        else:
            self.forward.emit()

    def _take(self, found: Recognised) -> None:
        self.connect_card.radio.setChecked(True)
        self.state.take(found)
