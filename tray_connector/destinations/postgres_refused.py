"""Why a connection to PostgreSQL was not made, and the next step.

There is no SQLSTATE before a connection stands: the server's words are all there is, in English or in the language
of the server (German here).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tray_connector.destinations.postgres_address import Address
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError


@dataclass(frozen=True, slots=True)
class _Case:
    pattern: str
    kind: type[ConfigError | TransientError]
    code: str
    title: str
    hint: str


_CASES = (
    _Case(
        r"no encryption|SSL off|keine Verschlüsselung|SSL aus",
        ConfigError,
        "postgres-tls-wanted",
        "The database wants an encrypted connection",
        "Add sslmode=require to PG_DSN.",
    ),
    _Case(
        r"server does not support SSL|Server unterstützt kein SSL",
        ConfigError,
        "postgres-tls-missing",
        "The database server does not offer encryption",
        "Let an administrator switch TLS on, or take sslmode out of PG_DSN if the line to the server is trusted.",
    ),
    _Case(
        r"certificate|Zertifikat|SSL error|SSL-Fehler",
        ConfigError,
        "postgres-certificate",
        "The certificate of the database server is not trusted",
        "Name the file of its certificate authority in PG_DSN (sslrootcert=...), and the host as the certificate does.",
    ),
    _Case(
        r"password authentication failed|no password supplied|Passwort-Authentifizierung|"
        r"authentication failed|Authentifizierung .* fehlgeschlagen|password must not be empty",
        ConfigError,
        "postgres-password",
        "The database refuses role or password",
        "Correct the role {role} or its password in PG_DSN.",
    ),
    _Case(
        r"pg_hba\.conf",
        ConfigError,
        "postgres-not-admitted",
        "The database server does not admit this computer",
        "Let an administrator add a line to pg_hba.conf for role {role}, database {database} and this computer.",
    ),
    _Case(
        r"role \".*\" does not exist|Rolle ».*« existiert nicht|is not permitted to log in|nicht .* einloggen",
        ConfigError,
        "postgres-role-missing",
        "The database server does not know this role",
        "Correct the role {role} in PG_DSN, or let an administrator create it with the right to log in.",
    ),
    _Case(
        r"database \".*\" does not exist|Datenbank ».*« existiert nicht",
        ConfigError,
        "postgres-database-missing",
        "The database does not exist",
        "Correct the name in PG_DSN, or let an administrator create it (CREATE DATABASE {quoted}).",
    ),
    _Case(
        r"permission denied for database|CONNECT privilege|keine Berechtigung für Datenbank|CONNECT-Privileg",
        ConfigError,
        "postgres-not-admitted",
        "The role may not use the database",
        "Let an administrator allow it (GRANT CONNECT ON DATABASE {quoted} TO {quoted_role}).",
    ),
    _Case(
        r"starting up|shutting down|recovery mode|not yet accepting|startet|fährt herunter|Wiederherstellungsmodus",
        TransientError,
        "postgres-starting",
        "The database server is starting or stopping",
        "We try again. Nothing is lost; changes wait here.",
    ),
    _Case(
        r"too many (?:clients|connections)|connection slots|zu viele Verbindungen|Verbindungsslots",
        TransientError,
        "postgres-full",
        "The database takes no more connections",
        "End other programs, or let an administrator raise max_connections. We try again.",
    ),
    _Case(
        r"could not translate host name|Name or service not known|nodename nor servname|No such host",
        TransientError,
        "postgres-host-unknown",
        "The host of the database is not found",
        "Check the host {host} in PG_DSN, and whether this computer is online. We try again.",
    ),
    _Case(
        r"[Cc]onnection refused|0x0000274D|10061|No such file or directory",
        TransientError,
        "postgres-refused",
        "No database server answers there",
        "Start the server at {server}, or correct host and port in PG_DSN. We try again.",
    ),
    _Case(
        r"timeout expired|timed out|No route to host|unreachable",
        TransientError,
        "postgres-silent",
        "The database does not answer",
        "Check host and port in PG_DSN, the network and firewalls. We try again.",
    ),
    _Case(
        r"invalid .*value|invalid port|invalid integer|invalid connection option|could not parse|definition of service",
        ConfigError,
        "postgres-dsn-wrong",
        "PG_DSN holds a value that PostgreSQL does not accept",
        "Correct the value in PG_DSN.",
    ),
)
_CUT_OFF = re.compile(
    r"^(?:connection failed|connection is bad): |connection to server (?:at|on socket) .*? failed: |FATAL: +"
)


def not_connected(error: Exception, address: Address) -> ConnectorError:
    """What `psycopg.connect` raised."""
    text = address.redact(str(error))
    names = {
        "server": address.server,
        "host": address.host,
        "role": address.role,
        "database": address.database,
        "quoted": _quoted(address.database),
        "quoted_role": _quoted(address.role),
    }
    message = _CUT_OFF.sub("", text).partition("\n")[0].strip()
    for case in _CASES:
        if re.search(case.pattern, text):
            return case.kind(case.code, case.title, message, case.hint.format(**names))
    hint = f"Check host and port in PG_DSN; it leads to {address.server}. We try again."
    return TransientError("postgres-not-connected", "The database cannot be reached", message, hint)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
