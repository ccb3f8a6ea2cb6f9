"""Fields of settings, for the setup assistant and the settings window: each reads, refuses and explains itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QPointF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QIcon, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tray_connector.config.setting_table import BY_NAME
from tray_connector.config.setting_types import KEY, PATH, URL
from tray_connector.config.settings_view import SettingsView, SettingView
from tray_connector.ui.form_parts import TARGET, TIGHT, Mark, Words, button, muted
from tray_connector.ui.setting_words import label_of, origin_words, rule_of, why_refused
from tray_connector.ui.theme import GAP

PAUSE_MS = 500
"""Milliseconds without a key before a value that is not finished is called wrong."""
WIDEST = 520
DOTS = "••••••••••••"
"""Stands in the field of a secret that is kept and not shown."""


class Field(QWidget):
    """One setting. `value` is its text as one would type it; `wrong` is empty when it is right."""

    edited = Signal(str)
    """With the setting's name: the user changed it."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__()
        self.name = name
        self.setting = BY_NAME[name]
        self.is_fixed = False
        self._hint = self._hint_now = hint
        self._loaded = ""
        self._note = Words("", "small")
        self._mark = Mark("none", 14)
        self._problem = ""
        self._below = QHBoxLayout()
        self._below.setSpacing(TIGHT)
        self._below.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        self._below.addWidget(self._note, 1)
        self._mark.hide()
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(TIGHT)

    def value(self) -> str:
        """The text, trimmed."""
        raise AssertionError("each kind of field has its own")

    def show_text(self, text: str) -> None:
        """Show a value without having it edited."""
        raise AssertionError("each kind of field has its own")

    def load(self, view: SettingView) -> None:
        """Show what is in force."""
        self.is_fixed = view.is_fixed
        self._hint_now = origin_words(view) or self._hint
        self._show(view)
        self._loaded = self.value()
        problem = view.problem
        self.complain("" if problem is None else why_refused(self.name, view.text) or problem.message)

    def is_changed(self) -> bool:
        """Whether the user typed something else than what is in force."""
        return not self.is_fixed and self.value() != self._loaded

    @property
    def wrong(self) -> str:
        """What is wrong with the value now, shown or not."""
        return "" if self.is_fixed else why_refused(self.name, self.value())

    def complain(self, words: str) -> None:
        """Show what is wrong, or with an empty text that nothing is."""
        self._problem = words
        self._mark.setVisible(bool(words))
        self._mark.set_state("stopped" if words else "none")
        self._note.set_meaning("stopped" if words else None)
        text = words or self._hint_now
        self._note.setText(text)
        self._note.setVisible(bool(text))
        target = self.focusProxy() or self
        target.setAccessibleDescription(text)

    @property
    def complaint(self) -> str:
        """What is shown as wrong."""
        return self._problem

    def _show(self, view: SettingView) -> None:
        raise AssertionError("each kind of field has its own")

    def _finish(self, control: QWidget) -> None:
        self.setFocusProxy(control)
        self.box.addLayout(self._below)
        self.complain("")


class TextField(Field):
    """A line of text; a secret is hidden behind dots and has an eye to show it while it is typed."""

    def __init__(self, name: str, hint: str = "", *, label: str = "", placeholder: str = "") -> None:
        super().__init__(name, hint)
        self._placeholder = placeholder or self.setting.default or rule_of(name)
        self._label = Words(label or label_of(name), wrap=False)
        self.edit = QLineEdit()
        self.edit.setMinimumHeight(TARGET)
        self.edit.setMaximumWidth(WIDEST)
        self.edit.setAccessibleName(label or label_of(name))
        self.edit.setPlaceholderText(self._placeholder)
        self._label.setBuddy(self.edit)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.check)
        self.edit.textEdited.connect(self._typed)
        self.edit.editingFinished.connect(self._left)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.edit, 1)
        if self.setting.kind is PATH:
            row.addWidget(self._browse_button())
        row.addStretch(0)
        if self.setting.secret:
            self._add_eye()
        self.box.addWidget(self._label)
        self.box.addLayout(row)
        self._finish(self.edit)

    def value(self) -> str:
        """The text, trimmed; empty for a secret that stays as it is."""
        return self.edit.text().strip()

    def show_text(self, text: str) -> None:
        """Show what was typed before: nobody is told."""
        with QSignalBlocker(self.edit):
            self.edit.setText(text)
        self.check()

    def set_text(self, text: str) -> None:
        """As if the user had typed it."""
        self.edit.setText(text)
        self._typed(text)
        self.check()

    def keep_hidden(self, words: str) -> None:
        """A secret is there that came from a file: it is never shown, and replaced by what is typed."""
        with QSignalBlocker(self.edit):
            self.edit.clear()
        self.edit.setPlaceholderText(DOTS)
        self._hint_now = words
        self.complain("")

    def check(self) -> None:
        """Say now whether the value is right."""
        self._timer.stop()
        self.complain(self.wrong)

    def _left(self) -> None:
        text = self.value()
        if self.setting.kind is URL and "." in text and "//" not in text and not self.edit.isReadOnly():
            self.set_text(f"https://{text}")
        self.check()

    def _typed(self, text: str) -> None:
        if self.setting.kind in (KEY, URL) and text != text.strip():
            self.edit.setText(text.strip())
        if self.wrong:
            self._timer.start()
        else:
            self.check()
        self.edited.emit(self.name)

    def _show(self, view: SettingView) -> None:
        with QSignalBlocker(self.edit):
            self.edit.setText(view.text)
        self.edit.setReadOnly(view.is_fixed)
        kept = self.setting.secret and view.is_set
        self.edit.setPlaceholderText(DOTS if kept else self._placeholder)

    def _add_eye(self) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        eye = QAction(self)
        eye.setCheckable(True)
        eye.setText(self.tr("Show what is typed"))
        eye.setToolTip(self.tr("Show what is typed"))
        eye.toggled.connect(self._reveal)
        self._eye = eye
        self.edit.addAction(eye, QLineEdit.ActionPosition.TrailingPosition)
        self._paint_eye(False)

    def _reveal(self, shown: bool) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self._eye.setToolTip(self.tr("Hide what is typed") if shown else self.tr("Show what is typed"))
        self._paint_eye(shown)

    def _paint_eye(self, shown: bool) -> None:
        self._eye.setIcon(eye_icon(self, crossed=shown))

    def _browse_button(self) -> QWidget:
        browse = button(self.tr("Choose…"), accessible=self.tr("Choose a place for: {what}").format(what=self.name))
        browse.clicked.connect(self._browse)
        return browse

    def _browse(self) -> None:
        title = label_of(self.name)
        if self.name == "ATTACHMENTS_PATH":
            found = QFileDialog.getExistingDirectory(self, title, self.value())
        else:
            found, _ = QFileDialog.getSaveFileName(
                self, title, self.value(), "SQLite (*.db)", options=QFileDialog.Option.DontConfirmOverwrite
            )
        if found:
            self.set_text(found)


class ChoiceField(Field):
    """One of a few values."""

    def __init__(self, name: str, choices: Sequence[tuple[str, str]], hint: str = "") -> None:
        """`choices`: value as the setting takes it, and its words."""
        super().__init__(name, hint)
        self._label = Words(label_of(name), wrap=False)
        self.combo = QComboBox()
        self.combo.setMinimumHeight(TARGET)
        self.combo.setMaximumWidth(WIDEST)
        self.combo.setAccessibleName(label_of(name))
        for value, words in choices:
            self.combo.addItem(words, value)
        self._label.setBuddy(self.combo)
        self.combo.activated.connect(lambda _: self.edited.emit(self.name))
        self.box.addWidget(self._label)
        self.box.addWidget(self.combo)
        self._finish(self.combo)

    def value(self) -> str:
        """The value of the choice."""
        return str(self.combo.currentData() or "")

    def show_text(self, text: str) -> None:
        """Show what was chosen before: nobody is told."""
        self.combo.setCurrentIndex(self.combo.findData(text))

    def choose(self, value: str) -> None:
        """As if the user had chosen it."""
        self.combo.setCurrentIndex(self.combo.findData(value))
        self.edited.emit(self.name)

    def _show(self, view: SettingView) -> None:
        wanted = (view.text or self.setting.default or "").lower()
        values = [str(self.combo.itemData(i)).lower() for i in range(self.combo.count())]
        self.combo.setCurrentIndex(values.index(wanted) if wanted in values else -1 if wanted else 0)
        self.combo.setEnabled(not view.is_fixed)


class SwitchField(Field):
    """Yes or no."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name, hint)
        self.check_box = QCheckBox(label_of(name))
        self.check_box.setMinimumHeight(TARGET)
        self.check_box.clicked.connect(lambda _: self.edited.emit(self.name))
        self.box.addWidget(self.check_box)
        self._finish(self.check_box)

    def value(self) -> str:
        """``true`` or ``false``."""
        return "true" if self.check_box.isChecked() else "false"

    def show_text(self, text: str) -> None:
        """Show what was chosen before: nobody is told."""
        self.check_box.setChecked(text.lower() in ("true", "1", "yes", "on"))

    def _show(self, view: SettingView) -> None:
        self.show_text(view.text or self.setting.default or "false")
        self.check_box.setEnabled(not view.is_fixed)


class Form(QObject):
    """The fields of a page or a window."""

    edited = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}

    def add(self, field: Field) -> Field:
        """Take a field in."""
        self.fields[field.name] = field
        field.edited.connect(self.edited)
        return field

    def load(self, view: SettingsView) -> None:
        """Show what is in force everywhere."""
        for name, field in self.fields.items():
            field.load(view[name])

    def typed(self) -> dict[str, str]:
        """What the user changed, by setting."""
        return {name: field.value() for name, field in self.fields.items() if field.is_changed()}

    def texts(self, names: Sequence[str]) -> Mapping[str, str]:
        """The values of these fields as they stand; a secret that was not typed is left out."""
        return {
            name: field.value()
            for name in names
            if (field := self.fields.get(name)) and not field.is_fixed and (field.value() or not field.setting.secret)
        }

    def check(self) -> Field | None:
        """Say everywhere what is wrong; the first field that is."""
        first = None
        for field in self.fields.values():
            field.complain(field.wrong)
            if field.wrong and first is None:
                first = field
        return first


def eye_icon(widget: QWidget, *, crossed: bool) -> QIcon:
    """An eye in the colour of text, crossed out while a click would hide again."""
    scale = widget.devicePixelRatioF()
    pixmap = QPixmap(round(16 * scale), round(16 * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(muted(widget.palette()))
    pen.setWidthF(1.5)
    painter.setPen(pen)
    lids = QPainterPath(QPointF(1.5, 8))
    lids.quadTo(8, 0.5, 14.5, 8)
    lids.quadTo(8, 15.5, 1.5, 8)
    painter.drawPath(lids)
    painter.drawEllipse(QPointF(8, 8), 2.2, 2.2)
    if crossed:
        painter.drawLine(QPointF(3, 13.5), QPointF(13, 2.5))
    painter.end()
    return QIcon(pixmap)
