"""What is worth a notification: few, grouped, never for success or for being offline."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication

from tray_connector.config.preferences import Preferences
from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus
from tray_connector.ui.texts import hint_text, message_text, title_text

GRACE = 120.0
"""Seconds after the start, and after the machine woke, in which nothing is said: most of it mends itself."""
HELD = 30.0
"""Seconds that a trouble must have lasted."""
AGAIN = 3600.0
"""Seconds until the same trouble may be told again."""
GAP = 300.0
"""Seconds between two notifications of whatever kind; what comes meanwhile is told together."""

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: its words, and the window that a click opens."""

    title: str
    text: str
    window: str


@dataclass
class Notices:
    """Decides. `since` is the monotonic time of the start; no Qt events, no clock of its own."""

    since: float
    told: dict[str, float] = field(default_factory=dict)
    """Troubles that were told, and when. One that is over is forgotten, and told anew when it comes back later."""
    began: dict[str, float] = field(default_factory=dict)
    last: float | None = None

    def woke(self, now: float) -> None:
        """The machine was asleep until now."""
        self.since = now

    def judge(self, status: EngineStatus, preferences: Preferences, now: float) -> Notice | None:
        """What to say of this status, at this monotonic time; None = nothing."""
        troubles = troubles_of(status, preferences)
        self.began = {key: self.began.get(key, now) for key in troubles}
        self.told = {key: at for key, at in self.told.items() if key in troubles or now - at < AGAIN}
        if now - self.since < GRACE or (self.last is not None and now - self.last < GAP):
            return None
        due = [key for key in troubles if now - self.began[key] >= HELD and now - self.told.get(key, -AGAIN) >= AGAIN]
        if not due:
            return None
        self.last = now
        self.told |= dict.fromkeys(due, now)
        if len(due) == 1:
            return troubles[due[0]]
        first = troubles[due[0]]
        lines = "\n".join(troubles[key].title for key in due)
        title = translate("Notices", "%n thing(s) need a look", None, len(due))
        return Notice(title, lines, first.window)


def troubles_of(status: EngineStatus, preferences: Preferences) -> dict[str, Notice]:
    """What a person should know of, the gravest first, by a key that stays the same while it lasts."""
    found: dict[str, Notice] = {}
    if status.state in ("offline", "paused", "starting"):
        return found
    if status.state == "stopped":
        if preferences.notify_stopped and status.problem is not None:
            title = translate("Notices", "Stopped: {reason}").format(reason=title_text(status.problem))
            found[f"stopped {status.problem.code}"] = Notice(title, body(status.problem), "status")
        return found
    if preferences.notify_attention:
        for problem in status.problems:
            found[problem.code] = Notice(title_text(problem), body(problem), "status")
        needing = status.queue.retrying + status.queue.unreadable
        if needing:
            title = translate("Notices", "%n record(s) need a look", None, needing)
            text = translate("Notices", "Everything else goes on. The queue shows the reasons.")
            found["queue"] = Notice(title, text, "status/queue")
        if status.reason == "stale":
            title = translate("Notices", "Nothing could be checked for a while")
            found["stale"] = Notice(title, translate("Notices", "The status window shows since when."), "status")
    return found


def body(problem: Problem) -> str:
    """The service's own words below the next step."""
    return "\n".join(text for text in (hint_text(problem), message_text(problem)) if text)
