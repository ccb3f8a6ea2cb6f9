"""The destination: which database, tested, and for Airtable the volume against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QButtonGroup, QCheckBox

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.sync.trial import Trial
from tray_connector.ui.assistant.option_card import OptionCard
from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.state import PREFIXES, SetupState
from tray_connector.ui.assistant.volume_words import plan_line
from tray_connector.ui.connection_form import ChoiceField, Field, TextField
from tray_connector.ui.form_parts import TARGET, Link

translate = QCoreApplication.translate
HOUR = "3600"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "sqlite": (),
    "airtable": ("AIRTABLE_API_KEY", "AIRTABLE_BASE_ID"),
    "postgres": ("PG_DSN",),
}
PLANS = (("free", "Free"), ("team", "Team"), ("business", "Business"), ("enterprise", "Enterprise Scale"))


class DestinationPage(ConnectionPage):
    """SQLite, Airtable or PostgreSQL."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            self.tr_title(),
            translate("DestinationPage", "Where shall your tasks and e-mails be stored?"),
            translate("DestinationPage", "the destination"),
            check_with_volume,
        )
        self._group = QButtonGroup(self)
        self.cards = {
            "sqlite": OptionCard(
                "SQLite", self.tr("A file on this computer. There is nothing to set up."), self._group
            ),
            "airtable": OptionCard(
                "Airtable", self.tr("A base in the cloud. Its plan limits records and calls a month."), self._group
            ),
            "postgres": OptionCard("PostgreSQL", self.tr("A database server of your own."), self._group),
        }
        for backend, card in self.cards.items():
            self.box.addWidget(card)
            card.chosen.connect(lambda backend=backend: self._chosen(backend))
        self._add("sqlite", TextField("SQLITE_PATH", self.tr("Leave it empty for the usual place.")))
        self._fill_airtable()
        self._add("postgres", TextField("PG_DSN", self.tr("As your administrator gave it to you, with its password.")))
        self._add("postgres", TextField("PG_SCHEMA", self.tr("The tables are made in it.")))
        self.finish()

    @staticmethod
    def tr_title() -> str:
        """The page's title."""
        return translate("DestinationPage", "Destination")

    def enter(self) -> None:
        """Show the choice so far."""
        self.reload()
        if self.state.view is not None:
            path = str(self.state.host.environment.paths.database)
            field = self.form.fields["SQLITE_PATH"]
            if isinstance(field, TextField):
                field.edit.setPlaceholderText(path)
        self.cards[self.state.backend].radio.setChecked(True)
        fixed = self.state.is_fixed("DB_BACKEND")
        for card in self.cards.values():
            card.radio.setEnabled(not fixed)
        self._show_collecting()

    def complete(self) -> bool:
        """Whether the chosen destination has what it needs."""
        fields = self.form.fields
        return all(self.state.is_set(name) or fields[name].value() for name in NEEDED[self.state.backend])

    def texts(self) -> dict[str, str]:
        """All that was typed, with the choice."""
        self.state.put({"DB_BACKEND": self.state.backend})
        return super().texts()

    def press(self) -> None:
        """Test, or go on; only the fields of the chosen destination count."""
        if self.test.outcome != "passed":
            for name in self._names(self.state.backend):
                field = self.form.fields[name]
                field.complain(field.wrong)
                if field.wrong:
                    field.setFocus()
                    return
            self.test.start()
            return
        self.forward.emit()

    def _names(self, backend: str) -> tuple[str, ...]:
        return tuple(name for name in self.form.fields if name.startswith(PREFIXES[backend]))

    def _chosen(self, backend: str) -> None:
        self.state.put({"DB_BACKEND": backend})
        self.test.reset()
        self.changed.emit()

    def _add(self, backend: str, field: Field) -> None:
        self.form.add(field)
        self.cards[backend].add(field)

    def _fill_airtable(self) -> None:
        self._add(
            "airtable",
            TextField(
                "AIRTABLE_API_KEY",
                self.tr(
                    "With the scopes data.records:read, data.records:write, schema.bases:read and schema.bases:write, "
                    "and your base in its list."
                ),
            ),
        )
        self.cards["airtable"].add(
            Link(self.tr("Open Airtable's page for tokens"), "https://airtable.com/create/tokens")
        )
        base = TextField("AIRTABLE_BASE_ID", self.tr("It begins with app and stands in the address of the base."))
        self._add("airtable", base)
        plan = ChoiceField("AIRTABLE_PLAN", PLANS, self.tr("It cannot be read with a token, so we ask."))
        self._add("airtable", plan)
        plan.edited.connect(lambda _: self._plan_changed())
        self.collect = QCheckBox(self.tr("Collect changes for an hour before writing. This saves calls."))
        self.collect.setMinimumHeight(TARGET)
        self.collect.clicked.connect(self._collect)
        self.cards["airtable"].add(self.collect)

    def _plan_changed(self) -> None:
        self._collect(self.state.text("AIRTABLE_PLAN") == "free")
        self._show_collecting()

    def _collect(self, on: bool) -> None:
        self.state.put({"AIRTABLE_WRITE_EVERY_SECONDS": HOUR if on else "0"})

    def _show_collecting(self) -> None:
        name = "AIRTABLE_WRITE_EVERY_SECONDS"
        untouched = name not in self.state.typed and not self.state.is_set(name)
        if untouched and self.state.text("AIRTABLE_PLAN") == "free":
            self._collect(True)
        self.collect.setChecked(self.state.text(name) not in ("", "0"))
        self.collect.setEnabled(not self.state.is_fixed(name))


def check_with_volume(trial: Trial, stop: Stop) -> Sequence[CheckLine]:
    """The destination's own test; then, where a plan limits it, how much a first sync brings."""
    lines = list(trial.check_destination(stop))
    if trial.settings.db_backend == "airtable" and all(line.ok for line in lines):
        line = plan_line(trial.volume(stop))
        if line is not None:
            lines.append(line)
    return lines
