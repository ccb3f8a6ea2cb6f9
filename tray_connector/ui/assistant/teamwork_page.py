"""Teamwork: the site and a key, tested."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.connection_form import TextField

translate = QCoreApplication.translate


class TeamworkPage(ConnectionPage):
    """Address and key of Teamwork."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            "Teamwork",
            translate("TeamworkPage", "Where is your Teamwork, and with which key may it be read?"),
            "Teamwork",
            lambda trial, stop: trial.check_teamwork(stop),
        )
        self.add_field(
            TextField(
                "TEAMWORK_BASE_URL",
                self.tr("As in the address line of your browser."),
                placeholder="https://office.teamwork.com",
            )
        )
        self.add_field(
            TextField(
                "TEAMWORK_API_KEY",
                self.tr(
                    "In Teamwork, click your picture, then Edit my details › API & Mobile. "
                    "An administrator's key sees all projects and can set up webhooks."
                ),
                label=self.tr("API key of a Teamwork user"),
            )
        )
        self.finish()
