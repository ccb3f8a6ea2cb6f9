"""Which button leads on from a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from tray_connector.model.errors import Problem

translate = QCoreApplication.translate
Action = Literal["settings", "categories", "again", "removals"]
SECRET_ENDS = ("-key-refused", "-token-refused", "-token-missing", "-password", "-dsn-wrong", "-dsn-unreadable")
SETTING_ENDS = ("-right-missing", "-base-hidden", "-address", "-host-unknown", "-database-missing", "-role-missing")


@dataclass(frozen=True, slots=True)
class Step:
    """A button: what it says, and what it does."""

    action: Action
    text: str


def step_for(problem: Problem) -> Step:
    """The next step. What time mends may be tried again at once; what a person must change has a place for that."""
    code = problem.code
    if code == "removals-held":
        return Step("removals", translate("Steps", "Decide…"))
    if code.startswith("categories-"):
        return Step("categories", translate("Steps", "Open label categories"))
    if code.endswith(SECRET_ENDS):
        return Step("settings", translate("Steps", "Enter a new key"))
    if code.startswith(("settings-", "ngrok-")) or code.endswith(SETTING_ENDS):
        return Step("settings", translate("Steps", "Open settings"))
    return Step("again", translate("Steps", "Try again"))
