"""JSON with the place of every value, for files that people edit and that must be corrected by line and column."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a text; both numbers begin at 1, columns count characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON value. Members of an object are all there, repeated names too."""

    kind: Literal["object", "array", "string", "other"]
    place: Place
    text: str = ""
    """The string itself; for numbers, true, false and null as they are written."""
    items: tuple[Node, ...] = ()
    members: tuple[tuple[Node, Node], ...] = ()
    """Name (a string node) and value."""


class JsonError(ValueError):
    """The text is not JSON. `reason` says why, `place` where."""

    def __init__(self, reason: str, place: Place) -> None:
        self.reason = reason
        self.place = place
        super().__init__(f"line {place.line}, column {place.column}: {reason}")


def parse_with_places(text: str) -> Node:
    """The value that `text` holds. `JsonError` when it is not JSON or is nested some hundred levels deep."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
        return _Reader(text).read()
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, Place(error.lineno, error.colno)) from error
    except RecursionError as error:
        raise JsonError("Nested too deeply", Place(1, 1)) from error


@dataclass
class _Reader:
    """Reads tokens of a text that is known to be JSON; the checks are `json`'s."""

    text: str
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self._tokens = _TOKEN.finditer(self.text)
        self._token = next(self._tokens)

    def read(self) -> Node:
        """The value at the current token; afterwards the token behind it is the current one."""
        token, place = self._token.group(), self._place()
        self._step()
        match token[0]:
            case "{":
                return Node("object", place, members=self._members())
            case "[":
                return Node("array", place, items=self._items())
            case '"':
                return Node("string", place, text=json.loads(token))
            case _:
                return Node("other", place, text=token)

    def _members(self) -> tuple[tuple[Node, Node], ...]:
        members = []
        while self._token.group() != "}":
            name = self.read()
            self._step()
            members.append((name, self.read()))
            self._skip_comma()
        self._step()
        return tuple(members)

    def _items(self) -> tuple[Node, ...]:
        items = []
        while self._token.group() != "]":
            items.append(self.read())
            self._skip_comma()
        self._step()
        return tuple(items)

    def _skip_comma(self) -> None:
        if self._token.group() == ",":
            self._step()

    def _step(self) -> None:
        self._token = next(self._tokens, self._token)

    def _place(self) -> Place:
        offset = self._token.start()
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)
