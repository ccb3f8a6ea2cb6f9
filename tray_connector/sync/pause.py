"""The pause: a time kept in the ledger, so that it survives a restart and reaches the next process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tray_connector.model.codec import time_from_text, time_to_text
from tray_connector.sync.ledger import Ledger

FLAG = "paused_until"
OPEN_ENDED = "resume"


@dataclass(frozen=True, slots=True)
class Pause:
    """Whether reading and writing the services rests."""

    until: datetime | None = None
    open_ended: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it still rests at this moment."""
        return self.open_ended or (self.until is not None and now < self.until)


def read_pause(ledger: Ledger) -> Pause:
    """The pause in force, or one that holds never."""
    text = ledger.flag(FLAG)
    if text is None:
        return Pause()
    return Pause(open_ended=True) if text == OPEN_ENDED else Pause(until=time_from_text(text))


def write_pause(ledger: Ledger, pause: Pause) -> None:
    """Keep it; `Pause()` ends it."""
    if pause.open_ended:
        ledger.set_flag(FLAG, OPEN_ENDED)
    else:
        ledger.set_flag(FLAG, None if pause.until is None else time_to_text(pause.until))
