"""Finding the error that lies beneath others: the libraries wrap what the operating system said several times."""

from __future__ import annotations

from collections.abc import Iterator


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that lie beneath it, however they were wrapped."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        beneath = (getattr(current, "reason", None), current.__cause__, current.__context__, *current.args)
        waiting.extend(cause for cause in beneath if isinstance(cause, BaseException))


def find_cause(error: BaseException, *kinds: type[BaseException]) -> BaseException | None:
    """The first error of these kinds among them."""
    return next((cause for cause in causes(error) if isinstance(cause, kinds)), None)
