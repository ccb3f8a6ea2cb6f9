"""Settings in words: label and hint of each, where a value comes from, and what is wrong with one."""

from __future__ import annotations

import re

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from tray_connector.config.setting_table import BY_NAME
from tray_connector.config.setting_types import Refused
from tray_connector.config.setting_values import Origin
from tray_connector.config.settings_view import SettingView

translate = QCoreApplication.translate

LABELS: dict[str, object] = {
    "TEAMWORK_BASE_URL": QT_TRANSLATE_NOOP("Settings", "Address of your Teamwork site"),
    "TEAMWORK_API_KEY": QT_TRANSLATE_NOOP("Settings", "API key"),
    "MISSIVE_API_TOKEN": QT_TRANSLATE_NOOP("Settings", "API token"),
    "MISSIVE_BASE_URL": QT_TRANSLATE_NOOP("Settings", "Address of Missive's API"),
    "DB_BACKEND": QT_TRANSLATE_NOOP("Settings", "Where tasks and e-mails are stored"),
    "SQLITE_PATH": QT_TRANSLATE_NOOP("Settings", "File of the database"),
    "AIRTABLE_API_KEY": QT_TRANSLATE_NOOP("Settings", "Personal access token"),
    "AIRTABLE_BASE_ID": QT_TRANSLATE_NOOP("Settings", "Id of the base"),
    "AIRTABLE_EMAILS_TABLE": QT_TRANSLATE_NOOP("Settings", "Table for e-mails"),
    "AIRTABLE_TASKS_TABLE": QT_TRANSLATE_NOOP("Settings", "Table for tasks"),
    "AIRTABLE_PLAN": QT_TRANSLATE_NOOP("Settings", "Airtable plan of the workspace"),
    "AIRTABLE_WRITE_EVERY_SECONDS": QT_TRANSLATE_NOOP("Settings", "Collect changes before writing, in seconds"),
    "PG_DSN": QT_TRANSLATE_NOOP("Settings", "Connection string"),
    "PG_SCHEMA": QT_TRANSLATE_NOOP("Settings", "Schema"),
    "MISSIVE_SCOPE": QT_TRANSLATE_NOOP("Settings", "Private conversations"),
    "MISSIVE_TEAMS": QT_TRANSLATE_NOOP("Settings", "Missive teams, as ids"),
    "TEAMWORK_PROJECTS": QT_TRANSLATE_NOOP("Settings", "Teamwork projects, as ids"),
    "DISABLE_WEBHOOKS": QT_TRANSLATE_NOOP("Settings", "Polling only, no webhooks"),
    "NGROK_AUTHTOKEN": QT_TRANSLATE_NOOP("Settings", "ngrok authtoken"),
    "PUBLIC_URL": QT_TRANSLATE_NOOP("Settings", "Public address of your reverse proxy"),
    "MISSIVE_WEBHOOK_SECRET": QT_TRANSLATE_NOOP("Settings", "Validation secret of Missive rules made by hand"),
    "APP_PORT": QT_TRANSLATE_NOOP("Settings", "Port on this computer"),
    "PERIODIC_BACKFILL_INTERVAL": QT_TRANSLATE_NOOP("Settings", "Check every so many seconds"),
    "WALK_INTERVAL_MINUTES": QT_TRANSLATE_NOOP("Settings", "Compare everything every so many minutes"),
    "REMOVAL_GUARD_PERCENT": QT_TRANSLATE_NOOP("Settings", "Ask before flagging more than so many percent as deleted"),
    "TEAMWORK_PROCESS_AFTER": QT_TRANSLATE_NOOP("Settings", "Leave out tasks created before"),
    "MISSIVE_PROCESS_AFTER": QT_TRANSLATE_NOOP("Settings", "Leave out e-mails delivered before"),
    "MISSIVE_BACKFILL_DAYS": QT_TRANSLATE_NOOP("Settings", "First sync: conversations of the last days"),
    "INCLUDE_COMPLETED_TASKS_ON_INITIAL_SYNC": QT_TRANSLATE_NOOP("Settings", "First sync: completed tasks too"),
    "ATTACHMENTS": QT_TRANSLATE_NOOP("Settings", "Store the files of e-mails"),
    "ATTACHMENTS_PATH": QT_TRANSLATE_NOOP("Settings", "Folder for the files"),
    "ATTACHMENT_MAX_MB": QT_TRANSLATE_NOOP("Settings", "Largest file, in MB"),
    "TIMEZONE": QT_TRANSLATE_NOOP("Settings", "Time zone"),
    "LOG_LEVEL": QT_TRANSLATE_NOOP("Settings", "How much the log holds"),
}
REASONS: tuple[object, ...] = (
    QT_TRANSLATE_NOOP("Refused", "is neither yes nor no"),
    QT_TRANSLATE_NOOP("Refused", "is none of these words"),
    QT_TRANSLATE_NOOP("Refused", "is not a whole number"),
    QT_TRANSLATE_NOOP("Refused", "is not a number"),
    QT_TRANSLATE_NOOP("Refused", "is too small"),
    QT_TRANSLATE_NOOP("Refused", "is too large"),
    QT_TRANSLATE_NOOP("Refused", "is no address"),
    QT_TRANSLATE_NOOP("Refused", "has no https:// in front"),
    QT_TRANSLATE_NOOP("Refused", "does not begin with https://"),
    QT_TRANSLATE_NOOP("Refused", "has a user name or password inside"),
    QT_TRANSLATE_NOOP("Refused", "has something behind the path"),
    QT_TRANSLATE_NOOP("Refused", "is not encrypted"),
    QT_TRANSLATE_NOOP("Refused", "is not a date"),
    QT_TRANSLATE_NOOP("Refused", "is no day of the calendar"),
    QT_TRANSLATE_NOOP("Refused", "is too far away"),
    QT_TRANSLATE_NOOP("Refused", "is no time zone"),
    QT_TRANSLATE_NOOP("Refused", "holds a character that no key has, such as a space or a line break"),
    QT_TRANSLATE_NOOP("Refused", "holds a line break or a control character"),
    QT_TRANSLATE_NOOP("Refused", "is too long"),
    QT_TRANSLATE_NOOP("Refused", "names a home folder that is not known"),
)
ACCEPTED: tuple[object, ...] = (
    QT_TRANSLATE_NOOP(
        "Accepted", "an https:// address without user name or password; http:// only for this machine (localhost)"
    ),
    QT_TRANSLATE_NOOP("Accepted", "a date such as 24.12.2025 or 2025-12-24"),
    QT_TRANSLATE_NOOP("Accepted", "an IANA time zone such as Europe/Berlin"),
    QT_TRANSLATE_NOOP("Accepted", "ids, separated by commas"),
    QT_TRANSLATE_NOOP("Accepted", "the key as the service shows it, in one piece"),
    QT_TRANSLATE_NOOP("Accepted", "text on one line"),
    QT_TRANSLATE_NOOP("Accepted", "a libpq connection string such as postgresql://user@host/database"),
    QT_TRANSLATE_NOOP("Accepted", "the name of a PostgreSQL schema, at most 63 bytes"),
    QT_TRANSLATE_NOOP("Accepted", "a path"),
)
RULES: tuple[object, ...] = (
    QT_TRANSLATE_NOOP("Rule", "5 when polling only, 60 with webhooks"),
    QT_TRANSLATE_NOOP("Rule", "data/attachments below the home"),
    QT_TRANSLATE_NOOP("Rule", "data/connector.db below the home"),
    QT_TRANSLATE_NOOP("Rule", "all"),
)
_RANGE = re.compile(r"a (whole )?number from (\S+) to (\S+)")


def label_of(name: str) -> str:
    """What the setting is called in a window."""
    return translate("Settings", str(LABELS.get(name, name)))


def rule_of(name: str) -> str:
    """The default in words, where it depends on something."""
    rule = BY_NAME[name].rule
    return translate("Rule", rule) if rule in RULES else ""


def why_refused(name: str, text: str) -> str:
    """What is wrong with the text and what is accepted; empty when it is right, or when nothing is typed."""
    text = text.strip()
    if not text:
        return ""
    try:
        BY_NAME[name].read(text)
    except Refused as reason:
        accepted = translate("Settings", "Accepted: {values}.").format(values=_accepts(name))
        said = translate("Settings", "The value {reason}.").format(reason=_reason(str(reason)))
        return f"{said} {accepted}"
    return ""


def _reason(text: str) -> str:
    head, separator, tail = text.partition("; ")
    if separator and tail.endswith(" is one"):
        near = tail.removesuffix(" is one")
        return translate("Refused", head) + "; " + translate("Refused", "{name} is one").format(name=near)
    return translate("Refused", text)


def _accepts(name: str) -> str:
    accepts = BY_NAME[name].kind.accepts
    found = _RANGE.fullmatch(accepts)
    if found is None:
        return translate("Accepted", accepts)
    template = (
        translate("Accepted", "a whole number from {least} to {most}")
        if found[1]
        else translate("Accepted", "a number from {least} to {most}")
    )
    return template.format(least=found[2], most=found[3])


def origin_words(view: SettingView) -> str:
    """Where the value in force comes from; empty where there is nothing to say."""
    origin: Origin = view.origin
    name = view.setting.name
    if origin == "environment":
        return translate("Settings", "Given by the environment variable {name}; it is changed there.").format(name=name)
    if origin == ".env":
        return translate("Settings", "Given by the file .env as {name}; it is changed there.").format(name=name)
    if view.session_only:
        return translate("Settings", "Kept until the program ends.")
    if origin == "keyring":
        return translate("Settings", "Kept in the keyring. Type a new one to replace it.")
    return ""
