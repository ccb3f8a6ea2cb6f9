"""`PG_DSN` taken apart: where it leads, without its secrets."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from tray_connector.config.redaction import Redactor
from tray_connector.model.errors import ConfigError

LONGEST_NAME = 63
"""PostgreSQL cuts an `application_name` there."""
PARAMETERS: Mapping[str, str] = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What applies unless `PG_DSN` says otherwise: a line that was cut is noticed within a minute."""
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


@dataclass(frozen=True, slots=True)
class Address:
    """A connection string that libpq can read. Its representation holds no secret."""

    parameters: Mapping[str, str] = field(repr=False)
    """As the string gives them."""
    host: str
    port: str
    database: str
    role: str
    redact: Redactor = field(repr=False, compare=False)
    """Masks the password in texts of the server and of libpq."""

    @classmethod
    def read(cls, dsn: str) -> Address:
        """Take a string apart, with libpq's defaults and the environment for what it leaves out; `ConfigError`.

        libpq's own words about a string it cannot read may quote the password, so they are not passed on.
        """
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
        except (psycopg.Error, UnicodeError):
            raise ConfigError(
                "postgres-dsn-unreadable",
                "PG_DSN is not a connection string",
                "PostgreSQL's library cannot read it.",
                "Write postgresql://role:password@host:5432/database, and in the password %40 for @, %2F for /,"
                " %3A for : and %25 for %.",
            ) from None
        defaults = _defaults()
        role = given.get("user") or defaults.get("user", "")
        host = given.get("host") or given.get("hostaddr") or defaults.get("host") or "localhost"
        return cls(
            parameters=given,
            host=f"service {given['service']}" if "service" in given and "host" not in given else host,
            port=given.get("port") or defaults.get("port", "5432"),
            database=given.get("dbname") or defaults.get("dbname") or role,
            role=role,
            redact=Redactor([dsn, *(given.get(name) or defaults.get(name, "") for name in _SECRETS)]),
        )

    @property
    def server(self) -> str:
        """``host:port/database``, for a person."""
        return f"{self.host}:{self.port}/{self.database}"

    def connecting(self) -> dict[str, str]:
        """All parameters of a connection."""
        return {**PARAMETERS, **self.parameters, "application_name": application_name(), "client_encoding": "UTF8"}


def application_name() -> str:
    """By which a person finds our sessions in `pg_stat_activity`: the program, the computer and the process.

    The server would replace anything but ASCII by question marks.
    """
    host = platform.node().encode("ascii", "replace").decode() or "unknown computer"
    end = f" (process {os.getpid()})"
    return f"tray-connector on {host}"[: LONGEST_NAME - len(end)] + end


def _defaults() -> dict[str, str]:
    return {option.keyword.decode(): option.val.decode() for option in Conninfo.get_defaults() if option.val}
