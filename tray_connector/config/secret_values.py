"""Every secret that was set anywhere, right or wrong, so that none of them leaves this machine in a text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tray_connector.config.credentials import Credentials
from tray_connector.config.dotenv_file import read_dotenv
from tray_connector.config.paths import Paths
from tray_connector.config.setting_table import SECRETS
from tray_connector.model.errors import ConnectorError, Problem

WEBHOOK_PATH_SECRET = "WEBHOOK_PATH_SECRET"  # noqa: S105 - the name under which the keyring has it
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Their addresses may hold a password."""
_IN_FILE = re.compile(rf'"({"|".join(SECRETS)})"\s*:\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class SecretValues:
    """What was found. The values are not part of the repr."""

    values: frozenset[str] = field(repr=False)
    kept: Mapping[str, str] = field(repr=False)
    """Those of the keyring, by name."""
    keyring_problem: Problem | None = None
    """Why the keyring gave none, or not all."""


def find_secrets(
    *, environ: Mapping[str, str], paths: Paths, dotenv: Path | None, credentials: Credentials
) -> SecretValues:
    """Look into the environment, the ``.env``, the keyring, and the settings files, where none should stand.

    The keyring is asked for every secret, and no more after its first failure, which may take its full deadline.
    """
    found: set[str] = set()
    places = [environ] if dotenv is None else [environ, read_dotenv(dotenv).values]
    for place in places:
        found |= {text for name, text in place.items() if name in SECRETS or name.upper() in PROXIES}
    for file in paths.home.glob(f"{paths.settings_file.name}*"):
        with suppress(OSError):
            found |= _in_file(file.read_text(encoding="utf-8", errors="replace"))
    kept, problem = _in_keyring(credentials)
    values = {text.strip() for text in (*found, *kept.values())}
    return SecretValues(frozenset(values - {""}), kept, problem)


def _in_file(text: str) -> set[str]:
    found = set()
    for _, quoted in _IN_FILE.findall(text):
        with suppress(ValueError):
            found.add(str(json.loads(quoted, strict=False)))
    return found


def _in_keyring(credentials: Credentials) -> tuple[dict[str, str], Problem | None]:
    kept: dict[str, str] = {}
    for name in (*SECRETS, WEBHOOK_PATH_SECRET):
        try:
            value = credentials.get(name)
        except ConnectorError as error:
            return kept, error.problem
        if value:
            kept[name] = value
    return kept, None
