"""Which log lines a test expects: every other line of level WARNING or above fails it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

import pytest


class ExpectLog:
    """What the fixture `expect_log` gives: asserts that a line was logged, and takes it as expected."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        self._expected: list[logging.LogRecord] = []

    def __call__(self, pattern: str, *, level: int = logging.WARNING, logger: str | None = None) -> None:
        """At least one line so far matches `pattern` (a regular expression, searched) at exactly this level.

        All lines that match are expected from here on; call it after the code that logs.
        """
        records = list(self._caplog.records)
        found = [record for record in records if self._matches(record, pattern, level, logger)]
        lines = "\n".join(describe(record) for record in records)
        assert found, f"no log line of level {logging.getLevelName(level)} matches {pattern!r}; logged:\n{lines}"
        self._expected.extend(found)

    def unexpected(self, records: Iterable[logging.LogRecord]) -> list[str]:
        """The lines of level WARNING or above that nobody asked for."""
        expected = {id(record) for record in self._expected}
        return [
            describe(record) for record in records if record.levelno >= logging.WARNING and id(record) not in expected
        ]

    @staticmethod
    def _matches(record: logging.LogRecord, pattern: str, level: int, logger: str | None) -> bool:
        return (
            record.levelno == level
            and (logger is None or record.name == logger)
            and re.search(pattern, record.getMessage()) is not None
        )


def describe(record: logging.LogRecord) -> str:
    """One line: level, logger, message."""
    return f"{record.levelname} {record.name}: {record.getMessage()}"
