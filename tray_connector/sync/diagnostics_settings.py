"""The settings for the diagnostics: values and origins, of secrets only whether they are set."""

from __future__ import annotations

from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.secret_values import SecretValues
from tray_connector.config.settings_view import SettingView, view_settings
from tray_connector.sync.session import Environment


def settings_shown(environment: Environment, found: SecretValues, troubles: list[str]) -> dict[str, object]:
    """Every setting that is not at its default; what is wrong is added to `troubles` as well.

    ConfigError when the settings file may not be read.
    """
    view = view_settings(
        environ=environment.variables,
        paths=environment.paths,
        dotenv=environment.dotenv,
        credentials=MemoryCredentials(found.kept),
    )
    wrong = [shown.problem for shown in view.by_name.values() if shown.problem is not None]
    problems = [problem.sentence() for problem in (*view.notices, *view.problems, *wrong)]
    troubles.extend(problems)
    return {
        "destination": view.backend,
        "settings": {
            name: _shown(shown) for name, shown in view.by_name.items() if shown.is_set or shown.problem is not None
        },
        "secrets that are not set": [
            name for name, shown in view.by_name.items() if shown.setting.secret and not shown.is_set
        ],
        "keyring": "answers" if found.keyring_problem is None else found.keyring_problem.sentence(),
        "problems": problems,
    }


def _shown(shown: SettingView) -> dict[str, str]:
    value = "(secret, set)" if shown.setting.secret else shown.text
    return {"value": value, "from": shown.origin}
