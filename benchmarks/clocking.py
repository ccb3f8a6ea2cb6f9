"""Taking times so that what else the machine does counts as little as possible."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_of(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best(work: Callable[[], object], rounds: int) -> float:
    """The shortest of several calls in seconds."""
    return min(seconds_of(work) for _ in range(rounds))
