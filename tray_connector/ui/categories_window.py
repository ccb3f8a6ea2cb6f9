"""The label categories: their names and patterns, beside the labels really in use."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from tray_connector.config.categories_editing import Opened, export_categories, import_categories
from tray_connector.model.category_draft import Draft, DraftCategory, merged, writable
from tray_connector.model.errors import Problem
from tray_connector.ui import categories_work, category_questions
from tray_connector.ui.categories_apply import ApplyBar
from tray_connector.ui.categories_work import Loaded
from tray_connector.ui.category_form import CategoryForm
from tray_connector.ui.category_list import CategoryList, CategoryModel
from tray_connector.ui.category_matching import LabelUse
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.label_view import LabelView
from tray_connector.ui.live_matching import LiveMatching
from tray_connector.ui.notice_bar import NoticeBar, problem_line
from tray_connector.ui.theme import GAP, MARGIN

ROOMY = QSize(1120, 680)
LOOK_EVERY = 2000
"""Milliseconds between two looks at the file while the window is open."""
OUTSIDE = "categories-changed-outside"


class CategoriesWindow(QWidget):
    """Nothing is in force before it is saved, and nothing that others wrote into the file is replaced unasked."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._host = host
        self._content: bytes | None = None
        self._saved: Draft = ()
        self._version = 0
        """Counts what was read and written here: a look at the file from before says nothing."""
        self._loaded = self._saving = self._looking = self._close_after = False
        self.model = CategoryModel()
        self.matching = LiveMatching(self)
        self.list = CategoryList(self.model)
        self.form = CategoryForm()
        self.labels = LabelView()
        self.notice = NoticeBar()
        self.apply = ApplyBar(host)
        self.status = Words(role="small")
        self.import_button = button(self.tr("&Import…"))
        self.export_button = button(self.tr("&Export…"))
        self.revert = button(self.tr("Discard changes"))
        self.save_button = button(self.tr("&Save"))
        self.save_button.setDefault(True)
        self.setWindowTitle(self.tr("Label categories") + "[*]")
        self.setAcceptDrops(True)
        self._place()
        self._connect()
        self._look_timer = QTimer(self, interval=LOOK_EVERY)
        self._look_timer.timeout.connect(self._look_outside)
        self._show_state()

    def _place(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for widget, stretch in ((self.list, 3), (self.form, 4), (self.labels, 5)):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        self.splitter.setHandleWidth(GAP)
        self.splitter.setSizes([270, 330, 480])
        below = QHBoxLayout()
        below.setSpacing(GAP)
        below.addWidget(self.import_button)
        below.addWidget(self.export_button)
        below.addWidget(self.status, 1)
        below.addWidget(self.revert)
        below.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(12)
        layout.addWidget(self.notice)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.apply)
        layout.addLayout(below)
        self.resize(ROOMY.boundedTo(self.screen().availableSize() * 0.95))

    def _connect(self) -> None:
        self.model.edited.connect(self._edited)
        self.matching.found.connect(self._show_matches)
        self.list.chosen.connect(self._show_chosen)
        self.list.add_wanted.connect(self._add)
        self.list.remove_wanted.connect(self._remove)
        self.list.rename_wanted.connect(self.form.begin_name)
        self.form.add_wanted.connect(self._add)
        self.form.renamed.connect(self._rename)
        self.form.patterns_edited.connect(self._set_patterns)
        self.labels.add_wanted.connect(self.form.patterns.add)
        self.apply.failed.connect(self._failed)
        self.import_button.clicked.connect(lambda: category_questions.ask_import(self, self.import_file))
        self.export_button.clicked.connect(lambda: category_questions.ask_export(self, self.export_file))
        self.revert.clicked.connect(self._revert)
        self.save_button.clicked.connect(lambda _: self.save())
        self._host.ready.connect(self._ready)
        for keys, action in (
            (QKeySequence.StandardKey.Save, self.save_button.click),
            (QKeySequence.StandardKey.Find, self.labels.search.setFocus),
            (QKeySequence.StandardKey.Refresh, self._read_labels),
            (QKeySequence.StandardKey.Cancel, self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(action)

    @property
    def unsaved(self) -> bool:
        """Something is typed that is not saved."""
        return self._loaded and self.model.draft != self._saved

    # Reading.

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        self._look_timer.start()
        if self._loaded:
            self._read_labels()
            self._look_outside()
        else:
            self._load()

    def hideEvent(self, _: QHideEvent) -> None:
        """Called by Qt."""
        self._look_timer.stop()

    def _ready(self) -> None:
        if self.isVisible() and not self.unsaved:
            self._load()

    def _load(self) -> None:
        self._version += 1
        self._host.submit(categories_work.load, self._take, self._failed, owner=self)

    def _take(self, loaded: Loaded) -> None:
        self._version += 1
        self.matching.set_labels(loaded.labels)
        self.labels.set_labels(loaded.labels)
        self.apply.set_airtable(loaded.airtable)
        self._open(loaded.opened)
        self._show_matches()

    def _open(self, opened: Opened) -> None:
        row = self.list.row or 0
        self._content, self._saved, self._loaded = opened.content, opened.draft, True
        draft = writable(opened.draft)
        self.model.reset(draft)
        self.list.choose(row)
        if opened.problem is not None:
            text = self.tr("The last good categories are shown. Saving sets the broken file aside.")
            self.notice.tell("broken", "stopped", f"{problem_line(opened.problem)} {text}")
        elif draft != opened.draft:
            self.notice.tell(
                "unwritable",
                "attention",
                self.tr("Line breaks and control characters in patterns are shown as ?, which matches them too."),
            )
        elif self.notice.code in ("broken", OUTSIDE):
            self.notice.clear()
        self._show_state()

    def _read_labels(self) -> None:
        def take(labels: tuple[LabelUse, ...]) -> None:
            if labels != self.labels.model.labels:
                self.labels.set_labels(labels)
                self.matching.set_labels(labels)

        self._host.submit(categories_work.labels_in_use, take, self._failed, owner=self)

    def _look_outside(self) -> None:
        if self._looking or self._saving or not self._loaded:
            return
        self._looking, version = True, self._version

        def take(content: bytes | None) -> None:
            self._looking = False
            if version == self._version and content != self._content:
                self._changed_outside()

        def failed(_: Problem) -> None:
            self._looking = False

        self._host.submit(categories_work.look, take, failed, owner=self)

    def _changed_outside(self) -> None:
        if not self.unsaved:
            self._load()
        elif self.notice.code != OUTSIDE:
            self._tell_outside()

    def _tell_outside(self) -> None:
        self.notice.tell(
            OUTSIDE,
            "attention",
            self.tr("Another program has changed the label categories meanwhile."),
            (self.tr("Load what is there"), self._load),
            (self.tr("Replace it with mine"), lambda: self.save(replacing=True)),
        )

    # Editing.

    def _add(self) -> None:
        self.notice.clear("removed")
        row = len(self.model.draft)
        self.model.insert(row, DraftCategory())
        self.list.choose(row)
        self.form.begin_name()

    def _remove(self) -> None:
        row = self.list.row
        if row is None:
            return
        category = self.model.remove(row)
        self.list.choose(row)

        def undo() -> None:
            self.model.insert(min(row, len(self.model.draft)), category)
            self.list.choose(row)

        if category != DraftCategory():
            text = self.tr("“{name}” is removed from the list. Its column and what is in it stay.")
            self.notice.tell("removed", "busy", text.format(name=category.name), (self.tr("Undo"), undo))

    def _rename(self, name: str) -> None:
        if self.list.row is not None:
            self.model.rename(self.list.row, name)

    def _set_patterns(self) -> None:
        if self.list.row is not None:
            self.model.set_patterns(self.list.row, self.form.patterns.patterns())

    def _edited(self) -> None:
        self.matching.look(self.model.draft)
        self._show_state()

    def _show_chosen(self) -> None:
        row = self.list.row
        self.form.show_category(None if row is None else self.model.draft[row], empty=not self.model.draft)
        self._show_matches()
        self._show_state()

    def _show_matches(self) -> None:
        row, matches = self.list.row, self.matching.matches
        self.model.set_counts([len(members) for members in matches.members])
        self.labels.show_matches(matches, self.model.draft, row)
        if row is not None:
            self.form.patterns.set_uses(self.matching.uses(self.model.draft[row].patterns))
            self.labels.show_first()

    def _show_state(self) -> None:
        row, problems = self.list.row, self.model.problems
        self.form.show_problem(None if row is None else problems.get(row))
        self.save_button.setEnabled(
            (self.unsaved or self.notice.code == "broken") and not problems and not self._saving
        )
        self.revert.setEnabled(self.unsaved and not self._saving)
        self.export_button.setEnabled(bool(self.model.draft) and not problems)
        self.import_button.setEnabled(self._loaded)
        self.list.add.setEnabled(self._loaded)
        self.apply.set_saved(bool(self._saved), unsaved=self.unsaved)
        self.setWindowModified(self.unsaved)
        if problems:
            self.status.setText(self.tr("%Ln name(s) must be corrected before saving.", None, len(problems)))
        else:
            self.status.setText(self.tr("Not saved yet.") if self.unsaved else "")

    def _revert(self) -> None:
        row = self.list.row or 0
        self.model.reset(writable(self._saved))
        self.list.choose(row)
        self.notice.clear("removed")

    # Saving, importing, exporting.

    def save(self, *, replacing: bool = False) -> None:
        """Write the file, in a worker; with `replacing` whatever was written into it meanwhile."""
        draft, content = self.model.draft, self._content
        if self._saving or self.model.problems or not self._loaded:
            return
        self._saving = True
        self._version += 1
        self._host.submit(
            lambda session, _: categories_work.save(session, draft, content, replacing=replacing),
            lambda opened: self._is_saved(draft, opened),
            self._not_saved,
            owner=self,
        )
        self._show_state()

    def _is_saved(self, draft: Draft, opened: Opened) -> None:
        self._saving = False
        self._version += 1
        self._content, self._saved = opened.content, draft
        self.notice.clear()
        self._host.look()
        self._show_state()
        if self._close_after:
            self.close()

    def _not_saved(self, problem: Problem) -> None:
        self._saving = self._close_after = False
        if problem.code == OUTSIDE:
            self._tell_outside()
        else:
            self._failed(problem)
        self._show_state()

    def import_file(self, path: Path) -> None:
        """Read categories of another file into the list; they are in force once they are saved."""

        def take(draft: Draft) -> None:
            fresh = writable(draft)
            if self.model.draft and fresh:
                category_questions.ask_how(
                    self,
                    path.name,
                    len(fresh),
                    lambda: self._imported(fresh),
                    lambda: self._imported(merged(self.model.draft, fresh)),
                )
            else:
                self._imported(fresh)

        self._host.run(lambda _, __: import_categories(path), take, self._failed, owner=self)

    def _imported(self, draft: Draft) -> None:
        before = self.model.draft
        self.model.reset(draft)
        self.list.choose(0)

        def undo() -> None:
            self.model.reset(before)
            self.list.choose(0)

        text = self.tr("%Ln categories imported. Save puts them in force.", None, len(draft))
        self.notice.tell("imported", "busy", text, (self.tr("Undo"), undo))

    def export_file(self, path: Path) -> None:
        """Write a copy of what is seen."""
        draft = self.model.draft
        told = self.tr("Exported to {path}").format(path=path)
        self._host.run(
            lambda _, __: export_categories(path, draft),
            lambda _: self.notice.tell("exported", "good", told),
            self._failed,
            owner=self,
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped."""
        if self._loaded and _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import it."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.import_file(path)

    def _failed(self, problem: Problem) -> None:
        if problem.code != "stopped":
            steps = () if self._loaded else ((self.tr("Try again"), self._load),)
            self.notice.tell(problem.code, "stopped", problem_line(problem), *steps)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is typed is never lost silently."""
        if not self.unsaved:
            self._close_after = False
            event.accept()
            return
        event.ignore()
        category_questions.ask_close(self, self._save_and_close, self._discard_and_close, right=not self.model.problems)

    def _save_and_close(self) -> None:
        self._close_after = True
        self.save()

    def _discard_and_close(self) -> None:
        self._revert()
        self._saved = self.model.draft
        self.close()


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
