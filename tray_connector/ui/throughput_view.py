"""The plot with its title, its legend, the value that is pointed at, and the choice of how far it looks back."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tray_connector.ui.form_parts import TARGET, TIGHT, Words
from tray_connector.ui.status_details import Details
from tray_connector.ui.theme import GAP
from tray_connector.ui.throughput_bars import DAY, HOUR, SOURCES
from tray_connector.ui.throughput_plot import ThroughputPlot, colour_of


class Swatch(QWidget):
    """The colour of a source's part of the bars."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A small square."""
        return QSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Called by Qt."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour_of(self.palette(), self._source))
        painter.end()


class ThroughputView(QWidget):
    """Give it each look at the details."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = ThroughputPlot()
        self.title = Words(wrap=False)
        self.value = Words(role="small", wrap=False)
        self.choice = QComboBox()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.title)
        for source, name in zip(SOURCES, (self.tr("tasks"), self.tr("e-mails")), strict=True):
            head.addWidget(Swatch(source))
            head.addWidget(Words(name, "small", wrap=False))
        head.addStretch(1)
        head.addWidget(self.value)
        self.choice.setAccessibleName(self.tr("How far the plot looks back"))
        self.choice.setMinimumHeight(TARGET)
        self.choice.addItem(self.tr("Last hour"))
        self.choice.addItem(self.tr("Last day"))
        head.addWidget(self.choice)
        layout.addLayout(head)
        layout.addWidget(self.plot)
        self.plot.pointed.connect(self.value.setText)
        self.choice.currentIndexChanged.connect(self._choose)
        self._choose()

    def _choose(self) -> None:
        span = HOUR if self.choice.currentIndex() == 0 else DAY
        self.title.setText(
            self.tr("Records stored per minute") if span is HOUR else self.tr("Records stored per 15 minutes")
        )
        self.plot.set_span(span)

    def show_details(self, details: Details, now: datetime) -> None:
        """The numbers up to `now`."""
        self.plot.show_rates(details.rates, now, details.zone)
