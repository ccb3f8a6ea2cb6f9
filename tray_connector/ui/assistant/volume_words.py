"""How much a first sync brings, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from tray_connector.model.checks import CheckLine
from tray_connector.sync.trial import Volume

translate = QCoreApplication.translate
"""May be used from any thread."""


def volume_words(volume: Volume) -> str:
    """Tasks and messages; "more than" where counting ended early."""
    locale = QLocale()
    messages = translate("Volume", "%n message(s)", "", volume.mail.messages)
    conversations = translate("Volume", "%n conversation(s)", "", volume.mail.conversations)
    tasks = translate("Volume", "%n task(s)", "", volume.tasks)
    template = (
        translate("Volume", "A first sync brings {tasks} and {messages} in {conversations}.")
        if volume.mail.complete
        else translate("Volume", "A first sync brings {tasks} and more than {messages} in {conversations}.")
    )
    return template.format(
        tasks=_grouped(tasks, volume.tasks, locale),
        messages=_grouped(messages, volume.mail.messages, locale),
        conversations=_grouped(conversations, volume.mail.conversations, locale),
    )


def plan_line(volume: Volume) -> CheckLine | None:
    """The volume against Airtable's plan; None for other destinations."""
    plan, locale = volume.plan, QLocale()
    if plan is None:
        return None
    words = volume_words(volume)
    calls = translate("Volume", "%n call(s)", "", volume.calls)
    needed = translate("Volume", "That takes about {calls}.").format(calls=_grouped(calls, volume.calls, locale))
    allowed = (
        translate("Volume", "The plan {plan} allows {records} records in a base and {calls} calls a month.")
        if plan.calls is not None
        else translate("Volume", "The plan {plan} allows {records} records in a base and any number of calls.")
    ).format(plan=plan.title, records=locale.toString(plan.records), calls=locale.toString(plan.calls or 0))
    hint = ""
    if not volume.fits:
        hint = translate(
            "Volume",
            "This does not fit. Choose a larger plan, fewer projects or a shorter time of e-mails, or store it in "
            "SQLite or PostgreSQL.",
        )
    return CheckLine("Airtable", volume.fits, f"{words} {needed} {allowed}", hint, passing=not volume.fits)


def _grouped(words: str, number: int, locale: QLocale) -> str:
    return words.replace(str(number), locale.toString(number), 1)
