"""A random life of an office over the real engine, spool, ledger and SQLite, with the sandbox's services over HTTP.

This is the short form. The long one goes on for so many minutes and tells what it found: ``python -m tests.model 60``.
"""

from __future__ import annotations

import pytest

from tests.model.lives import SHORT, live, small_disk


def test_whatever_happens_the_destination_ends_as_the_source_is(caplog: pytest.LogCaptureFixture) -> None:
    with small_disk() as disk:
        live(disk, SHORT)
    # Which lines may be told, and how often, was judged by the machine.
    caplog.clear()
