"""The small parts that forms are made of: words, cards, marks, in the colours and measures of the application."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from tray_connector.ui.links import open_web_address
from tray_connector.ui.theme import GAP, HEADLINE, SECTION, SMALL, Meaning, font, is_dark, line_color, meaning_color

Role = Literal["body", "small", "section", "headline", "strong"]
MarkState = Literal["none", "busy", "good", "attention", "stopped"]

TIGHT = 4
CORNER = 8
TARGET = 28
_SIZES: dict[Role, float] = {"body": 1.0, "small": SMALL, "section": SECTION, "headline": HEADLINE, "strong": 1.0}
_TURN_MS = 80


def muted(palette: QPalette) -> QColor:
    """Text that may be passed over, still at more than 4.5:1."""
    return mixed(palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window), 0.72)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """So much of the one, the rest of the other."""
    return QColor.fromRgbF(
        one.redF() * share + other.redF() * (1 - share),
        one.greenF() * share + other.greenF() * (1 - share),
        one.blueF() * share + other.blueF() * (1 - share),
    )


class Words(QLabel):
    """Plain text that wraps: what comes from outside is never taken for markup. Follows palette and font."""

    def __init__(
        self, text: str = "", role: Role = "body", *, wrap: bool = True, meaning: Meaning | None = None
    ) -> None:
        super().__init__()
        self._role = role
        self._meaning = meaning
        self._styling = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setText(text)
        self._style()

    def set_meaning(self, meaning: Meaning | None) -> None:
        """Show it in one of the four colours, or as ordinary text."""
        if meaning != self._meaning:
            self._meaning = meaning
            self._style()

    def changeEvent(self, event: QEvent) -> None:
        """Called by Qt."""
        # A palette that the program sets is announced in another way than one that the system changed.
        changes = (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange, QEvent.Type.ApplicationFontChange)
        if event.type() in changes and not self._styling:
            self._styling = True
            self._style()
            self._styling = False
        super().changeEvent(event)

    def _style(self) -> None:
        application = QApplication.palette()
        strong = self._role in ("section", "headline", "strong")
        self.setFont(font(QApplication.font(), _SIZES[self._role], strong=strong))
        palette = QPalette()
        colour = application.color(QPalette.ColorRole.WindowText)
        if self._meaning is not None:
            colour = meaning_color(self._meaning, application)
        elif self._role == "small":
            colour = muted(application)
        palette.setColor(QPalette.ColorRole.WindowText, colour)
        self.setPalette(palette)


class Card(QFrame):
    """A group with a fine line around it. Its layout is `box`."""

    def __init__(self, margin: int = 12) -> None:
        super().__init__()
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(margin, margin, margin, margin)
        self.box.setSpacing(GAP)
        self._marked = False

    def set_marked(self, marked: bool) -> None:
        """Draw it in the colour of what is chosen."""
        if marked != self._marked:
            self._marked = marked
            self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        colour = palette.color(QPalette.ColorRole.Highlight) if self._marked else line_color(palette)
        painter.setPen(QPen(colour, 2.0 if self._marked else 1.0))
        window = palette.color(QPalette.ColorRole.Window)
        # On a dark surface, controls draw their edges darker than it: it must not be the darkest colour itself.
        lifted = mixed(palette.color(QPalette.ColorRole.WindowText), window, 0.05)
        painter.setBrush(lifted if is_dark(palette) else palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), CORNER, CORNER)


class Mark(QWidget):
    """A state as a shape of its own: a tick, a triangle, an octagon, or an arc that turns while something goes on."""

    def __init__(self, state: MarkState = "none", size: int = 16) -> None:
        super().__init__()
        self._state: MarkState = state
        self._angle = 0
        self._size = size
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._turn)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(state)

    @property
    def state(self) -> MarkState:
        """What it shows."""
        return self._state

    def set_state(self, state: MarkState) -> None:
        """Show another state; it turns only while it can be seen."""
        self._state = state
        names: dict[MarkState, str] = {
            "none": "",
            "busy": self.tr("in progress"),
            "good": self.tr("in order"),
            "attention": self.tr("needs a look"),
            "stopped": self.tr("wrong"),
        }
        self.setAccessibleName(names[state])
        self._run()
        self.update()

    def sizeHint(self) -> QSize:
        """Called by Qt."""
        return QSize(self._size, self._size)

    def showEvent(self, _: QEvent) -> None:
        """Called by Qt."""
        self._run()

    def hideEvent(self, _: QEvent) -> None:
        """Called by Qt."""
        self._timer.stop()

    def _run(self) -> None:
        if self._state == "busy" and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + 30) % 360
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Called by Qt."""
        if self._state == "none":
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / 16, self.height() / 16)
        draw_mark(painter, self._state, self.palette(), self._angle)


def draw_mark(painter: QPainter, state: MarkState, palette: QPalette, angle: int = 0) -> None:
    """Draw a state into a field of 16 by 16."""
    if state == "none":
        return
    colour = meaning_color(state, palette)
    pen = QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if state == "busy":
        painter.drawArc(QRectF(2, 2, 12, 12), -angle * 16, 270 * 16)
    elif state == "good":
        painter.drawEllipse(QRectF(1.5, 1.5, 13, 13))
        painter.drawPolyline(QPolygonF([QPointF(5, 8.3), QPointF(7.2, 10.5), QPointF(11, 5.8)]))
    elif state == "attention":
        painter.drawPolygon(QPolygonF([QPointF(8, 2), QPointF(14.5, 13.5), QPointF(1.5, 13.5)]))
        painter.drawLine(QPointF(8, 6.5), QPointF(8, 9.6))
        painter.drawPoint(QPointF(8, 11.6))
    else:
        corners = (
            (5.3, 1.5),
            (10.7, 1.5),
            (14.5, 5.3),
            (14.5, 10.7),
            (10.7, 14.5),
            (5.3, 14.5),
            (1.5, 10.7),
            (1.5, 5.3),
        )
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        painter.drawLine(QPointF(5.8, 5.8), QPointF(10.2, 10.2))
        painter.drawLine(QPointF(10.2, 5.8), QPointF(5.8, 10.2))


class Link(QToolButton):
    """Opens a page in the browser: https only, whatever it was given."""

    def __init__(self, text: str, address: str) -> None:
        super().__init__()
        self.setText(f"{text} ↗")
        self.setAccessibleName(text)
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(address)
        self.setMinimumHeight(TARGET)
        self._address = address
        self.clicked.connect(self._open)

    def _open(self) -> None:
        open_web_address(self._address)


def button(text: str, *, accessible: str = "") -> QPushButton:
    """An ordinary button of the least height that a target has."""
    made = QPushButton(text)
    made.setMinimumHeight(TARGET)
    made.setAutoDefault(False)
    if accessible:
        made.setAccessibleName(accessible)
    return made
