"""Reading query parameters as Teamwork v3 does: unknown keys are ignored, bad values of known ones are refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


class Refused(Exception):  # noqa: N818 - says what it means
    """An answer other than 200: status and detail."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Params:
    """The parameters of one request. Every method raises `Refused` (400) for a value that cannot be understood."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query

    def text(self, name: str) -> str | None:
        """The value as it is; None = not given."""
        return self._query.get(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """`true` or `false`."""
        value = self._query.get(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false", "1", "0"):
            raise Refused(f"{name}: unknown value")
        return value.lower() in ("true", "1")

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of a set of words; an empty value is the default."""
        value = self._query.get(name) or default
        if value not in allowed:
            raise Refused(f"{name}: unknown value")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A comma list."""
        value = self._query.get(name, "")
        return tuple(word.strip() for word in value.split(",") if word.strip())

    def ids(self, name: str) -> tuple[int, ...] | None:
        """A comma list of ids; None = not given or empty."""
        try:
            return tuple(int(word) for word in self.words(name)) or None
        except ValueError:
            raise Refused(f"{name}: must be a comma-separated list of numbers") from None

    def number(self, name: str, default: int, *, least: int = 1) -> int:
        """A whole number."""
        value = self._query.get(name)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < least:
            raise Refused(f"{name}: must be a number of at least {least}")
        return int(value)

    def moment(self, name: str) -> float | None:
        """An RFC 3339 date-time as Unix seconds; None = not given."""
        value = self._query.get(name)
        if not value:
            return None
        if not _MOMENT.match(value):
            raise Refused(f"{name}: must be a date-time in RFC 3339")
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            raise Refused(f"{name}: must be a date-time in RFC 3339") from None

    def day(self, name: str) -> date | None:
        """A date `YYYY-MM-DD`; None = not given."""
        value = self._query.get(name)
        if not value:
            return None
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            raise Refused(f"{name}: must be a date YYYY-MM-DD") from None

    def fields(self, entity: str) -> frozenset[str] | None:
        """The members asked for by `fields[entity]`, the key in any case; None = all."""
        wanted = f"fields[{entity}]".lower()
        for key, value in self._query.items():
            if key.lower() == wanted and value:
                return frozenset(word.strip() for word in value.split(","))
        return None
