"""`forget-keys`: take every key of this home out of the keyring. For whoever removes the program."""

from __future__ import annotations

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE
from tray_connector.config.setting_table import SECRETS
from tray_connector.sync.session import Environment


def forget_keys(environment: Environment, console: Console) -> int:
    """Forget them all. TransientError when the keyring is locked; nothing else that is stored is touched."""
    for name in SECRETS:
        environment.credentials.delete(name)
    console.out("The keyring holds no key of this data folder any more. The services still know the keys:")
    console.out("take them back there, too, if nobody else uses them.")
    return DONE
