"""Where everything that we write lies: below one folder, the home."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tray_connector.config.dotenv_file import read_dotenv
from tray_connector.config.private_files import make_private_folder
from tray_connector.model.errors import ConfigError

HOME_VARIABLE = "TRAY_CONNECTOR_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """The places below a home. Nothing here touches the disk but `create`."""

    home: Path
    """Absolute."""

    @classmethod
    def find(cls, environ: Mapping[str, str], dotenv: Path | None = None) -> Paths:
        """The home named by ``TRAY_CONNECTOR_HOME`` in the environment, then in the ``.env``, else the platform's.

        A relative path counts from the working folder. Trouble with the ``.env`` is left to `load_settings`.
        """
        named = environ.get(HOME_VARIABLE, "").strip()
        if not named and dotenv is not None:
            named = (read_dotenv(dotenv).values.get(HOME_VARIABLE) or "").strip()
        return cls(Path(named).expanduser().absolute() if named else default_home())

    @property
    def settings_file(self) -> Path:
        """The settings that are no secrets."""
        return self.home / "settings.json"

    @property
    def categories_file(self) -> Path:
        """The label categories."""
        return self.home / "label_categories.json"

    @property
    def data(self) -> Path:
        """What the engine keeps."""
        return self.home / "data"

    @property
    def database(self) -> Path:
        """The SQLite destination, unless ``SQLITE_PATH`` says otherwise."""
        return self.data / "connector.db"

    @property
    def spool(self) -> Path:
        """One file per waiting event."""
        return self.data / "queue" / "spool"

    @property
    def ledger(self) -> Path:
        """What was written where, checkpoints, counts."""
        return self.data / "ledger.db"

    @property
    def people(self) -> Path:
        """Teamwork's people, ``{"<id>": "<name>"}``."""
        return self.data / "teamwork_people.json"

    @property
    def tags(self) -> Path:
        """Teamwork's tags, ``{"<id>": "<name>"}``."""
        return self.data / "teamwork_tags.json"

    @property
    def installation(self) -> Path:
        """The id that tells this installation's webhooks from those of others."""
        return self.data / "installation_id"

    @property
    def webhooks(self) -> Path:
        """The webhooks that were registered."""
        return self.data / "webhooks.json"

    @property
    def tunnel(self) -> Path:
        """The folder of ngrok's agent and its configuration."""
        return self.data / "ngrok"

    @property
    def attachments(self) -> Path:
        """Files of e-mails, unless ``ATTACHMENTS_PATH`` says otherwise."""
        return self.data / "attachments"

    @property
    def logs(self) -> Path:
        """The folder of the log."""
        return self.home / "logs"

    @property
    def log_file(self) -> Path:
        """JSON lines, rotated."""
        return self.logs / "app.log"

    @property
    def lock(self) -> Path:
        """Held by the one process that works in this home."""
        return self.home / "lock"

    def create(self) -> None:
        """Make the folders that are missing, for the user alone. ConfigError when the place does not allow it."""
        try:
            for folder in (self.home, self.data, self.spool, self.logs):
                make_private_folder(folder)
        except OSError as error:
            raise ConfigError(
                "home-unwritable",
                "The data folder cannot be made",
                f"{error.filename or self.home}: {error.strerror or error}",
                f"Give yourself the right to write there, or name another folder in {HOME_VARIABLE}.",
            ) from error


def default_home() -> Path:
    """The platform's folder for a user's data."""
    name = "Tray Connector" if sys.platform in ("win32", "darwin") else "tray-connector"
    return Path(platformdirs.user_data_dir(name, appauthor=False))
