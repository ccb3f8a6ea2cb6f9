"""Icons from the SVGs beside this module, in the colours of the state and of a light or dark surface."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tray_connector.model.status import State

TRAY_SIZES = (16, 20, 22, 24, 32, 48, 64)
"""Pixels. A tray that finds no small pixmap shows something else in its place."""
APP_SIZES = (16, 24, 32, 48, 64, 128, 256)
INK = {False: "#26282B", True: "#F2F3F5"}
"""Lines on a light surface and on a dark one."""
ON_DARK = {"#1E7D4F": "#5CC98D", "#1F66C1": "#6FB0F5", "#B3261E": "#D9483B"}
"""The states' colours as they are drawn, and what takes their place on a dark surface."""


def tray_icon(state: State, *, dark: bool) -> QIcon:
    """The icon of a state for a light or `dark` tray; on macOS a template that takes the menu bar's colour."""
    svg = _read(f"tray/{state.replace(' ', '-')}.svg").replace("currentColor", INK[dark])
    if dark:
        for light, instead in ON_DARK.items():
            svg = svg.replace(light, instead)
    icon = _icon(svg, TRAY_SIZES)
    icon.setIsMask(sys.platform == "darwin")
    return icon


def app_icon() -> QIcon:
    """The program's own."""
    return _icon(_read("app.svg"), APP_SIZES)


def state_pixmap(state: State, size: int, ratio: float, *, dark: bool) -> QPixmap:
    """The state's icon at `size` device-independent pixels for a screen of this ratio."""
    return tray_icon(state, dark=dark).pixmap(QSize(size, size), ratio)


def _icon(svg: str, sizes: tuple[int, ...]) -> QIcon:
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    made = QIcon()
    for size in sizes:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        made.addPixmap(pixmap)
    return made


@cache
def _read(name: str) -> str:
    return files("tray_connector.ui").joinpath("resources", *name.split("/")).read_text("utf-8")
