"""The parts of `self-test` that need no Qt. Each gives what it found and raises what is wrong.

A library is imported by the part that tests it: one that is broken must not hide how the others fare.
"""

from __future__ import annotations

import importlib
import platform
import secrets
import sqlite3
import ssl
import sys
import threading
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

import keyring

from tray_connector import __version__
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.credentials import KeyringCredentials, MemoryCredentials
from tray_connector.config.documents import read_document
from tray_connector.config.network import SystemAdapter
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import assemble

LIBRARIES = ("keyring", "pyairtable", "psycopg", "APScheduler", "watchdog", "requests", "truststore")
TASKS = 40
HURRY = 20.0
"""The sandbox's limits are so many times those of the services."""
PATIENCE = 10.0
LOOK = 0.05


class NotHereError(Exception):
    """The computer does not offer it; the text says what."""


def versions() -> str:
    """What is installed."""
    kind = "packaged" if getattr(sys, "frozen", False) else "from Python"
    own = f"Tray Connector {__version__} ({kind})"
    return ", ".join(
        [
            own,
            platform.platform(),
            f"Python {platform.python_version()}",
            ssl.OPENSSL_VERSION,
            *(f"{name} {library_version(name)}" for name in LIBRARIES),
        ]
    )


def library_version(name: str) -> str:
    """From its metadata, which a packaged program has for some libraries only; then it is enough that it imports."""
    try:
        return version(name)
    except PackageNotFoundError:
        importlib.import_module(name.lower())
        return "present"


def sqlite(folder: Path) -> str:
    """A database with a journal that survives a power cut, written and read."""
    with closing(sqlite3.connect(folder / "test.db")) as database:
        (mode,) = database.execute("PRAGMA journal_mode=WAL").fetchone()
        with database:
            database.execute("CREATE TABLE t (id TEXT PRIMARY KEY, name TEXT) STRICT")
            database.execute("INSERT INTO t VALUES ('1', 'Grün') ON CONFLICT (id) DO UPDATE SET name = excluded.name")
        found = database.execute("SELECT name, json_array_length('[1,2]') FROM t").fetchall()
    if found != [("Grün", 2)] or mode != "wal":
        raise ValueError(f"{found!r} was read, journal mode {mode}")
    return sqlite3.sqlite_version


def certificates() -> str:
    """The authorities that the operating system trusts are found."""
    SystemAdapter().close()  # as every connection of ours is made
    if sys.platform == "darwin":
        return "the system's keychain decides"
    if sys.platform == "win32":
        count = len(ssl.enum_certificates("ROOT"))
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        count = context.cert_store_stats()["x509_ca"]
        folder = ssl.get_default_verify_paths().capath
        count = count or (sum(1 for _ in Path(folder).iterdir()) if folder and Path(folder).is_dir() else 0)
    if not count:
        raise NotHereError("The operating system trusts no authority: no server can be reached with TLS.")
    return f"{count} authorities of the operating system"


def keyring_round_trip(home: Path) -> str:
    """A secret is kept, read back and forgotten, under a name that no home of the user has."""
    credentials = KeyringCredentials(home)
    secret = f"ü{secrets.token_hex(8)}"
    try:
        credentials.set("SELF_TEST", secret)
        found = credentials.get("SELF_TEST")
        credentials.delete("SELF_TEST")
        left = credentials.get("SELF_TEST")
    except ConfigError as error:
        raise NotHereError(f"No keyring. {error.problem.message}") from error
    except TransientError as error:
        raise NotHereError(f"{error.problem.title}. {error.problem.message}") from error
    if found != secret or left is not None:
        raise ValueError("what was kept did not come back as it was, or stayed after it was deleted")
    return f"{keyring.get_keyring().name} keeps, gives back and forgets"


def time_zones() -> str:
    """The data of the zones is there, from the system or from our own copy."""
    zone = ZoneInfo("Europe/Berlin")
    return f"{zone.key}, and our own data {version('tzdata')}"


def postgres() -> str:
    """Psycopg with its own copy of PostgreSQL's client library."""
    psycopg = importlib.import_module("psycopg")
    try:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2 dbname=none").close()
    except psycopg.OperationalError:
        return f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__}), libpq {psycopg.pq.version()}"
    raise ValueError("a server answered where none can be")


def airtable() -> str:
    """pyairtable, with what it needs to make a formula."""
    formulas = importlib.import_module("pyairtable.formulas")
    formula = str(formulas.OR(formulas.Field("a").eq(1), formulas.Field("b").eq(2)))
    if "OR(" not in formula:
        raise ValueError(f"the formula is {formula!r}")
    return formula


def ngrok() -> str:
    """The library that keeps the tunnel's agent; the agent itself is fetched when it is first wanted."""
    return f"pyngrok {importlib.import_module('pyngrok').__version__}"


def folder_watch(folder: Path, clock: Clock, stop: Stop) -> str:
    """A watch by watchdog notices a file that is put into a folder."""
    noticed = threading.Event()

    class Handler:
        def dispatch(self, _: object) -> None:
            noticed.set()

    folder.mkdir()
    observer = importlib.import_module("watchdog.observers").Observer()
    observer.schedule(Handler(), str(folder))
    observer.start()
    try:
        began = clock.monotonic()
        (folder / "file").write_text("x", encoding="utf-8")
        while not noticed.is_set():
            if clock.wait(stop, LOOK):
                raise Stopped
            if clock.monotonic() - began > PATIENCE:
                raise ValueError(f"a new file was not noticed within {PATIENCE:g} s")
    finally:
        observer.stop()
        observer.join(PATIENCE)
    return f"{type(observer).__name__} notices a new file"


def documents() -> str:
    """The pages that the application shows are there."""
    return f"{len(read_document('architecture').text)} characters of architecture.md"


def whole_sync(home: Path, clock: Clock, stop: Stop) -> str:
    """An invented office over real HTTP into a database, and once more, when nothing may be left to write."""
    paths = Paths(home)
    paths.create()
    office = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    with SandboxOffice(clock=clock, office=office, rate_scale=HURRY) as running:
        settings = load_settings(
            environ=running.environment(), paths=paths, dotenv=None, credentials=MemoryCredentials()
        )
        engine = assemble(settings, paths, CategoriesFile(paths.categories_file, clock), clock)
        try:
            first = engine.sync_once(stop)
            second = engine.sync_once(stop)
        finally:
            engine.close()
    for report in (first, second):
        if report.errors:
            raise ConnectorError("sync", report.errors[0].problem.title, report.errors[0].problem.message)
        if report.exit_code():
            raise ValueError(f"{report.failed} failed, {report.waiting} wait")
    written = [sum(lane.dispatched.written for lane in report.lanes) for report in (first, second)]
    with closing(sqlite3.connect(paths.database)) as database:
        tasks, emails = (
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own words
            for table in ("tasks", "emails")
        )
    if tasks != TASKS or not emails or written[1]:
        raise ValueError(f"{tasks} of {TASKS} tasks and {emails} e-mails are stored, {written[1]} written twice")
    return f"{tasks} tasks and {emails} e-mails stored, none twice"
