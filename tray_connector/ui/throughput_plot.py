"""The throughput: records stored per minute, as bars over time. Mouse and arrow keys tell the value of each bar."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionFocusRect, QWidget

from tray_connector.sync.rates import RatesView
from tray_connector.ui.texts import number, time_text
from tray_connector.ui.throughput_bars import DAY, HOUR, SOURCES, Bar, Span, bars_of, ceiling, ticks

GAP = 6.0
"""Pixels between the axes and their labels."""


def colour_of(palette: QPalette, source: str) -> QColor:
    """The palette's accent; the second source has it paler, above the first."""
    colour = QColor(palette.color(QPalette.ColorRole.Highlight))
    if source != SOURCES[0]:
        colour.setAlphaF(0.5)
    return colour


class ThroughputPlot(QWidget):
    """Bars on two axes."""

    pointed = Signal(str)
    """What the bar under the mouse or the keys' cursor says; empty when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: tuple[Bar, ...] = ()
        self.span: Span = HOUR
        self.current: int | None = None
        """The bar that is pointed at."""
        self._rates: RatesView | None = None
        self._now: datetime | None = None
        self._zone = ZoneInfo("UTC")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Records stored over time"))

    def sizeHint(self) -> QSize:
        """Six lines high."""
        return QSize(400, 6 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Legible axes."""
        return QSize(200, 6 * self.fontMetrics().height())

    def show_rates(self, rates: RatesView, now: datetime, zone: ZoneInfo) -> None:
        """Draw these numbers, up to `now`, by the clock of `zone`."""
        self._rates, self._now, self._zone = rates, now, zone
        bars = bars_of(rates, now, zone, self.span)
        if bars != self.bars:
            self.bars = bars
            self.setAccessibleDescription(self.summary())
            self._point(self.current)
            self.update()

    def set_span(self, span: Span) -> None:
        """Look back an hour or a day."""
        self.span, self.current = span, None
        self.pointed.emit("")
        if self._rates is not None and self._now is not None:
            self.show_rates(self._rates, self._now, self._zone)

    def summary(self) -> str:
        """All of it in a sentence."""
        total = sum(bar.total for bar in self.bars)
        if not total:
            return self.tr("Nothing was stored in this time.")
        most = max(self.bars, key=lambda bar: bar.total)
        return self.tr("{total} records in all; most at {time}: {most}.").format(
            total=number(total), time=time_text(most.began, self._zone), most=number(most.total)
        )

    def describe(self, bar: Bar) -> str:
        """A bar in words."""
        time = time_text(bar.began, self._zone)
        if self.span is DAY:
            time = f"{time}–{time_text(bar.ended, self._zone)}"
        if not bar.known:
            return self.tr("{time}: not running").format(time=time)
        tasks, mails = (number(bar.written.get(source, 0)) for source in SOURCES)
        return self.tr("{time}: {tasks} tasks, {mails} e-mails").format(time=time, tasks=tasks, mails=mails)

    # Pointing.

    def _point(self, index: int | None) -> None:
        self.current = index if index is not None and 0 <= index < len(self.bars) else None
        self.pointed.emit("" if self.current is None else self.describe(self.bars[self.current]))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the bar below the mouse."""
        area = self._area()
        inside = area.left() <= event.position().x() < area.right() and bool(self.bars)
        width = area.width() / max(1, len(self.bars))
        self._point(int((event.position().x() - area.left()) / width) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Nothing yet: the first move points."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right, Home and End move along the bars; Esc points at nothing."""
        last = len(self.bars) - 1
        here = last + 1 if self.current is None else self.current
        match event.key():
            case Qt.Key.Key_Left:
                self._point(max(0, here - 1))
            case Qt.Key.Key_Right:
                self._point(min(last, here + 1))
            case Qt.Key.Key_Home:
                self._point(0)
            case Qt.Key.Key_End:
                self._point(last)
            case Qt.Key.Key_Escape if self.current is not None:
                self._point(None)
            case _:
                super().keyPressEvent(event)

    # Painting.

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(self.font())
        left = metrics.horizontalAdvance(number(self._top())) + GAP
        return QRectF(
            left, metrics.height() / 2, self.width() - left - GAP, self.height() - 1.5 * metrics.height() - GAP
        )

    def _top(self) -> int:
        return ceiling(max((bar.total for bar in self.bars), default=0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axes, the time that is not known, bars, and what is pointed at."""
        painter = QPainter(self)
        area = self._area()
        self._paint_axes(painter, area)
        self._paint_bars(painter, area)
        if self.hasFocus():
            option = QStyleOptionFocusRect()
            option.initFrom(self)
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option, painter, self)
        painter.end()

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        palette, metrics, top = self.palette(), QFontMetricsF(self.font()), self._top()
        line = QColor(palette.color(QPalette.ColorRole.Mid))
        line.setAlphaF(0.4)
        text = QColor(palette.color(QPalette.ColorRole.WindowText))
        text.setAlphaF(0.8)
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            if top * share == int(top * share):
                painter.setPen(text)
                label = QRectF(0, y - metrics.height() / 2, area.left() - GAP, metrics.height())
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(label, int(right), number(int(top * share)))
        width = area.width() / max(1, len(self.bars))
        for index, moment in ticks(self.bars, self.span):
            x = area.left() + index * width
            painter.setPen(line)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            words = time_text(moment, self._zone)
            room = metrics.horizontalAdvance(words)
            if area.left() <= x - room / 2 and x + room / 2 <= self.width():
                painter.setPen(text)
                painter.drawText(QPointF(x - room / 2, area.bottom() + GAP + metrics.ascent()), words)

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        palette, top = self.palette(), self._top()
        width = area.width() / max(1, len(self.bars))
        shade = QColor(palette.color(QPalette.ColorRole.WindowText))
        shade.setAlphaF(0.04)
        unknown = sum(not bar.known for bar in self.bars)
        painter.fillRect(QRectF(area.left(), area.top(), unknown * width, area.height()), shade)
        shade.setAlphaF(0.1)
        for index, bar in enumerate(self.bars):
            x, y = area.left() + index * width, area.bottom()
            if index == self.current:
                painter.fillRect(QRectF(x, area.top(), width, area.height()), shade)
            for source in SOURCES:
                height = bar.written.get(source, 0) / top * area.height()
                y -= height
                room = min(2.0, width / 4)
                painter.fillRect(QRectF(x + room / 2, y, width - room, height), colour_of(palette, source))
