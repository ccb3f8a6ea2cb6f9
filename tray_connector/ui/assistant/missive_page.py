"""Missive: a token, tested."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.connection_form import TextField

translate = QCoreApplication.translate


class MissivePage(ConnectionPage):
    """The token of Missive."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            "Missive",
            translate("MissivePage", "With whose eyes may your e-mail be read?"),
            "Missive",
            lambda trial, stop: trial.check_missive(stop),
        )
        self.add_field(
            TextField(
                "MISSIVE_API_TOKEN",
                self.tr(
                    "In Missive, open Settings › API and create a token. It sees what its owner sees; "
                    "the next pages ask what of it is taken."
                ),
                label=self.tr("API token of a Missive user"),
            )
        )
        self.add_link(self.tr("Open Missive's settings"), "https://mail.missiveapp.com/#settings/api")
        self.finish()
