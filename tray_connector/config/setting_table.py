"""Every setting: its name, kind, default and meaning, in the order in which people are shown them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tray_connector.config.setting_types import (
    BOOLEAN,
    DATE,
    DSN,
    IDS,
    KEY,
    LINE,
    PATH,
    SCHEMA,
    URL,
    ZONE,
    Kind,
    choice,
    number,
)

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. Its name is the environment variable, the key in ``settings.json`` and the keyring's entry."""

    name: str
    kind: Kind
    help: str
    """What it does, one sentence."""
    default: str | None = None
    """As a text that `kind` reads; None = no value, or the rule told by `rule`."""
    rule: str = ""
    """The default in words, where it depends on something."""
    secret: bool = False
    """Lives in the keyring or the environment, never in a file of ours."""

    @property
    def attribute(self) -> str:
        """The name within `Settings`."""
        return self.name.lower()

    def read(self, text: str) -> Any:
        """The value of a text that is trimmed and not empty; raises `Refused`."""
        return self.kind.read(text)


SECONDS = number(0, DAY)

SETTINGS: tuple[Setting, ...] = (
    Setting("TEAMWORK_BASE_URL", URL, "Address of the Teamwork site, such as https://office.teamwork.com."),
    Setting("TEAMWORK_API_KEY", KEY, "API key of a Teamwork user.", secret=True),
    Setting("MISSIVE_API_TOKEN", KEY, "API token of a Missive user.", secret=True),
    Setting("MISSIVE_BASE_URL", URL, "Address of Missive's API.", "https://public.missiveapp.com/v1"),
    Setting(
        "DB_BACKEND",
        choice("sqlite", "airtable", "postgres"),
        "Where tasks and e-mails are stored.",
        rule="airtable when AIRTABLE_API_KEY and AIRTABLE_BASE_ID are both set, else sqlite",
    ),
    Setting("SQLITE_PATH", PATH, "File of the SQLite database.", rule="data/connector.db below the home"),
    Setting("AIRTABLE_API_KEY", KEY, "Personal access token of Airtable.", secret=True),
    Setting("AIRTABLE_BASE_ID", LINE, "Id of the Airtable base, app...."),
    Setting("AIRTABLE_EMAILS_TABLE", LINE, "Name or id of the table for e-mails.", "Emails"),
    Setting("AIRTABLE_TASKS_TABLE", LINE, "Name or id of the table for tasks.", "Tasks"),
    Setting("AIRTABLE_ENDPOINT_URL", URL, "Address of Airtable's API.", rule="Airtable's own"),
    Setting(
        "AIRTABLE_PLAN",
        choice("free", "team", "business", "enterprise"),
        "Airtable plan of the base's workspace; decides how many calls a month are allowed.",
        "free",
    ),
    Setting("AIRTABLE_WRITE_EVERY_SECONDS", SECONDS, "Collect changes for so long before writing to Airtable.", "0"),
    Setting("PG_DSN", DSN, "PostgreSQL connection string.", secret=True),
    Setting("PG_SCHEMA", SCHEMA, "PostgreSQL schema that holds the tables.", "public"),
    Setting(
        "MISSIVE_SCOPE",
        choice("all", "shared"),
        "all, or shared to leave out the key owner's private mail.",
        "all",
    ),
    Setting("MISSIVE_TEAMS", IDS, "Only these Missive teams.", rule="all"),
    Setting("TEAMWORK_PROJECTS", IDS, "Only these Teamwork projects.", rule="all"),
    Setting("DISABLE_WEBHOOKS", BOOLEAN, "true to poll only.", "false"),
    Setting("NGROK_AUTHTOKEN", KEY, "ngrok authtoken for the tunnel that webhooks come through.", secret=True),
    Setting("PUBLIC_URL", URL, "Address of an own reverse proxy that webhooks come through, instead of a tunnel."),
    Setting("TEAMWORK_WEBHOOK_SECRET", LINE, "Signs Teamwork's webhooks.", rule="generated", secret=True),
    Setting("MISSIVE_WEBHOOK_SECRET", LINE, "Signs Missive's webhooks.", secret=True),
    Setting("APP_PORT", number(1, 65_535, whole=True), "Port on 127.0.0.1 where webhooks arrive.", "5000"),
    Setting(
        "PERIODIC_BACKFILL_INTERVAL",
        number(0.1, DAY),
        "Seconds between two polls.",
        rule="5 when polling only, 60 with webhooks",
    ),
    Setting("BACKFILL_OVERLAP_SECONDS", SECONDS, "Seconds that a poll looks back behind the last one.", "120"),
    Setting("WALK_INTERVAL_MINUTES", number(0, 10_080), "Minutes between two full comparisons; 0 = never.", "15"),
    Setting(
        "REMOVAL_GUARD_PERCENT",
        number(0, 100),
        "Share of the records (at least 20) that may be flagged as deleted at once without asking.",
        "5",
    ),
    Setting("TEAMWORK_PROCESS_AFTER", DATE, "Leave out tasks created before this day."),
    Setting("MISSIVE_PROCESS_AFTER", DATE, "Leave out e-mails delivered before this day."),
    Setting(
        "MISSIVE_BACKFILL_DAYS",
        number(0, 36_500, whole=True),
        "The first run takes conversations that were active within so many days.",
        "30",
    ),
    Setting("INCLUDE_COMPLETED_TASKS_ON_INITIAL_SYNC", BOOLEAN, "The first run takes completed tasks too.", "true"),
    Setting("ATTACHMENTS", BOOLEAN, "Store the files of e-mails.", "true"),
    Setting("ATTACHMENTS_PATH", PATH, "Folder for the files of e-mails.", rule="data/attachments below the home"),
    Setting("ATTACHMENT_MAX_MB", number(0, 100_000), "Leave out files larger than this.", "100"),
    Setting("DISK_RESERVE_MB", number(0, 10_000_000), "Store no files when less than this is free.", "1000"),
    Setting("SPOOL_RETRY_SECONDS", SECONDS, "Seconds before the first retry of a failed record.", rule="5"),
    Setting("TIMEZONE", ZONE, "Time zone for display and for Airtable's date columns.", "Europe/Berlin"),
    Setting(
        "LOG_LEVEL",
        choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        "How much the log holds.",
        "INFO",
    ),
    Setting("RATE_SCALE", number(0.001, 1_000_000), "Multiplies the services' limits; for test servers only.", "1"),
)
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
SECRETS: tuple[str, ...] = tuple(setting.name for setting in SETTINGS if setting.secret)
