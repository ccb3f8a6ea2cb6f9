"""`PG_DSN`: where it leads is shown, what is secret in it never is."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tray_connector.config.clock import Stop
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.destinations.postgres_address import LONGEST_NAME, Address, application_name
from tray_connector.destinations.postgres_refused import not_connected
from tray_connector.model.errors import ConfigError, TransientError

SECRET = "Geh3im/@:%pass"


@pytest.mark.parametrize(
    ("dsn", "server"),
    [
        ("postgresql://ida:Geh3im@db.example.com/office", "db.example.com:5432/office"),
        ("postgres://ida@[::1]:6543/office?sslmode=require", "::1:6543/office"),
        ("postgresql:///office?host=/run/postgresql", "/run/postgresql:5432/office"),
        ("host=a,b port=1,2 dbname='our office' user=ida", "a,b:1,2/our office"),
        ("hostaddr=10.0.0.1 user=ida", "10.0.0.1:5432/ida"),
        ("service=office", "service office:5432/root"),
        ("", "localhost:5432/root"),
    ],
)
def test_the_place_is_host_port_database_and_schema(dsn: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "root")
    assert PostgresDestination(dsn, "public", FakeClock()).place == f"postgres:{server}/public"


def test_the_environment_fills_in_as_for_every_program_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGHOST": "db", "PGPORT": "6543", "PGDATABASE": "office", "PGUSER": "ida"}.items():
        monkeypatch.setenv(name, value)
    assert Address.read("").server == "db:6543/office"


@pytest.mark.parametrize(
    "dsn",
    [
        "office database on the server",
        f"postgresql://ida:{SECRET}@db:5432:5433/office",
        f"host=db password={SECRET} nonsense=1",
        f"host=db password='{SECRET}",
        "postgresql://ida:%zz@db/office",
        "postgresql://[::1/office",
    ],
)
def test_a_text_that_is_no_connection_string_is_named_and_not_repeated(dsn: str) -> None:
    destination = PostgresDestination(dsn, "public", FakeClock())
    assert destination.place == "postgres:unknown"
    with pytest.raises(ConfigError) as caught:
        destination.open(Stop())
    assert caught.value.problem.code == "postgres-dsn-unreadable"
    (line,) = destination.check(Stop())
    assert not line.ok
    for text in (str(caught.value), line.message, line.hint, repr(caught.value.__cause__)):
        assert "Geh3im" not in text
    destination.close()


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_taken_apart_or_refused(dsn: str) -> None:
    code = "postgres-dsn-unreadable"
    try:
        assert Address.read(dsn).server
    except ConfigError as error:
        code = error.problem.code
    assert code == "postgres-dsn-unreadable"


def test_no_representation_holds_the_password() -> None:
    address = Address.read(f"host=db user=ida password='{SECRET}'")
    assert SECRET not in repr(address)
    assert SECRET in address.connecting()["password"]
    assert SECRET not in address.redact(f"server said: {SECRET}")


def test_our_sessions_bear_a_name_that_fits() -> None:
    name = application_name()
    assert name.startswith("tray-connector on ")
    assert name.endswith(f"(process {os.getpid()})")
    assert len(name) <= LONGEST_NAME
    assert name.isascii()


SAID = [
    ('FATAL:  password authentication failed for user "ida"', "postgres-password"),
    ("FATAL:  Passwort-Authentifizierung für Benutzer »ida« fehlgeschlagen", "postgres-password"),
    ("fe_sendauth: no password supplied", "postgres-password"),
    ('FATAL:  database "office" does not exist', "postgres-database-missing"),
    ("FATAL:  Datenbank »office« existiert nicht", "postgres-database-missing"),
    ('FATAL:  role "ida" does not exist', "postgres-role-missing"),
    ("FATAL:  Rolle »ida« existiert nicht", "postgres-role-missing"),
    ('FATAL:  role "ida" is not permitted to log in', "postgres-role-missing"),
    (
        'FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "ida", database "office", SSL encryption',
        "postgres-not-admitted",
    ),
    (
        'FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "ida", database "office", no encryption',
        "postgres-tls-wanted",
    ),
    (
        "FATAL:  kein pg_hba.conf-Eintrag für Host »1.2.3.4«, Benutzer »ida«, Datenbank »o«, keine Verschlüsselung",
        "postgres-tls-wanted",
    ),
    ("server does not support SSL, but SSL was required", "postgres-tls-missing"),
    ("SSL error: certificate verify failed", "postgres-certificate"),
    ('root certificate file "/home/ida/.postgresql/root.crt" does not exist', "postgres-certificate"),
    (
        'FATAL:  permission denied for database "office"\nDETAIL:  User does not have CONNECT privilege.',
        "postgres-not-admitted",
    ),
    ('invalid sslmode value: "on"', "postgres-dsn-wrong"),
    ('invalid integer value "abc" for connection option "port"', "postgres-dsn-wrong"),
    ('definition of service "office" not found', "postgres-dsn-wrong"),
]
PASSING = [
    ("FATAL:  the database system is starting up", "postgres-starting"),
    ("FATAL:  das Datenbanksystem fährt herunter", "postgres-starting"),
    ("FATAL:  sorry, too many clients already", "postgres-full"),
    ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "postgres-full"),
    (
        'could not translate host name "db" to address: Name or service not known',
        "postgres-host-unknown",
    ),
    ("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?", "postgres-refused"),
    ("could not connect to server: Connection refused (0x0000274D/10061)", "postgres-refused"),
    ("connection timeout expired", "postgres-silent"),
    ("server closed the connection unexpectedly", "postgres-not-connected"),
    ("received invalid response to SSL negotiation: H", "postgres-not-connected"),
]


@pytest.mark.parametrize(("said", "code"), [*SAID, *PASSING])
def test_what_a_server_says_becomes_a_sentence_with_the_next_step(said: str, code: str) -> None:
    address = Address.read(f"postgresql://ida:{'Geh3im'}@db:5433/office")
    text = f'connection failed: connection to server at "1.2.3.4", port 5433 failed: {said}'
    error = not_connected(Exception(text), address)
    assert error.problem.code == code
    assert isinstance(error, TransientError if (said, code) in PASSING else ConfigError)
    assert error.problem.message.startswith(said.split("\n", maxsplit=1)[0].removeprefix("FATAL:  "))
    assert error.problem.hint.endswith(".")
    assert "Geh3im" not in str(error)
