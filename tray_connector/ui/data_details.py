"""One record, whole: what it is, everything that is known of it, its text. Plain text only, to be read and copied."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent
from PySide6.QtGui import (
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)
from PySide6.QtWidgets import QTextEdit

from tray_connector.destinations.browse import Whole
from tray_connector.ui.data_words import facts_of, large_text, title_of
from tray_connector.ui.form_parts import muted
from tray_connector.ui.texts import number, translate
from tray_connector.ui.theme import SECTION, font

LONGEST = 50_000
"""Characters of a text: laying out more would make the window wait."""
LONGEST_LINE = 2_000
"""The same for one paragraph."""
PADDING = 3


class DataDetails(QTextEdit):
    """Text from outside is inserted as text: nothing in it is taken for markup, nothing is fetched."""

    def __init__(self) -> None:
        super().__init__(readOnly=True, acceptRichText=False, tabChangesFocus=True, undoRedoEnabled=False)
        self.setAccessibleName(self.tr("The chosen record"))
        self.setPlaceholderText(self.tr("Choose a row."))
        self.document().setDocumentMargin(12)
        self._shown: tuple[Whole, ZoneInfo] | None = None

    def show_whole(self, whole: Whole | None, zone: ZoneInfo) -> None:
        """Show it; the same record stays where it was scrolled to."""
        if (whole, zone) == self._shown:
            return
        same = whole is not None and self._shown is not None and self._shown[0].row.record == whole.row.record
        place = self.verticalScrollBar().value() if same else 0
        self._shown = None if whole is None else (whole, zone)
        self._write()
        self.verticalScrollBar().setValue(place)

    def changeEvent(self, event: QEvent) -> None:
        """Called by Qt: colours and sizes follow."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self._shown is not None:
            self._write()

    def _write(self) -> None:
        self.clear()
        if self._shown is None:
            return
        whole, zone = self._shown
        cursor = QTextCursor(self.document())
        strong = QTextCharFormat()
        strong.setFont(font(self.font(), SECTION, strong=True))
        cursor.insertText(title_of(whole.row.record), strong)
        self._write_facts(cursor, [(caption, text) for caption, text in facts_of(whole, zone) if text])
        text = large_text(whole.row.record)
        if text:
            cursor.insertText(in_lines(text[:LONGEST]), QTextCharFormat())
        if len(text) > LONGEST:
            cut = translate("Data", "Only the first {count} characters are shown. An export has all of them.")
            cursor.insertText("\n\n" + cut.format(count=number(LONGEST)), self._quiet())
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _write_facts(self, cursor: QTextCursor, facts: Sequence[tuple[str, str]]) -> None:
        metrics = self.fontMetrics()
        caption_width = max(metrics.horizontalAdvance(caption) for caption, _ in facts) + 4 * PADDING
        layout = QTextTableFormat()
        layout.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        layout.setBorder(0)
        layout.setCellSpacing(0)
        layout.setCellPadding(PADDING)
        layout.setTopMargin(8)
        layout.setBottomMargin(8)
        layout.setLeftMargin(-PADDING)
        most = self.viewport().width() // 2
        layout.setColumnWidthConstraints(
            [
                QTextLength(QTextLength.Type.FixedLength, min(caption_width, max(most, 80))),
                QTextLength(QTextLength.Type.VariableLength, 0),
            ]
        )
        table = cursor.insertTable(len(facts), 2, layout)
        for row, (caption, text) in enumerate(facts):
            table.cellAt(row, 0).firstCursorPosition().insertText(caption, self._quiet())
            table.cellAt(row, 1).firstCursorPosition().insertText(" ".join(text.split()), QTextCharFormat())
        cursor.movePosition(QTextCursor.MoveOperation.End)

    def _quiet(self) -> QTextCharFormat:
        quiet = QTextCharFormat()
        quiet.setForeground(muted(self.palette()))
        return quiet


def in_lines(text: str) -> str:
    """The text with a break wherever a line would be longer than `LONGEST_LINE`."""
    parts = (
        line[first : first + LONGEST_LINE]
        for line in text.splitlines()
        for first in range(0, max(1, len(line)), LONGEST_LINE)
    )
    return "\n".join(parts)
