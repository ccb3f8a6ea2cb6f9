"""The picture behind the icons of the disk image: an arrow from the program to the folder of programs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

WIDTH, HEIGHT = 600, 400
"""Points of the window; macos/layout.applescript says the same, and puts the icons beside the arrow."""
BACKGROUND, ARROW = QColor("#F5F6F8"), QColor("#1F66C1")
MIDDLE = 190
FROM, TO = 250, 350


def draw_background(path: Path) -> None:
    """Write it as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(BACKGROUND)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ARROW, 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(FROM, MIDDLE), QPointF(TO - 24, MIDDLE))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ARROW)
    painter.drawPolygon(QPolygonF([QPointF(TO, MIDDLE), QPointF(TO - 30, MIDDLE - 22), QPointF(TO - 30, MIDDLE + 22)]))
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"{path} could not be written")
