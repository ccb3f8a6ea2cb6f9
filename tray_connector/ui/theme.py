"""Colours and measures that all windows share; light and dark follow the palette."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette

from tray_connector.config.preferences import Theme
from tray_connector.model.status import State

Meaning = Literal["good", "busy", "attention", "stopped"]

MARGIN = 16
GROUP = 16
GAP = 8
HEADLINE = 1.3
SECTION = 1.1
SMALL = 0.9
"""Sizes of text, times the system's."""
OUR_COLORS = "ourColors"
"""Property of the application: the palette is ours."""

_COLORS: dict[Meaning, tuple[str, str]] = {
    "good": ("#1E7D4F", "#5CC98D"),
    "busy": ("#1F66C1", "#6FB0F5"),
    "attention": ("#9A6700", "#E8B33F"),
    "stopped": ("#B3261E", "#F2857C"),
}
_DARK = ("#2B2D30", "#1F2023", "#393B40", "#ECEDEE")
_LIGHT = ("#F3F4F5", "#FFFFFF", "#F3F4F5", "#1E1F22")
_OF_STATE: dict[State, Meaning] = {
    "starting": "busy",
    "in step": "good",
    "syncing": "busy",
    "attention": "attention",
    "stopped": "stopped",
}
_SCHEMES: dict[Theme, Qt.ColorScheme] = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def is_dark(palette: QPalette) -> bool:
    """Whether windows of this palette are dark."""
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def meaning_color(meaning: Meaning, palette: QPalette) -> QColor:
    """The colour of a meaning, with a contrast of at least 4.5:1 to the palette's window. Never alone: add a word."""
    light, dark = _COLORS[meaning]
    return QColor(dark if is_dark(palette) else light)


def state_color(state: State, palette: QPalette) -> QColor:
    """The colour of a state; that of text where there is nothing to know."""
    meaning = _OF_STATE.get(state)
    return palette.color(QPalette.ColorRole.WindowText) if meaning is None else meaning_color(meaning, palette)


def line_color(palette: QPalette) -> QColor:
    """For neutral lines and the edges of cards."""
    color = QColor(palette.color(QPalette.ColorRole.Mid))
    color.setAlphaF(0.4)
    return color


def font(base: QFont, size: float = 1.0, *, strong: bool = False) -> QFont:
    """The font at so many times its size; semibold for headings."""
    made = QFont(base)
    if base.pointSizeF() > 0:
        made.setPointSizeF(base.pointSizeF() * size)
    else:
        made.setPixelSize(round(base.pixelSize() * size))
    if strong:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def apply_theme(theme: Theme) -> None:
    """Light, dark, or as the system has it; open windows follow. A desktop that has no schemes gets our own colours."""
    application = QGuiApplication.instance()
    if application is not None and application.property(OUR_COLORS):
        QGuiApplication.setPalette(QPalette())
        application.setProperty(OUR_COLORS, False)
    hints, wanted = QGuiApplication.styleHints(), _SCHEMES[theme]
    hints.setColorScheme(wanted)
    if application is None or theme == "system" or hints.colorScheme() == wanted:
        return
    if is_dark(QGuiApplication.palette()) != (theme == "dark"):
        QGuiApplication.setPalette(_palette(dark=theme == "dark"))
        application.setProperty(OUR_COLORS, True)


def _palette(*, dark: bool) -> QPalette:
    """Neutral colours for desktops that cannot change theirs."""
    window, base, button, text = _DARK if dark else _LIGHT
    made = QPalette(QColor(button), QColor(window))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(role, QColor(text))
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor("#85888D"))
    made.setColor(QPalette.ColorRole.Base, QColor(base))
    made.setColor(QPalette.ColorRole.AlternateBase, QColor(window))
    made.setColor(QPalette.ColorRole.ToolTipBase, QColor(button))
    made.setColor(QPalette.ColorRole.ToolTipText, QColor(text))
    made.setColor(QPalette.ColorRole.PlaceholderText, QColor("#85888D"))
    made.setColor(QPalette.ColorRole.Highlight, QColor("#2F65CA"))
    made.setColor(QPalette.ColorRole.Accent, QColor("#2F65CA"))
    made.setColor(QPalette.ColorRole.HighlightedText, QColor("#FFFFFF"))
    made.setColor(QPalette.ColorRole.Link, QColor("#6FB0F5" if dark else "#1F66C1"))
    made.setColor(QPalette.ColorRole.Mid, QColor("#6B6E75" if dark else "#A0A3A8"))
    return made


def tray_is_dark(theme: Theme) -> bool:
    """Whether the tray is probably dark: nobody can ask it, so what the desktop says counts, or the user's word."""
    scheme = QGuiApplication.styleHints().colorScheme() if theme == "system" else _SCHEMES[theme]
    return scheme == Qt.ColorScheme.Dark or (scheme == Qt.ColorScheme.Unknown and is_dark(QGuiApplication.palette()))
