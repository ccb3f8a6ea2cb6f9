"""What a command works with: the home, its settings, and the engine while the home's lock is held."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop, SystemClock
from tray_connector.config.credentials import Credentials, KeyringCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import Settings, load_right_settings, load_settings
from tray_connector.model.errors import Problem
from tray_connector.sync.engine import Engine
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
        present = dotenv if dotenv.is_file() else None
        paths = Paths.find(os.environ, present)
        return cls(dict(os.environ), present, SystemClock(), paths, KeyringCredentials(paths.home))

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
    """One command in one home."""

    paths: Paths
    settings: Settings
    engine: Engine
    categories: CategoriesFile
    clock: Clock
    stop: Stop
    wrong: tuple[Problem, ...] = ()
    """Settings that are wrong and were left out; only `check` works in spite of them."""
    webhooks: Webhooks | None = None
    """While `run` works, unless they are switched off."""
    environment: Environment | None = None
    """What the process was started with."""
