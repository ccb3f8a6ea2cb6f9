"""How changes are noticed: by polling, or by webhooks through ngrok or a reverse proxy of one's own."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QButtonGroup

from tray_connector.ui.assistant.option_card import OptionCard
from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.connection_form import Field, TextField
from tray_connector.ui.form_parts import Link

translate = QCoreApplication.translate
NEEDED = {"polling": (), "ngrok": ("NGROK_AUTHTOKEN",), "own": ("PUBLIC_URL",)}


class WebhooksPage(ConnectionPage):
    """Polling, ngrok, or an address of one's own."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            translate("WebhooksPage", "Speed"),
            translate("WebhooksPage", "How soon shall a change be in your database?"),
            translate("WebhooksPage", "the way in"),
            lambda trial, stop: trial.check_webhooks(stop),
        )
        self._group = QButtonGroup(self)
        self.cards = {
            "polling": OptionCard(
                self.tr("Within five seconds, by polling"),
                self.tr("We ask Teamwork and Missive every five seconds. There is nothing to set up."),
                self._group,
            ),
            "ngrok": OptionCard(
                self.tr("Within a second, by webhooks through ngrok"),
                self.tr("A tunnel leads from the internet to this computer. Needs a free ngrok account."),
                self._group,
            ),
            "own": OptionCard(
                self.tr("Within a second, by webhooks through an own address"),
                self.tr("For offices with a reverse proxy that can pass requests on to this computer."),
                self._group,
            ),
        }
        for way, card in self.cards.items():
            self.box.addWidget(card)
            card.chosen.connect(lambda way=way: self._chosen(way))
        self._fill()
        self.way = "polling"
        self.finish()

    def _fill(self) -> None:
        ngrok = self.cards["ngrok"]
        self._add("ngrok", TextField("NGROK_AUTHTOKEN", self.tr("ngrok's own program is fetched with the first test.")))
        link = "https://dashboard.ngrok.com/get-started/your-authtoken"
        ngrok.add(Link(self.tr("Open ngrok's page with the token"), link))
        self._add("own", TextField("PUBLIC_URL", placeholder="https://hooks.example.com"))
        hint = self.tr("Your proxy passes requests on to this port of 127.0.0.1.")
        self._add("own", TextField("APP_PORT", hint))

    def enter(self) -> None:
        """Show the choice so far; polling at first."""
        self.reload()
        off = self.state.text("DISABLE_WEBHOOKS").lower() in ("true", "1", "yes", "on")
        if not off and self.state.is_set("PUBLIC_URL"):
            self.way = "own"
        elif not off and self.state.is_set("NGROK_AUTHTOKEN"):
            self.way = "ngrok"
        self.cards[self.way].radio.setChecked(True)
        fixed = self.state.is_fixed("DISABLE_WEBHOOKS")
        for way, card in self.cards.items():
            card.radio.setEnabled(not fixed or way == self.way)

    def complete(self) -> bool:
        """Whether the chosen way has what it needs."""
        fields = self.form.fields
        return all(self.state.is_set(name) or fields[name].value() for name in NEEDED[self.way])

    def texts(self) -> dict[str, str]:
        """With the other way taken out: an own address would win over a token."""
        self._keep_way()
        return super().texts()

    def leave(self) -> None:
        """Keep the choice."""
        super().leave()
        self._keep_way()

    def primary(self) -> tuple[str, bool]:
        """Polling needs no test."""
        return (self.tr("Next"), True) if self.way == "polling" else super().primary()

    def alternative(self) -> str:
        """Nothing depends on webhooks: whatever is wrong with them, polling finds every change."""
        untested = self.way != "polling" and self.test.outcome in ("passing", "failed")
        return self.tr("Continue, and poll meanwhile") if untested else ""

    def press(self) -> None:
        """Test the way in, or go on."""
        if self.way == "polling" or self.test.outcome == "passed":
            self.forward.emit()
            return
        for name in ("NGROK_AUTHTOKEN",) if self.way == "ngrok" else ("PUBLIC_URL", "APP_PORT"):
            field = self.form.fields[name]
            field.complain(field.wrong)
            if field.wrong:
                field.setFocus()
                return
        self.test.start()

    def _keep_way(self) -> None:
        if not self.state.is_fixed("DISABLE_WEBHOOKS"):
            self.state.put({"DISABLE_WEBHOOKS": "true" if self.way == "polling" else "false"})
        if self.way == "ngrok" and self.state.is_set("PUBLIC_URL"):
            self.state.put({"PUBLIC_URL": ""})

    def keep(self) -> None:
        """Note what stands in the fields of the chosen way."""
        typed = self.form.typed()
        if self.way == "ngrok":
            typed.pop("PUBLIC_URL", None)
        self.state.put(typed)

    def _add(self, way: str, field: Field) -> None:
        self.form.add(field)
        self.cards[way].add(field)

    def _chosen(self, way: str) -> None:
        self.way = way
        self.test.reset()
        self.changed.emit()
