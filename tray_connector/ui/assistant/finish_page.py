"""The last page: what was chosen, whether to start with the desktop, and then everything is saved."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout

from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import Problem
from tray_connector.sync.setup import Changes
from tray_connector.sync.trial import PLANS, Volume, plan_of
from tray_connector.ui.assistant.page import AssistantPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.assistant.volume_words import plan_line, volume_words
from tray_connector.ui.form_parts import TARGET, Card, Words
from tray_connector.ui.live_test import CheckLines, problem_line
from tray_connector.ui.saving import Saving
from tray_connector.ui.theme import GAP

translate = QCoreApplication.translate


class FinishPage(AssistantPage):
    """Saves settings, keys and the autostart entry; `finished` when all is kept."""

    finished = Signal()

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            translate("FinishPage", "Ready"),
            translate("FinishPage", "This is what you chose. The first sync begins as soon as it is saved."),
        )
        self._card = Card()
        self._summary = QFormLayout()
        self._summary.setHorizontalSpacing(24)
        self._summary.setVerticalSpacing(GAP)
        self._card.box.addLayout(self._summary)
        self.autostart = QCheckBox(self.tr("Start when I log in"))
        self.autostart.setMinimumHeight(TARGET)
        self.autostart.setChecked(True)
        self.result = CheckLines()
        self.saving = Saving(state.host, self)
        self.saving.saved.connect(self.finished)
        self.saving.failed.connect(self._failed)
        for widget in (self._card, self.autostart, self.result):
            self.box.addWidget(widget)
        self.box.addWidget(
            Words(
                self.tr(
                    "Your keys are kept in the keyring of this computer's operating system, nowhere else. "
                    "You find everything again under Settings."
                ),
                "small",
            )
        )
        self.box.addStretch(1)

    def enter(self) -> None:
        """Show what was chosen."""
        self.autostart.setChecked(self.state.preferences.start_with_system)
        while self._summary.rowCount():
            self._summary.removeRow(0)
        for name, words in self._lines():
            self._summary.addRow(Words(name, "strong", wrap=False), Words(words))
        self.result.show_lines(self._plan_lines())

    def leave(self) -> None:
        """Nothing is tried again behind the user's back."""
        self.saving.cancel()

    def primary(self) -> tuple[str, bool]:
        """Save, or try to save again."""
        words = self.tr("Try again") if self.saving.problem is not None else self.tr("Start syncing")
        return words, not self.saving.running

    def alternative(self) -> str:
        """Without a keyring the keys may live in memory, if the user says so."""
        may = self.saving.may_keep_for_session and not self.saving.running
        return self.tr("Keep the keys only until I quit") if may else ""

    def press(self) -> None:
        """Save."""
        self._save(session_only=False)

    def press_alternative(self) -> None:
        """Save, the keys in memory only."""
        self._save(session_only=True)

    def _save(self, *, session_only: bool) -> None:
        self.saving.cancel()
        self.result.show_lines(())
        state = self.state
        wanted = self.autostart.isChecked()
        preferences = state.preferences.finished(start_with_system=wanted)
        changes = Changes(
            state.final_texts(), session_only=session_only, categories=state.categories, preferences=preferences
        )
        self.saving.start(changes, autostart=wanted)
        self.changed.emit()

    def _failed(self, problem: Problem) -> None:
        self.result.show_lines([problem_line("", problem)])
        self.changed.emit()

    def _lines(self) -> list[tuple[str, str]]:
        state = self.state
        places = {
            "sqlite": state.text("SQLITE_PATH") or str(state.host.environment.paths.database),
            "airtable": f"Airtable, {state.text('AIRTABLE_BASE_ID')}",
            "postgres": self.tr("PostgreSQL, schema {schema}").format(schema=state.text("PG_SCHEMA")),
        }
        polling = state.text("DISABLE_WEBHOOKS").lower() == "true"
        projects, teams = state.text("TEAMWORK_PROJECTS"), state.text("MISSIVE_TEAMS")
        private = state.text("MISSIVE_SCOPE") == "shared"
        some = self.tr("%n chosen project(s)", "", projects.count(",") + 1) if projects else self.tr("all projects")
        groups = self.tr("%n chosen team(s)", "", teams.count(",") + 1) if teams else self.tr("all teams")
        mail = self.tr("without private conversations") if private else self.tr("with private conversations")
        speed = self.tr("within five seconds, by polling") if polling else self.tr("within a second, by webhooks")
        lines = [
            ("Teamwork", f"{state.text('TEAMWORK_BASE_URL')}, {some}"),
            ("Missive", f"{groups}, {mail}"),
            (self.tr("Destination"), places[state.backend]),
            (self.tr("Speed"), speed),
        ]
        if volume := self._volume():
            lines.append((self.tr("Volume"), volume_words(volume)))
        if state.categories is not None:
            lines.append((self.tr("Label categories"), self.tr("from the older connector")))
        return lines

    def _volume(self) -> Volume | None:
        """What was counted, as far as it is wanted."""
        state = self.state
        if state.volume is None:
            return None
        teams = [team.strip() for team in state.text("MISSIVE_TEAMS").split(",") if team.strip()]
        plan = PLANS[plan_of(state.text("AIRTABLE_PLAN"))] if state.backend == "airtable" else None
        return replace(state.volume, mail=state.volume.mail.within(state.text("MISSIVE_SCOPE"), teams), plan=plan)

    def _plan_lines(self) -> list[CheckLine]:
        volume = self._volume()
        line = plan_line(volume) if volume is not None else None
        return [] if line is None else [line]
