"""`SettingsWindow`: everything that can be chosen, with where each value comes from; applied when it is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences
from tray_connector.config.setting_table import BY_NAME
from tray_connector.config.settings_exchange import Recognised, recognise
from tray_connector.config.settings_view import SettingsView
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import Problem
from tray_connector.sync.setup import Changes, Setup
from tray_connector.ui import setup_questions
from tray_connector.ui.assistant.import_panel import recognised_lines
from tray_connector.ui.connection_form import ChoiceField, Field, SwitchField, TextField
from tray_connector.ui.form_parts import Mark, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import dropped_files
from tray_connector.ui.live_test import CheckLines, problem_line
from tray_connector.ui.saving import Saving
from tray_connector.ui.settings_pages.connections_page import ConnectionsPage
from tray_connector.ui.settings_pages.destination_page import DestinationSettings
from tray_connector.ui.settings_pages.general_page import GeneralSettings
from tray_connector.ui.settings_pages.notifications_page import NotificationSettings
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.settings_pages.sync_page import SyncSettings
from tray_connector.ui.settings_pages.webhooks_page import WebhookSettings
from tray_connector.ui.theme import GAP, GROUP, MARGIN

ROW = 32
ALSO = {"teamwork": "connections", "missive": "connections", "airtable": "destination", "postgres": "destination"}


class SettingsWindow(QDialog):
    """Pages beside a list of their names. What is typed is saved together, and the engine begins anew with it."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.view: SettingsView | None = None
        self._preferences = Preferences()
        self._imported: dict[str, str] = {}
        self._categories: str | None = None
        self._leaving = False
        self.setWindowTitle(self.tr("Settings"))
        self.setAcceptDrops(True)
        self.setSizeGripEnabled(True)
        self.connections = ConnectionsPage(host, self.typed)
        self.destination = DestinationSettings(host, self.typed)
        self.sync = SyncSettings(host, self.typed)
        self.webhooks = WebhookSettings(host, self.typed)
        self.notifications = NotificationSettings(host)
        self.general = GeneralSettings(host)
        self.pages: tuple[SettingsPage, ...] = (
            self.connections, self.destination, self.sync, self.webhooks, self.notifications, self.general,
        )  # fmt: skip
        self.saving = Saving(host, self)
        self.saving.saved.connect(self._saved)
        self.saving.failed.connect(self._not_saved)
        self.connections.forget.connect(lambda: setup_questions.ask_forget(self, self.forget_keys))
        self.general.export_wanted.connect(lambda: setup_questions.ask_export(self, self.export_to))
        self.general.import_wanted.connect(lambda: setup_questions.ask_import(self, self.import_from))
        self._build()
        self._refresh()
        self.reload()

    def sizeHint(self) -> QSize:
        """Called by Qt: wide enough for German."""
        metrics = self.fontMetrics()
        return QSize(max(780, 105 * metrics.averageCharWidth()), max(600, 38 * metrics.height()))

    def show_page(self, name: str) -> None:
        """Bring a page to the front, by its name or that of a service; a name that is none changes nothing."""
        wanted = ALSO.get(name, name)
        for row, page in enumerate(self.pages):
            if page.name == wanted:
                self.list.setCurrentRow(row)

    def reload(self) -> None:
        """Read what is in force."""
        environment = self.host.environment

        def work(_: Stop, __: Callable[[object], None]) -> tuple[SettingsView, Preferences]:
            setup = Setup(environment)
            return setup.view(), setup.preferences()

        self._mark.set_state("busy")
        self.host.run(work, self._load, self._tell, owner=self)

    def typed(self) -> dict[str, str]:
        """Everything that was changed and is not saved, by setting."""
        texts = dict(self._imported)
        for page in self.pages:
            texts.update(page.typed())
        return texts

    @property
    def unsaved(self) -> bool:
        """Whether something would be lost."""
        if self.view is None:
            return False
        changed = self._preferred() != self._preferences or self.general.autostart_wish() is not None
        return changed or bool(self.typed()) or self._categories is not None

    def save(self) -> None:
        """Save it all, unless something is wrong: then that field has the focus."""
        self._save(session_only=False)

    def forget_keys(self) -> None:
        """Take all keys out of the keyring, and begin anew without them."""
        environment = self.host.environment

        def work(_: Stop, __: Callable[[object], None]) -> Problem | None:
            return Setup(environment).forget_keys()[1]

        self.host.run(work, self._forgotten, self._tell, owner=self)

    def export_to(self, path: Path) -> None:
        """Write what is saved to a file, without keys."""
        environment = self.host.environment

        def work(_: Stop, __: Callable[[object], None]) -> int:
            return Setup(environment).export(path)

        def done(count: int) -> None:
            words = self.tr("%n setting(s) written to {file}. No key is in it.", "", count).format(file=path.name)
            self.notes.show_lines([CheckLine(path.name, True, words)])

        self.host.run(work, done, self._tell, owner=self)

    def import_from(self, path: Path) -> None:
        """Show what a file holds in the fields; nothing is saved by that."""

        def work(_: Stop, __: Callable[[object], None]) -> Recognised:
            return recognise(path)

        self.host.run(work, self._take_import, self._tell, owner=self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Called by Qt."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Called by Qt."""
        for file in dropped_files(event.mimeData()):
            self.import_from(file)
        event.acceptProposedAction()

    def reject(self) -> None:
        """Esc and Cancel: as closing."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is typed is never lost silently."""
        if self._leaving or not self.unsaved:
            self.saving.cancel()
            event.accept()
            return
        event.ignore()
        setup_questions.ask_discard(self, self.save, self._leave)

    # The parts.

    def _build(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Pages"))
        self._stack = QStackedWidget()
        for page in self.pages:
            item = QListWidgetItem(page.title)
            item.setSizeHint(QSize(0, ROW))
            self.list.addItem(item)
            self._stack.addWidget(page)
            page.edited.connect(self._refresh)
        self.list.setFixedWidth(max(150, self.list.sizeHintForColumn(0) + 32))
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.notes = CheckLines()
        across = QHBoxLayout()
        across.setSpacing(GROUP)
        across.addWidget(self.list)
        across.addWidget(self._stack, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        box.setSpacing(GROUP)
        box.addWidget(self.notes)
        box.addLayout(across, 1)
        box.addLayout(self._buttons())
        self.list.setCurrentRow(0)

    def _buttons(self) -> QHBoxLayout:
        self._mark, self._said = Mark("none"), Words("", "small")
        self.session_button = button(self.tr("Keep the keys only until I quit"))
        self.session_button.clicked.connect(lambda: self._save(session_only=True))
        self.cancel_button = button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.close)
        self.save_button = button(self.tr("Save"))
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.save)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._mark)
        row.addWidget(self._said, 1)
        for each in (self.session_button, self.cancel_button, self.save_button):
            row.addWidget(each)
        return row

    def _load(self, read: tuple[SettingsView, Preferences]) -> None:
        self._mark.set_state("none")
        self.view, self._preferences = read
        self._imported, self._categories = {}, None
        for page in self.pages:
            page.load(self.view, self._preferences)
        self.notes.show_lines(self._standing_lines(self.view))
        self._refresh()

    def _standing_lines(self, view: SettingsView) -> list[CheckLine]:
        """What the user should know besides what stands beside a field."""
        shown = {name for page in self.pages for name in (*page.form.fields, *page.other_names())}
        hidden = [each.problem for name, each in view.by_name.items() if name not in shown and each.problem]
        problems = [*view.problems, *hidden, *view.notices]
        if view.keyring_problem is not None:
            problems.append(view.keyring_problem)
        return [problem_line("", problem) for problem in problems]

    def _preferred(self) -> Preferences:
        return self.general.preferred(self.notifications.preferred(self._preferences))

    def _refresh(self) -> None:
        may = self.view is not None and not self.view.read_only and not self.saving.running
        self.save_button.setEnabled(may and self.unsaved)
        self.session_button.setVisible(self.saving.may_keep_for_session)
        self._said.setText(self.tr("Syncing begins anew with the changes when you save.") if self.unsaved else "")

    def _save(self, *, session_only: bool) -> None:
        for row, page in enumerate(self.pages):
            wrong = next((field for field in page.form.fields.values() if field.is_changed() and field.wrong), None)
            if wrong is not None:
                wrong.complain(wrong.wrong)
                self.list.setCurrentRow(row)
                wrong.setFocus()
                return
        self.notes.show_lines(())
        self._mark.set_state("busy")
        preferences = self._preferred()
        changes = Changes(
            self.typed(),
            session_only=session_only,
            categories=self._categories,
            preferences=preferences if preferences != self._preferences else None,
        )
        self.saving.start(changes, autostart=self.general.autostart_wish())
        self._refresh()

    def _saved(self) -> None:
        self.host.restart()
        self._leave()

    def _not_saved(self, problem: Problem) -> None:
        self._tell(problem)
        self._refresh()

    def _leave(self) -> None:
        self._leaving = True
        self.close()

    def _tell(self, problem: Problem) -> None:
        self._mark.set_state("none")
        if problem.code != "stopped":
            self.notes.show_lines([problem_line("", problem)])

    def _forgotten(self, problem: Problem | None) -> None:
        self.host.restart()
        self.reload()
        if problem is not None:
            self._tell(problem)

    def _take_import(self, found: Recognised) -> None:
        if found.categories is not None:
            self._categories = found.categories
        fields = {name: field for page in self.pages for name, field in page.form.fields.items()}
        for name, text in found.texts.items():
            if self.view is None or self.view[name].is_fixed:
                continue
            field = fields.get(name)
            if BY_NAME[name].secret or field is None:
                self._imported[name] = text
                if isinstance(field, TextField):
                    field.keep_hidden(self.tr("Taken from {file}.").format(file=found.name))
            else:
                show_in(field, text)
        self.notes.show_lines(recognised_lines(found))
        self._refresh()


def show_in(field: Field, text: str) -> None:
    """As if the user had typed or chosen it."""
    match field:
        case TextField():
            field.set_text(text)
        case ChoiceField():
            field.choose(str(BY_NAME[field.name].read(text)))
        case SwitchField():
            field.check_box.setCheckState(
                Qt.CheckState.Checked if BY_NAME[field.name].read(text) else Qt.CheckState.Unchecked
            )
            field.edited.emit(field.name)
