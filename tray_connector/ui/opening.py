"""Makes the windows. Each is imported when it is first wanted: the icon stands in the tray sooner."""
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from tray_connector.ui.host import EngineHost


def status_window(host: EngineHost) -> QWidget:
    """How everything stands."""
    from tray_connector.ui.status_window import StatusWindow

    return StatusWindow(host)


def settings_window(host: EngineHost) -> QWidget:
    """Connections and choices."""
    from tray_connector.ui.settings_window import SettingsWindow

    return SettingsWindow(host)


def assistant(host: EngineHost) -> QWidget:
    """The first steps."""
    from tray_connector.ui.assistant.window import SetupAssistant

    return SetupAssistant(host)


def categories_window(host: EngineHost) -> QWidget:
    """The label categories."""
    from tray_connector.ui.categories_window import CategoriesWindow

    return CategoriesWindow(host)


def data_window(host: EngineHost) -> QWidget:
    """What is stored, to be read."""
    from tray_connector.ui.data_window import DataWindow

    return DataWindow(host)


def backfill_dialog(host: EngineHost) -> QWidget:
    """Reading again what changed."""
    from tray_connector.ui.backfill_dialog import BackfillDialog

    return BackfillDialog(host)


def log_window(host: EngineHost) -> QWidget:
    """The log as it grows."""
    from tray_connector.ui.log_window import LogWindow

    return LogWindow(host)


def diagnostics_dialog(host: EngineHost) -> QWidget:
    """What a developer needs, to be looked at before it is saved."""
    from tray_connector.ui.diagnostics_dialog import DiagnosticsDialog

    return DiagnosticsDialog(host)


def help_window(host: EngineHost) -> QWidget:
    """The documents that come with the program."""
    from tray_connector.ui.help_window import HelpWindow

    return HelpWindow(host)


def about_dialog(host: EngineHost) -> QWidget:
    """Version, folders, licence."""
    from tray_connector.ui.about import AboutDialog

    return AboutDialog(host)
