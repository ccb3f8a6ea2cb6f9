"""What works in a home: how the process was started, its settings, and the engine while the home's lock is held."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop, SystemClock
from tray_connector.config.credential_store import CredentialStore
from tray_connector.config.credentials import Credentials, KeyringCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.redaction import Redactor
from tray_connector.config.settings import Settings, SettingsError, load_right_settings, load_settings
from tray_connector.model.errors import ConfigError, ConnectorError, Problem
from tray_connector.sync.assemble import assemble
from tray_connector.sync.engine import Engine
from tray_connector.webhooks.assemble import assemble_webhooks
from tray_connector.webhooks.service import Webhooks


@dataclass(frozen=True)
class Environment:
    """What the process was started with."""

    variables: Mapping[str, str]
    dotenv: Path | None
    clock: Clock
    paths: Paths
    credentials: Credentials

    @classmethod
    def of_this_process(cls) -> Environment:
        """The real one: the environment, a `.env` in the working folder, the operating system's keyring."""
        dotenv = Path.cwd() / ".env"
        # Not `Path.is_file`: it raises where the folder may not be looked into.
        present = dotenv if os.path.isfile(dotenv) else None
        paths = Paths.find(os.environ, present)
        return cls(dict(os.environ), present, SystemClock(), paths, CredentialStore(KeyringCredentials(paths.home)))

    def settings(self, **instead: str) -> Settings:
        """Read them, with these values `instead` of what is set; raises `SettingsError` with every problem."""
        environ = {**self.variables, **instead}
        return load_settings(environ=environ, paths=self.paths, dotenv=self.dotenv, credentials=self.credentials)

    def right_settings(self) -> tuple[Settings, tuple[Problem, ...]]:
        """Those that are right, and what is wrong with the others."""
        return load_right_settings(
            environ=self.variables, paths=self.paths, dotenv=self.dotenv, credentials=self.credentials
        )

    def categories(self) -> CategoriesFile:
        """The label categories; an older connector's are taken over from where its `.env` lies."""
        old = () if self.dotenv is None else (self.dotenv.parent,)
        return CategoriesFile(self.paths.categories_file, self.clock, old_folders=old)


@dataclass(frozen=True)
class Session:
    """The work in one home, while this process holds it."""

    paths: Paths
    settings: Settings
    engine: Engine
    categories: CategoriesFile
    clock: Clock
    stop: Stop
    wrong: tuple[Problem, ...] = ()
    """Settings that are wrong and were left out: what can be shown and tested is, but nothing is synced."""
    webhooks: Webhooks | None = None
    """While the service works, unless they are switched off."""
    environment: Environment | None = None
    """What the process was started with."""


@contextmanager
def open_session(
    environment: Environment,
    settings: Settings,
    stop: Stop,
    *,
    wrong: tuple[Problem, ...] = (),
    webhooks: bool = False,
    redact: Redactor | None = None,
) -> Iterator[Session]:
    """The engine of the home, and with `webhooks` what receives them; all of it is let go of at the end.

    `redact` learns the secrets that are generated. What `assemble` and `assemble_webhooks` raise.
    """
    with ExitStack() as stack:
        categories = environment.categories()
        engine = assemble(settings, environment.paths, categories, environment.clock)
        stack.callback(engine.close)
        receiving = None
        if webhooks:
            receiving = assemble_webhooks(
                settings,
                environment.paths,
                environment.credentials,
                engine,
                environment.clock,
                learn=(redact or Redactor()).learn,
            )
        session = Session(
            environment.paths, settings, engine, categories, environment.clock, stop, wrong, receiving, environment
        )
        say_on_board(session)
        categories.on_change = lambda: say_on_board(session)
        yield session


def say_on_board(session: Session) -> None:
    """Put on the engine's board what is wrong besides the services: the category file, settings that are missing."""
    board, problem = session.engine.board, session.categories.problem
    if problem is None:
        board.worked("categories")
    else:
        board.failed("categories", ConnectorError(problem.code, problem.title, problem.message, problem.hint))
    try:
        session.settings.require_sources()
    except SettingsError as error:
        hint = error.problem.hint or "tray-connector check says which."
        board.failed("settings", ConfigError(error.problem.code, error.problem.title, error.problem.message, hint))
    except ConnectorError as error:
        board.failed("settings", error)
