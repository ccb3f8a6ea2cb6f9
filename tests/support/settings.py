"""Settings for tests: from plain values, without the machine's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tray_connector.config.credentials import Credentials, MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import Settings, load_settings

SOURCES = {
    "TEAMWORK_BASE_URL": "https://office.teamwork.com",
    "TEAMWORK_API_KEY": "twp_secret",
    "MISSIVE_API_TOKEN": "missive_pat-secret",
}


def load(
    home: Path,
    environ: Mapping[str, str] | None = None,
    *,
    dotenv: str | None = None,
    credentials: Credentials | None = None,
    every_secret: bool = False,
) -> Settings:
    """The settings of this home with an environment and a ``.env`` of the test's own."""
    file = None
    if dotenv is not None:
        home.mkdir(exist_ok=True)
        file = home / ".env"
        file.write_text(dotenv, encoding="utf-8")
    return load_settings(
        environ=environ or {},
        paths=Paths(home),
        dotenv=file,
        credentials=credentials or MemoryCredentials(),
        every_secret=every_secret,
    )
