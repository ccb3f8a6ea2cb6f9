"""The throughput plot: what it tells to the mouse, to the keys and to a screen reader, in every palette."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.clock import FakeClock
from tray_connector.sync.rates import Rates
from tray_connector.ui.throughput_bars import DAY
from tray_connector.ui.throughput_plot import ThroughputPlot

NOW = datetime(2026, 9, 2, 10, 20, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def plot(qtbot: QtBot) -> ThroughputPlot:
    QLocale.setDefault(QLocale("de_DE"))
    clock = FakeClock(NOW)
    rates = Rates(clock)
    clock.advance(600)
    rates.add("teamwork", 4)
    rates.add("missive", 2)
    clock.advance(120)
    plot = ThroughputPlot()
    qtbot.addWidget(plot)
    plot.resize(800, 120)
    plot.show_rates(rates.view(), clock.now(), BERLIN)
    plot.show()
    return plot


def place(plot: ThroughputPlot, bar: int) -> QPoint:
    area = plot._area()
    return QPoint(int(area.left() + (bar + 0.5) * area.width() / len(plot.bars)), int(area.center().y()))


def test_the_mouse_tells_the_value(plot: ThroughputPlot, qtbot: QtBot) -> None:
    with qtbot.waitSignal(plot.pointed) as said:
        QTest.mouseMove(plot, place(plot, 57))
    assert said.args == ["12:30: 4 tasks, 2 e-mails"]
    with qtbot.waitSignal(plot.pointed) as said:
        QTest.mouseMove(plot, place(plot, 10))
    assert said.args == ["11:43: not running"]


def test_the_arrow_keys_tell_it_as_well(plot: ThroughputPlot, qtbot: QtBot) -> None:
    said: list[str] = []
    plot.pointed.connect(said.append)
    for key in (Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Escape):
        QTest.keyClick(plot, key)
    assert said == ["12:32: 0 tasks, 0 e-mails", "12:31: 0 tasks, 0 e-mails", "12:30: 4 tasks, 2 e-mails", ""]


def test_a_screen_reader_hears_the_sum(plot: ThroughputPlot) -> None:
    assert plot.accessibleName()
    assert plot.accessibleDescription() == "6 records in all; most at 12:30: 6."


def test_a_day_says_from_when_to_when(plot: ThroughputPlot, qtbot: QtBot) -> None:
    plot.set_span(DAY)
    with qtbot.waitSignal(plot.pointed) as said:
        QTest.keyClick(plot, Qt.Key.Key_End)
    assert said.args == ["12:30–12:45: 4 tasks, 2 e-mails"]


@pytest.mark.parametrize("window", ["#ffffff", "#101010"])
def test_the_bars_have_the_palettes_colour(plot: ThroughputPlot, window: str) -> None:
    palette = QPalette(QColor("#345678"), QColor(window))
    palette.setColor(QPalette.ColorRole.Highlight, QColor("#c05a00"))
    plot.setPalette(palette)
    image = plot.grab().toImage()
    area = plot._area()
    foot = QPoint(place(plot, 57).x(), int(area.bottom() - 3))
    assert image.pixelColor(foot) == QColor("#c05a00")
    assert image.pixelColor(int(area.left() + 3), 1) == QColor(window)
