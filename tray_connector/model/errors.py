"""The four kinds of failure, told apart by what mends them.

Each library is translated into these in one place (`sources/http.py`, one function per destination),
so that nothing else in the program catches a library's exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as a value: what the user is shown, what the queue stores."""

    code: str
    """Stable and short, such as ``teamwork-key-refused``: decides the button, merges repeats, keys translations."""
    title: str
    message: str
    """What happened, in the service's own words where there are any. Never a secret."""
    hint: str
    """The next step, or what happens by itself."""
    retry_at: datetime | None = None
    """When it makes sense to try again; None where no time is known."""

    def sentence(self) -> str:
        """Title, message and hint on one line, for a terminal or a log."""
        parts = (self.title, self.message, self.hint)
        return " ".join(part if part.endswith((".", "!", "?")) else part + "." for part in parts if part)


class ConnectorError(Exception):
    """Base of the four kinds. `problem` is what the user sees."""

    part: str | None = None
    """``destination`` where the writer raised it: the same call may also fail because of the source."""

    def __init__(
        self, code: str, title: str, message: str = "", hint: str = "", retry_at: datetime | None = None
    ) -> None:
        self.problem = Problem(code, title, message, hint, retry_at)
        super().__init__(self.problem.sentence())


class ConfigError(ConnectorError):
    """A person must change something: a value, a key, a right, a column. Exit code 3."""


class TransientError(ConnectorError):
    """Time mends it: no network, a limit, a service in trouble. Exit code 1."""

    unsure = False
    """A change that was asked for may have been carried out: it was sent, and no answer told how it ended."""


class RecordError(ConnectorError):
    """One record is refused for its content; the others go on."""


class InternalError(ConnectorError):
    """Our own mistake, or an answer that the service should never give."""
