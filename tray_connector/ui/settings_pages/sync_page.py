"""What is synced and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QShowEvent

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences
from tray_connector.config.settings_view import SettingsView
from tray_connector.model.errors import Problem
from tray_connector.sources.offer import Choice
from tray_connector.sync.setup import Setup
from tray_connector.ui.assistant.choice_list import ChoiceList
from tray_connector.ui.assistant.loading import Loading
from tray_connector.ui.connection_form import ChoiceField, SwitchField, TextField
from tray_connector.ui.host import EngineHost
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.workers import Job

translate = QCoreApplication.translate
PROJECTS, TEAMS = "TEAMWORK_PROJECTS", "MISSIVE_TEAMS"
Offered = tuple[tuple[Choice, ...], tuple[Choice, ...]]


class SyncSettings(SettingsPage):
    """Scope, pace, first sync."""

    name = "sync"

    def __init__(self, host: EngineHost, all_typed: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(host, translate("SyncSettings", "Sync"))
        self._all_typed = all_typed
        self._job: Job[Offered] | None = None
        self._view: SettingsView | None = None
        self._read = False
        self._first = {PROJECTS: "", TEAMS: ""}
        self.lists = {
            PROJECTS: ChoiceList(
                self.tr("Teamwork projects"), self.tr("All projects, new ones too"), self.tr("Only some projects")
            ),
            TEAMS: ChoiceList(self.tr("Missive teams"), self.tr("All teams, new ones too"), self.tr("Only some teams")),
        }
        self.loading = Loading()
        self.loading.again.connect(self._ask)
        self.loading.stopped.connect(self._stop)
        self.section(self.tr("What"), self.tr("What leaves the choice stays stored and is no longer updated."))
        self.box.addWidget(self.loading)
        for chosen in self.lists.values():
            chosen.edited.connect(self.edited)
            chosen.hide()
            self.box.addWidget(chosen)
        choices = (
            ("all", self.tr("are stored, too")),
            ("shared", self.tr("are left out")),
        )
        self.add(ChoiceField("MISSIVE_SCOPE", choices, self.tr("Those of the token's owner, in no team.")))
        self._add_pace()
        self.box.addStretch(1)

    def load(self, view: SettingsView, preferences: Preferences) -> None:
        """Projects and teams are read when the page is first seen."""
        super().load(view, preferences)
        self._view, self._read = view, False
        self._first = {name: ",".join(sorted(_ids(view[name].text))) for name in self.lists}
        if self.isVisible():
            self._ask()

    def typed(self) -> dict[str, str]:
        """With projects and teams, once they could be chosen."""
        texts = super().typed()
        if self._read and self._view is not None:
            for name, chosen in self.lists.items():
                value = ",".join(sorted(_ids(chosen.value())))
                if not self._view[name].is_fixed and chosen.is_answered() and value != self._first[name]:
                    texts[name] = value
        return texts

    def other_names(self) -> tuple[str, ...]:
        """Projects and teams."""
        return PROJECTS, TEAMS

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        if not self._read and self._job is None and self._view is not None:
            self._ask()

    def _add_pace(self) -> None:
        self.section(self.tr("How often"))
        self.add(TextField("PERIODIC_BACKFILL_INTERVAL"))
        self.add(TextField("WALK_INTERVAL_MINUTES", self.tr("Finds what no service announces. 0 = never.")))
        self.add(TextField("REMOVAL_GUARD_PERCENT", self.tr("Up to 20 records are flagged without asking.")))
        self.section(self.tr("From when"))
        self.add(TextField("TEAMWORK_PROCESS_AFTER", placeholder=self.tr("everything")))
        self.add(TextField("MISSIVE_PROCESS_AFTER", placeholder=self.tr("everything")))
        self.add(TextField("MISSIVE_BACKFILL_DAYS"))
        self.add(SwitchField("INCLUDE_COMPLETED_TASKS_ON_INITIAL_SYNC"))

    def _ask(self) -> None:
        view = self._view
        if view is None or not view.has_sources:
            return
        self.loading.begin(self.tr("Reading projects and teams…"))
        texts, environment = dict(self._all_typed()), self.host.environment

        def work(stop: Stop, _: Callable[[object], None]) -> Offered:
            with Setup(environment).trial(texts) as trial:
                return trial.projects(stop), trial.teams(stop)

        self._job = self.host.run(work, self._show, self._failed, owner=self)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _failed(self, problem: Problem) -> None:
        self._job = None
        self.loading.fail(problem)

    def _show(self, offered: Offered) -> None:
        self._job = None
        self.loading.done()
        if self._view is None:
            return
        for (name, chosen), choices in zip(self.lists.items(), offered, strict=True):
            chosen.offer(choices, _ids(self._view[name].text))
            chosen.set_fixed(self._view[name].is_fixed)
            chosen.show()
        self._read = True


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
