"""What is synced: which projects, which teams, and whether private conversations go too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.sources.offer import Choice, MailVolume
from tray_connector.sync.setup import Setup
from tray_connector.sync.trial import Volume
from tray_connector.ui.assistant.choice_list import ChoiceList
from tray_connector.ui.assistant.loading import Loading
from tray_connector.ui.assistant.option_card import OptionCard
from tray_connector.ui.assistant.page import AssistantPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.assistant.volume_words import volume_words
from tray_connector.ui.form_parts import Words
from tray_connector.ui.theme import GAP, GROUP
from tray_connector.ui.workers import Job

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Offer:
    """What the services have."""

    projects: tuple[Choice, ...]
    teams: tuple[Choice, ...]
    volume: Volume


class ScopePage(AssistantPage):
    """Asks once the services have said what there is."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            translate("ScopePage", "What to sync"),
            translate("ScopePage", "Which of it shall go into your database?"),
        )
        self._job: Job[Offer] | None = None
        self._asked: tuple[tuple[str, str], ...] = ()
        self.loading = Loading()
        self.loading.again.connect(self._read)
        self.loading.stopped.connect(self._stop)
        self.projects = ChoiceList(
            self.tr("Teamwork"), self.tr("All projects, new ones too"), self.tr("Only some projects")
        )
        self.teams = ChoiceList(self.tr("Missive"), self.tr("All teams, new ones too"), self.tr("Only some teams"))
        self._volume = Words("", "small")
        self._content = QWidget()
        box = QVBoxLayout(self._content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(GROUP)
        box.addWidget(self._private_cards())
        for chosen in (self.projects, self.teams):
            chosen.edited.connect(self._edited)
            box.addWidget(chosen)
        box.addWidget(self._volume)
        self._content.hide()
        self.box.addWidget(self.loading)
        self.box.addWidget(self._content)
        self.box.addStretch(1)

    def _private_cards(self) -> QWidget:
        group = QButtonGroup(self)
        self.without = OptionCard(
            self.tr("Leave private conversations out"),
            self.tr("Only what belongs to an organisation or a team is stored."),
            group,
        )
        self.with_private = OptionCard(self.tr("Store private conversations, too"), "", group)
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(GAP)
        box.addWidget(Words(self.tr("Private conversations of the token's owner"), "section"))
        for card in (self.without, self.with_private):
            card.chosen.connect(self._edited)
            box.addWidget(card)
        return holder

    def enter(self) -> None:
        """Ask the services, unless they were asked with the same keys before."""
        chosen = self.state.text("MISSIVE_SCOPE")
        answered = self.state.is_set("MISSIVE_SCOPE")
        if answered:
            (self.without if chosen == "shared" else self.with_private).radio.setChecked(True)
        fixed = self.state.is_fixed("MISSIVE_SCOPE")
        for card in (self.without, self.with_private):
            card.radio.setEnabled(not fixed)
        if self._asked != self._question():
            self._read()

    def leave(self) -> None:
        """Reading ends; what was chosen is kept."""
        if self._job is not None:
            self._stop()

    def is_answered(self) -> bool:
        """Whether every question has its answer."""
        private = self.without.radio.isChecked() or self.with_private.radio.isChecked()
        return private and self.projects.is_answered() and self.teams.is_answered()

    def primary(self) -> tuple[str, bool]:
        """Next, once all is answered."""
        return self.tr("Next"), self._content.isVisibleTo(self) and self.is_answered()

    def _question(self) -> tuple[tuple[str, str], ...]:
        names = ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN", "DB_BACKEND", "AIRTABLE_PLAN")
        return tuple((name, self.state.typed.get(name, "")) for name in names)

    def _read(self) -> None:
        self._content.hide()
        self.loading.begin(self.tr("Reading projects, teams and the number of conversations…"))
        texts, environment = dict(self.state.typed), self.state.host.environment
        # Counted over everything: what is left out is told from it.
        for name in ("TEAMWORK_PROJECTS", "MISSIVE_TEAMS"):
            texts.pop(name, None)

        def work(stop: Stop, _: Callable[[object], None]) -> Offer:
            with Setup(environment).trial(texts) as trial:
                return Offer(trial.projects(stop), trial.teams(stop), trial.volume(stop))

        asked = self._question()
        self._job = self.state.host.run(work, lambda offer: self._show(offer, asked), self._failed, owner=self)
        self.changed.emit()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _failed(self, problem: Problem) -> None:
        self._job = None
        self.loading.fail(problem)
        self.changed.emit()

    def _show(self, offer: Offer, asked: tuple[tuple[str, str], ...]) -> None:
        self._job, self._asked = None, asked
        self.state.volume = offer.volume
        self.loading.done()
        self.projects.offer(offer.projects, _ids(self.state.text("TEAMWORK_PROJECTS")))
        self.projects.set_fixed(self.state.is_fixed("TEAMWORK_PROJECTS"))
        self.teams.offer(offer.teams, _ids(self.state.text("MISSIVE_TEAMS")))
        self.teams.set_fixed(self.state.is_fixed("MISSIVE_TEAMS"))
        self.with_private.set_about(private_words(offer.volume.mail))
        self._volume.setText(volume_words(offer.volume))
        self._content.show()
        self.changed.emit()

    def _edited(self) -> None:
        texts = {"TEAMWORK_PROJECTS": self.projects.value(), "MISSIVE_TEAMS": self.teams.value()}
        if self._asked:
            self.state.put(texts)
        if self.without.radio.isChecked() or self.with_private.radio.isChecked():
            self.state.put({"MISSIVE_SCOPE": "shared" if self.without.radio.isChecked() else "all"})
        self.changed.emit()


def private_words(mail: MailVolume) -> str:
    """How many private conversations there are."""
    count = translate("ScopePage", "%n private conversation(s)", "", mail.private)
    count = count.replace(str(mail.private), QLocale().toString(mail.private), 1)
    template = (
        translate("ScopePage", "A first sync finds {count}. Everybody who may open the database can read them.")
        if mail.complete
        else translate(
            "ScopePage", "A first sync finds more than {count}. Everybody who may open the database can read them."
        )
    )
    return template.format(count=count)


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
