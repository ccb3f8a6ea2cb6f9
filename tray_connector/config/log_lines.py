"""The log as somebody reads it: its newest lines, and those that come."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.codec import time_from_text

MOST_BYTES = 1_000_000
"""Read in one look; what is older is left out."""
MOST_LINES = 5_000
LONGEST = 20_000
"""Characters of a line's text; an answer of a service may have made it far longer."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry. What is no JSON line of ours has its text and nothing else."""

    at: datetime | None
    level: str
    logger: str
    message: str
    error: str = ""
    """The trace."""
    searched: str = ""
    """All words of it in lower case."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """How far the log was read."""

    file: tuple[int, int] | None = None
    """Device and number of the file: a log that was rotated is another."""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class LogLook:
    """What one look found."""

    lines: tuple[LogLine, ...]
    """By time; never more than `MOST_LINES`."""
    place: LogPlace
    whole: bool
    """These take the place of all lines known before; otherwise they follow them."""


def read_log(file: Path, place: LogPlace | None, stop: Stop) -> LogLook:
    """The lines since `place`, or the newest ones where None, or where too many came meanwhile.

    No log yet is one without lines. OSError when it may not be read; `Stopped`.
    """
    known = place or LogPlace()
    texts, now = _since(file, known)
    missed = sum(map(len, texts)) > MOST_BYTES
    if known.file is None or missed:
        older = [] if missed else _read_end(file.with_name(f"{file.name}.1"), MOST_BYTES - sum(map(len, texts)))
        texts = [*older, *texts]
    raw = b"".join(texts)[-MOST_BYTES:].split(b"\n")
    lines = []
    for text in raw[-MOST_LINES - 1 :]:
        if stop.is_set():
            raise Stopped
        if text.strip():
            lines.append(parse_line(text.decode("utf-8", "replace")))
    return LogLook(tuple(lines), now, place is None or missed)


def parse_line(text: str) -> LogLine:
    """A line of the file."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        line = LogLine(None, "", "", text[:LONGEST])
    else:
        moment = None
        with suppress(ValueError, TypeError):
            moment = time_from_text(str(data.get("time")))
        level, logger, message, error = (str(data.get(name, "")) for name in ("level", "logger", "message", "error"))
        line = LogLine(moment, level, logger, message[:LONGEST], error[:LONGEST])
    return replace(line, searched=f"{line.logger} {line.message} {line.error}".casefold())


def _since(file: Path, known: LogPlace) -> tuple[list[bytes], LogPlace]:
    """The whole lines after the place, where it was rotated those of the older file first; and the place after them."""
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        return [], LogPlace()
    with stream:
        status = os.fstat(stream.fileno())
        number = (status.st_dev, status.st_ino)
        same = number == known.file and status.st_size >= known.offset
        before = [] if same or known.file is None else _rest_of(file.with_name(f"{file.name}.1"), known)
        begin = known.offset if same else 0
        start = max(begin, status.st_size - 2 * MOST_BYTES)
        stream.seek(start)
        content = stream.read(2 * MOST_BYTES)
    whole = content[: content.rfind(b"\n") + 1]
    end = start + len(whole)
    if start > begin:
        whole = whole.partition(b"\n")[2]
    return [*before, whole], LogPlace(number, end)


def _rest_of(older: Path, known: LogPlace) -> list[bytes]:
    with suppress(OSError), older.open("rb") as stream:
        status = os.fstat(stream.fileno())
        if (status.st_dev, status.st_ino) == known.file:
            stream.seek(known.offset)
            return [stream.read(2 * MOST_BYTES)]
    return []


def _read_end(file: Path, most: int) -> list[bytes]:
    if most <= 0:
        return []
    with suppress(OSError), file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - most))
        content = stream.read(most)
        return [content.partition(b"\n")[2] if size > most else content]
    return []
