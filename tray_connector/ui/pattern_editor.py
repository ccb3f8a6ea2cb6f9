"""The patterns of one category, one a line, each with the number of labels in use that it matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from tray_connector.model.records import Texts
from tray_connector.ui.category_matching import PatternUse
from tray_connector.ui.form_parts import draw_mark, muted
from tray_connector.ui.texts import number, translate
from tray_connector.ui.theme import line_color

MARK = 14
WIDEST = 99_999


class PatternEditor(QPlainTextEdit):
    """Empty lines do not count. What the numbers mean is said by `line_text` for the line of the cursor."""

    edited = Signal()
    """By the user."""
    line_chosen = Signal()
    """The cursor is in another line, or its line has another meaning."""

    def __init__(self) -> None:
        super().__init__(lineWrapMode=QPlainTextEdit.LineWrapMode.NoWrap, tabChangesFocus=True)
        self._uses: Sequence[PatternUse] = ()
        self._margin = _Margin(self)
        self.setAccessibleName(translate("Categories", "Patterns, one a line"))
        self.blockCountChanged.connect(lambda _: self._margin.update())
        self.updateRequest.connect(lambda *_: self._margin.update())
        self.cursorPositionChanged.connect(self.line_chosen)
        self.textChanged.connect(self._typed)
        self._own = False
        self.document().setDocumentMargin(6)
        self._make_room()

    def patterns(self) -> Texts:
        """What is typed. By blocks: the editor's whole text has other characters for some kinds of space."""
        return tuple(block.text() for block in self._lines())

    def set_patterns(self, patterns: Texts) -> None:
        """Show others; what was undone belongs to the category before."""
        if patterns == self.patterns():
            return
        self._own = True
        self.setPlainText("\n".join(patterns))
        self._own = False
        self._uses = ()

    def add(self, patterns: Sequence[str]) -> None:
        """Append those that are not there, as if typed: it can be undone."""
        fresh = [pattern for pattern in dict.fromkeys(patterns) if pattern not in self.patterns()]
        if not fresh:
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        break_before = "\n" if cursor.block().text().strip() else ""
        cursor.insertText(break_before + "\n".join(fresh))
        self.setTextCursor(cursor)

    def set_uses(self, uses: Sequence[PatternUse]) -> None:
        """What each of `patterns` does, in their order."""
        self._uses = uses
        self._margin.update()
        self.line_chosen.emit()

    def line_text(self) -> str:
        """What the pattern in the cursor's line does."""
        current = self.textCursor().block().blockNumber()
        for use, block in zip(self._uses, self._lines(), strict=False):
            if block.blockNumber() == current:
                return explained(block.text(), use)
        return ""

    def _typed(self) -> None:
        if not self._own:
            self.edited.emit()

    def _lines(self) -> Iterator[QTextBlock]:
        block = self.document().begin()
        while block.isValid():
            if block.text().strip():
                yield block
            block = block.next()

    # The margin with the numbers.

    def _make_room(self) -> None:
        metrics = self.fontMetrics()
        self._room = metrics.horizontalAdvance(number(WIDEST)) + MARK + 16
        self.setViewportMargins(0, 0, self._room, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Called by Qt."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        bar = self.verticalScrollBar()
        right = inside.right() - (bar.width() if bar.isVisible() else 0)
        self._margin.setGeometry(QRect(right - self._room + 1, inside.top(), self._room, inside.height()))

    def paint_margin(self, event: QPaintEvent) -> None:
        """Beside each pattern its number, with a mark where it does nothing."""
        painter = QPainter(self._margin)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), self.palette().base())
        painter.setPen(line_color(self.palette()))
        painter.drawLine(0, 0, 0, self._margin.height())
        painter.setFont(QFont(self.font()))
        height = self.fontMetrics().height()
        for use, block in zip(self._uses, self._lines(), strict=False):
            if not block.isVisible():
                continue
            top = round(self.blockBoundingGeometry(block).translated(self.contentOffset()).top())
            if top > self._margin.height():
                break
            painter.setPen(muted(self.palette()))
            place = QRect(0, top, self._margin.width() - 8, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number(use.count))
            if not use.count or use.covered:
                painter.save()
                painter.translate(6, top + (height - MARK) / 2)
                painter.scale(MARK / 16, MARK / 16)
                draw_mark(painter, "attention", self.palette())
                painter.restore()


class _Margin(QWidget):
    def __init__(self, editor: PatternEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        """Called by Qt."""
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Called by Qt."""
        self._editor.paint_margin(event)


def explained(pattern: str, use: PatternUse) -> str:
    """What a pattern does, for a person."""
    if use.covered:
        return translate("Categories", "Adds nothing: other lines match all of its labels")
    if use.count:
        matched = translate("Categories", "Matches %Ln label(s) in use", None, use.count)
        shared = translate("Categories", "%Ln of them also in another category", None, use.shared)
        return f"{matched}, {shared}" if use.shared else matched
    if pattern != pattern.strip():
        return translate("Categories", "Matches no label in use. It begins or ends with a space")
    return translate("Categories", "Matches no label in use")
