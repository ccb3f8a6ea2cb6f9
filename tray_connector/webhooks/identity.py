"""Who we are before the services: an id that is no secret, and the secrets that make a delivery authentic."""

from __future__ import annotations

import logging
import secrets as randomness
from pathlib import Path

from tray_connector.config.credentials import Credentials
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.config.secret_values import WEBHOOK_PATH_SECRET
from tray_connector.config.settings import Settings
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.webhooks.signatures import Secrets

PATH_SECRET = WEBHOOK_PATH_SECRET
TEAMWORK_TOKEN = "TEAMWORK_WEBHOOK_SECRET"  # noqa: S105 - the name under which it is kept
_ID_BYTES = 8
_SECRET_BYTES = 24

log = logging.getLogger(__name__)


def own_secrets(settings: Settings, file: Path, credentials: Credentials) -> Secrets:
    """The same at every start: what is missing is made, and kept in `file` (the id) and `credentials` (the rest).

    Where no keyring keeps them, generated secrets hold for this run; the hooks are then registered anew at each start.
    `TEAMWORK_WEBHOOK_SECRET` may come from the settings. TransientError: the keyring is locked or silent, or the file
    cannot be read or written.
    """
    return Secrets(
        installation_id=installation_id(file),
        path_secret=_kept(credentials, PATH_SECRET),
        teamwork_token=settings.teamwork_webhook_secret or _kept(credentials, TEAMWORK_TOKEN),
        missive_secret=settings.missive_webhook_secret,
    )


def installation_id(file: Path) -> str:
    """The id in the file: 16 lower-case hex digits. Made when there is none; a damaged file is set aside.

    TransientError when it cannot be read or written.
    """
    try:
        try:
            found = file.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return _new_id(file)
        if len(found) == 2 * _ID_BYTES and set(found) <= set("0123456789abcdef"):
            return found
        file.replace(file.with_name(file.name + ".damaged"))
        log.warning("The installation id was damaged; webhooks of earlier runs are no longer known as ours")
        return _new_id(file)
    except OSError as error:
        raise TransientError(
            "webhooks-file",
            "The installation id cannot be kept",
            f"{file.name}: {error.strerror or error}",
            "Make room on the disk, or give yourself the right to write there. It is tried again by itself.",
        ) from error


def _new_id(file: Path) -> str:
    made = randomness.token_hex(_ID_BYTES)
    make_private_folder(file.parent)
    replace_file(file, made.encode())
    return made


def _kept(credentials: Credentials, name: str) -> str:
    found = credentials.get(name)
    if found:
        return found
    made = randomness.token_hex(_SECRET_BYTES)
    try:
        credentials.set(name, made)
    except ConfigError as error:
        log.info("%s holds for this run only: %s", name, error.problem.message)
    return made
