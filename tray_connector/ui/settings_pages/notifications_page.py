"""Notifications: which of the few are wanted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QCheckBox

from tray_connector.config.preferences import Preferences
from tray_connector.ui.form_parts import TARGET, Words
from tray_connector.ui.host import EngineHost
from tray_connector.ui.settings_pages.page import SettingsPage

translate = QCoreApplication.translate


class NotificationSettings(SettingsPage):
    """Two switches."""

    name = "notifications"

    def __init__(self, host: EngineHost) -> None:
        super().__init__(host, translate("NotificationSettings", "Notifications"))
        self.section(self.tr("Tell me when"))
        self.stopped = QCheckBox(self.tr("syncing has stopped and needs me, such as for a new key"))
        self.attention = QCheckBox(self.tr("records need a look"))
        for switch in (self.stopped, self.attention):
            switch.setMinimumHeight(TARGET)
            switch.clicked.connect(lambda _: self.edited.emit())
            self.box.addWidget(switch)
        self.box.addWidget(
            Words(self.tr("There are none for success, and none for being offline: that mends itself."), "small")
        )
        self.box.addStretch(1)

    def prefer(self, preferences: Preferences) -> None:
        """Show them."""
        self.stopped.setChecked(preferences.notify_stopped)
        self.attention.setChecked(preferences.notify_attention)

    def preferred(self, preferences: Preferences) -> Preferences:
        """With these switches."""
        return replace(
            preferences, notify_stopped=self.stopped.isChecked(), notify_attention=self.attention.isChecked()
        )
