"""What the setup assistant and the settings window do: look at the settings, try them out, save them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.credential_store import CredentialStore
from tray_connector.config.preferences import Preferences, read_preferences, write_preferences
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.config.setting_table import BY_NAME, SECRETS
from tray_connector.config.setting_types import Refused
from tray_connector.config.settings import save_settings
from tray_connector.config.settings_exchange import export_settings
from tray_connector.config.settings_file import JsonValue
from tray_connector.config.settings_view import SettingsView, view_settings
from tray_connector.model.categories import Categories, parse_categories
from tray_connector.model.errors import ConfigError, Problem
from tray_connector.sync.session import Environment
from tray_connector.sync.trial import Trial
from tray_connector.webhooks.identity import PATH_SECRET

BEFORE_IMPORT = ".before-import"
"""Added to the name of categories that an import replaced."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the user wants saved."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Setting → text as typed. An empty one takes a setting out; a secret's leaves it as it is."""
    session_only: bool = False
    """Keep the secrets in memory until the program ends: the user said so."""
    categories: str | None = field(default=None, repr=False)
    """The text of a new `label_categories.json`."""
    preferences: Preferences | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How connections are made, for people who look after networks."""

    proxies: tuple[tuple[str, str], ...]
    """Scheme and address, without a password."""
    certificates: str
    """Where trust comes from."""


class Setup:
    """The desk behind both windows. Every method blocks (files, keyring, network): for workers only."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def view(self) -> SettingsView:
        """All settings as they are now. ConfigError when the file may not be read."""
        environment = self._environment
        store = self._store()
        return view_settings(
            environ=environment.variables,
            paths=environment.paths,
            dotenv=environment.dotenv,
            credentials=environment.credentials,
            session_only=store.is_session_only if store is not None else lambda _: False,
        )

    def preferences(self) -> Preferences:
        """Those of the application itself."""
        return read_preferences(self._environment.paths)

    @contextmanager
    def trial(self, typed: Mapping[str, str]) -> Iterator[Trial]:
        """The services with what was typed; see `Trial.of`."""
        environment = self._environment
        with Trial.of(
            typed,
            environ=environment.variables,
            paths=environment.paths,
            dotenv=environment.dotenv,
            credentials=environment.credentials,
            clock=environment.clock,
        ) as trial:
            yield trial

    def categories(self, imported: str | None) -> Categories:
        """The imported ones, else those of the file."""
        if imported is not None:
            return parse_categories(imported)
        return CategoriesFile(self._environment.paths.categories_file, self._environment.clock).current

    def save(self, changes: Changes) -> None:
        """Keep it all: secrets first, so that a keyring which fails leaves the settings as they were.

        ConfigError and TransientError of the keyring; SettingsError; ConfigError of the files.
        """
        paths = self._environment.paths
        secrets = {name: text.strip() for name, text in changes.texts.items() if name in SECRETS and text.strip()}
        for name, text in secrets.items():
            self._keep(name, text, session_only=changes.session_only)
        others = {name: stored_form(name, text) for name, text in changes.texts.items() if name not in SECRETS}
        if others:
            save_settings(paths, others)
        if changes.categories is not None:
            _replace_categories(paths.categories_file, changes.categories)
        if changes.preferences is not None:
            write_preferences(paths, changes.preferences)

    def forget_keys(self) -> tuple[tuple[str, ...], Problem | None]:
        """Take every secret of ours out of the keyring and the session; what is gone, and why the rest is not."""
        credentials = self._environment.credentials
        store = credentials if isinstance(credentials, CredentialStore) else CredentialStore(credentials)
        return store.forget((*SECRETS, PATH_SECRET))

    def export(self, target: Path) -> int:
        """See `export_settings`."""
        return export_settings(self._environment.paths.settings_file, target)

    def surroundings(self) -> Surroundings:
        """Proxies and certificates as `requests` would use them for an outside address."""
        found = requests.utils.get_environ_proxies("https://public.missiveapp.com")
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""
        proxies = tuple((scheme, without_password(str(url))) for scheme, url in sorted(found.items()))
        return Surroundings(proxies, bundle)

    def _keep(self, name: str, text: str, *, session_only: bool) -> None:
        if not session_only:
            self._environment.credentials.set(name, text)
            return
        store = self._store()
        if store is None:
            raise ConfigError("session-only", "The keys cannot be kept for this session alone")
        store.keep_for_session(name, text)

    def _store(self) -> CredentialStore | None:
        credentials = self._environment.credentials
        return credentials if isinstance(credentials, CredentialStore) else None


def stored_form(name: str, text: str) -> JsonValue:
    """A text as `settings.json` holds it: yes and no, numbers and lists as such. None for an empty one."""
    text = text.strip()
    if not text:
        return None
    try:
        value = BY_NAME[name].read(text)
    except Refused:
        return text  # whoever saves it says what is wrong
    if isinstance(value, frozenset):
        return sorted(value)
    return value if isinstance(value, bool | int | float | str) else text


def without_password(address: str) -> str:
    """The address without a user name and a password."""
    head, separator, tail = address.rpartition("@")
    return f"{head.split('//')[0]}//{tail}" if separator and "//" in head else tail


def _replace_categories(path: Path, text: str) -> None:
    try:
        make_private_folder(path.parent)
        if path.exists():
            replace_file(path.with_name(path.name + BEFORE_IMPORT), path.read_bytes())
        replace_file(path, text.encode())
    except OSError as error:
        raise ConfigError(
            "categories-unwritable",
            f"{path.name} cannot be written",
            f"{path}: {error.strerror or error}.",
            "Make room, or give yourself the right to write there.",
        ) from error
