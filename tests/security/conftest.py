"""What spoiled input may be told of, and what must never be."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def only_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Warnings are as they should be here; an error, or a line with a trace, fails the test."""
    yield
    records = caplog.get_records("call")
    mistakes = [record.getMessage() for record in records if record.exc_info or record.levelno >= logging.ERROR]
    records.clear()
    assert not mistakes
