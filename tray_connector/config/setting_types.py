"""The kinds of values that settings have: each reads a text, and says what it accepts."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from tray_connector.model.events import is_id


class Refused(ValueError):  # noqa: N818 - the text is the reason, told to the user
    """The value is not one of those accepted; the text is the end of a sentence that begins with the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a text becomes a value. `read` gets it trimmed and never empty; raises `Refused`."""

    accepts: str
    """Follows "Accepted:"."""
    read: Callable[[str], Any]


_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def _read_boolean(text: str) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Refused("is neither yes nor no")


BOOLEAN = Kind("true, false, yes, no, on, off, 1 or 0", _read_boolean)


def choice(*words: str) -> Kind:
    """One of a few words, in any case; the value has the case given here."""
    known = {word.lower(): word for word in words}

    def read(text: str) -> str:
        if text.lower() not in known:
            raise Refused("is none of these words")
        return known[text.lower()]

    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", read)


def number(least: float, most: float, *, whole: bool = False) -> Kind:
    """A number within bounds, with a decimal point; an int when `whole`, else a float."""

    def read(text: str) -> float | int:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise Refused("is not a whole number" if whole else "is not a number") from None
        if not math.isfinite(value) or "_" in text:
            raise Refused("is not a number")
        if value < least:
            raise Refused("is too small")
        if value > most:
            raise Refused("is too large")
        return value

    return Kind(f"a {'whole ' if whole else ''}number from {least:,.10g} to {most:,.10g}", read)


def _read_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused("is no address") from None
    if not parts.scheme or "://" not in text:
        raise Refused("has no https:// in front")
    if parts.scheme not in ("https", "http"):
        raise Refused("does not begin with https://")
    if not host or not text.isprintable() or any(character in text for character in ' \\"<>'):
        raise Refused("is no address")
    if parts.username is not None or parts.password is not None:
        raise Refused("has a user name or password inside")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise Refused("has something behind the path")
    if parts.scheme == "http" and not is_loopback(text):
        raise Refused("is not encrypted")
    return text.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the address can only be this machine: ``localhost``, 127.x.x.x or ::1."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


URL = Kind("an https:// address without user name or password; http:// only for this machine (localhost)", _read_url)

_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def parse_day(text: str) -> date:
    """A day as people write it, ``DD.MM.YYYY`` or ISO; `Refused`, a ValueError, says what is wrong."""
    if german := _GERMAN.fullmatch(text):
        day, month, year = (int(part) for part in german.groups())
    elif iso := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in iso.groups())
    else:
        raise Refused("is not a date")
    try:
        value = date(year, month, day)
    except ValueError:
        raise Refused("is no day of the calendar") from None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Refused("is too far away")
    return value


DATE = Kind("a date such as 24.12.2025 or 2025-12-24", parse_day)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _read_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of zones
        near = get_close_matches(text, available_timezones(), n=1)
        raise Refused("is no time zone" + (f"; {near[0]} is one" if near else "")) from None


ZONE = Kind("an IANA time zone such as Europe/Berlin", _read_zone)


def _read_ids(text: str) -> frozenset[str]:
    ids = frozenset(part.strip() for part in text.split(",") if part.strip())
    for one in sorted(ids):
        if not is_id(one):
            raise Refused(f'holds "{one}", which is no id')
    return ids


IDS = Kind("ids, separated by commas", _read_ids)


def _read_key(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise Refused("holds a character that no key has, such as a space or a line break")
    return text


KEY = Kind("the key as the service shows it, in one piece", _read_key)


def _read_line(text: str) -> str:
    if not text.isprintable():
        raise Refused("holds a line break or a control character")
    return text


LINE = Kind("text on one line", _read_line)
DSN = Kind("a libpq connection string such as postgresql://user@host/database", _read_line)


def _read_schema(text: str) -> str:
    _read_line(text)
    if len(text.encode()) > 63:
        raise Refused("is too long")
    return text


SCHEMA = Kind("the name of a PostgreSQL schema, at most 63 bytes", _read_schema)


def _read_path(text: str) -> Path:
    try:
        return Path(_read_line(text)).expanduser()
    except RuntimeError:
        raise Refused("names a home folder that is not known") from None


PATH = Kind("a path", _read_path)
