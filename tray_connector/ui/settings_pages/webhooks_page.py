"""Webhooks: the way in, how they do, and what a person does by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.model.status import EngineStatus, WebhookState
from tray_connector.sync.session import Session
from tray_connector.ui.connection_form import DOTS, SwitchField, TextField
from tray_connector.ui.form_parts import TIGHT, Card, Mark, MarkState, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.live_test import LiveTest
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.texts import ago_text, hint_text, message_text, title_text
from tray_connector.ui.theme import GAP
from tray_connector.webhooks.registration_values import ManualStep, ManualValue

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Standing:
    """What the running webhooks tell."""

    address: str | None
    manual: tuple[ManualStep, ...]


class WebhookSettings(SettingsPage):
    """Health above, settings below, manual steps at the end."""

    name = "webhooks"

    def __init__(self, host: EngineHost, all_typed: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(host, translate("WebhookSettings", "Webhooks"))
        self._add_health()
        self.add(SwitchField("DISABLE_WEBHOOKS", self.tr("Changes are then found within five seconds.")))
        self.section(
            self.tr("The way in"), self.tr("ngrok's tunnel, or the address of your own proxy, which comes first.")
        )
        self.add(TextField("NGROK_AUTHTOKEN", self.tr("From dashboard.ngrok.com, Your Authtoken.")))
        self.add(TextField("PUBLIC_URL", placeholder="https://hooks.example.com"))
        self.add(TextField("APP_PORT", self.tr("Your proxy passes requests on to this port of 127.0.0.1.")))
        self.test = LiveTest(host, self.tr("the way in"), lambda trial, stop: trial.check_webhooks(stop), all_typed)
        self.form.edited.connect(lambda _: self.test.reset())
        self.box.addWidget(self.test)
        self.add(
            TextField(
                "MISSIVE_WEBHOOK_SECRET", self.tr("Only for rules that you make by hand with a validation secret.")
            )
        )
        self._manual_box = QVBoxLayout()
        self._manual_box.setSpacing(GAP)
        self.box.addLayout(self._manual_box)
        self.box.addStretch(1)
        host.status_changed.connect(self._show_status)
        if host.status is not None:
            self._show_status(host.status)

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt: address and manual steps are read anew."""
        super().showEvent(event)
        self.host.submit(read_standing, self._show_standing, owner=self)

    def _add_health(self) -> None:
        card = Card()
        self._mark, self._said = Mark("none"), Words("", "strong")
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._mark)
        row.addWidget(self._said, 1)
        card.box.addLayout(row)
        self._reason = Words("", "small")
        card.box.addWidget(self._reason)
        self._address, self._last = Words("–"), Words("–")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(Words(self.tr("Public address"), wrap=False), self._address)
        form.addRow(Words(self.tr("Last delivery"), wrap=False), self._last)
        card.box.addLayout(form)
        self.box.addWidget(card)

    def _show_status(self, status: EngineStatus) -> None:
        state = status.webhooks
        words, mark = health_words(state)
        self._mark.set_state(mark)
        self._mark.setVisible(mark != "none")
        self._said.setText(words)
        problem = state.problem
        reason = "" if problem is None else f"{title_text(problem)}. {message_text(problem)} {hint_text(problem)}"
        self._reason.setText(reason.strip())
        self._reason.setVisible(bool(reason))
        now = self.host.environment.clock.now()
        last = state.last_delivery
        self._last.setText(ago_text(now - last) if last is not None else self.tr("none since the start"))

    def _show_standing(self, standing: Standing) -> None:
        self._address.setText(standing.address or "–")
        while (item := self._manual_box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if not standing.manual:
            return
        self._manual_box.addWidget(Words(self.tr("By hand"), "section"))
        for step in standing.manual:
            self._manual_box.addWidget(_step_card(step))


def read_standing(session: Session, _: Stop) -> Standing:
    """Address and manual steps, in a worker."""
    webhooks = session.webhooks
    return Standing(None, ()) if webhooks is None else Standing(webhooks.address, webhooks.registered.manual)


def health_words(state: WebhookState) -> tuple[str, MarkState]:
    """How they do, in a few words, with a mark."""
    if state.mode == "off":
        return translate("WebhookSettings", "Webhooks are not set up. Changes are found by polling."), "none"
    if state.mode == "webhooks":
        return translate("WebhookSettings", "Webhooks are working."), "good"
    if state.problem is not None:
        return translate("WebhookSettings", "Webhooks are not working. Polling finds all changes."), "attention"
    return translate("WebhookSettings", "Webhooks are set up and not proved yet. Polling finds all changes."), "busy"


def _step_card(step: ManualStep) -> QWidget:
    card = Card()
    wanted = translate("WebhookSettings", "needed") if step.needed else translate("WebhookSettings", "if you like")
    card.box.addWidget(Words(f"{step.title} ({wanted})", "strong"))
    card.box.addWidget(Words(step.reason, "small"))
    card.box.addWidget(Words(step.where))
    for value in step.values:
        card.box.addWidget(_copy_row(value))
    return card


def _copy_row(value: ManualValue) -> QWidget:
    row = QWidget()
    across = QHBoxLayout(row)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(TIGHT)
    across.addWidget(Words(f"{value.label}: {DOTS if value.secret else value.value}"), 1)
    copy = button(
        translate("WebhookSettings", "Copy"),
        accessible=translate("WebhookSettings", "Copy {what}").format(what=value.label),
    )
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(value.value))
    across.addWidget(copy)
    return row
