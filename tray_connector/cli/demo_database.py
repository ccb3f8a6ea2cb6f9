"""Where the demo stores: which settings that takes, and how one looks at it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tray_connector.config.clock import Stop
from tray_connector.config.settings import Settings
from tray_connector.model.errors import ConfigError
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.session import Environment

Kind = Literal["sqlite", "postgres", "airtable-sandbox"]
SCHEMA = "tray_connector_demo"


def settings_for(kind: Kind, environment: Environment, office: SandboxOffice, stop: Stop) -> Mapping[str, str]:
    """The settings of the database by name. In PostgreSQL the demo's own schema is emptied.

    ConfigError without `PG_DSN` in the environment; what `postgres_anew.make_anew` raises.
    """
    if kind == "airtable-sandbox":
        return office.airtable_environment()
    if kind == "sqlite":
        return office.environment()
    dsn = environment.variables.get("PG_DSN", "").strip()
    if not dsn:
        raise ConfigError(
            "demo-dsn",
            "The demo needs a PostgreSQL server",
            "PG_DSN is not set in the environment.",
            "Set it to a connection string such as postgresql://role@host:5432/database.",
        )
    # Only now: psycopg is not needed otherwise.
    from tray_connector.destinations.postgres_anew import make_anew  # noqa: PLC0415

    make_anew(dsn, SCHEMA, environment.clock, stop)
    return {**office.environment(), "DB_BACKEND": "postgres", "PG_DSN": dsn, "PG_SCHEMA": SCHEMA}


def where(settings: Settings, place: str) -> tuple[str, str]:
    """Where the database lies, and how to look into it; two lines."""
    match settings.db_backend:
        case "postgres":
            look = f'Look into it with any PostgreSQL program, or: psql "$PG_DSN" -c "TABLE {SCHEMA}.tasks"'
            return f"The database: {place.removeprefix('postgres:')}", look
        case "airtable":
            base = f"{settings.airtable_endpoint_url}, base {settings.airtable_base_id}"
            return f"The database: the sandbox's own Airtable at {base}", "It ends with the demo."
    path = settings.sqlite_path
    look = f'Open it with any SQLite program (DB Browser for SQLite, DBeaver), or: sqlite3 "{path}"'
    return f"The database: {path}", look
