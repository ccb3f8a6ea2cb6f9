"""The queue for the diagnostics: read file by file, without taking part in its work."""

from __future__ import annotations

import heapq
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.paths import Paths
from tray_connector.model.codec import time_to_text
from tray_connector.model.events import SOURCES
from tray_connector.sync.spool_files import EVENT, RETRY, parse_name

LISTED = 300
"""Events of a source that are listed, those that wait for longest first."""
LARGEST = 5_000_000
"""Bytes of an event's file that is opened."""
SHOWN = ("kind", "since", "attempts", "next_try", "rewrite", "read_number", "last_error")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The queue without titles and contents."""

    figures: dict[str, object]
    titles: frozenset[str] = field(repr=False)
    """What must not be seen in other texts either."""


def queue_figures(paths: Paths, stop: Stop) -> QueueFigures:
    """Count everything, list the oldest. What cannot be read is listed as such. `Stopped` in between."""
    titles: set[str] = set()
    figures: dict[str, object] = {}
    for source in SOURCES:
        files = _files(paths.spool / source)
        oldest = heapq.nsmallest(LISTED, files)
        figures[source] = {
            "waiting": sum(1 for _, file in files if file.suffix == EVENT),
            "failed before": sum(1 for _, file in files if file.suffix == RETRY),
            "listed": [_event(moment, file, titles, stop) for moment, file in oldest],
        }
    figures["unreadable"] = [
        {"file": file.name, "changed": _text(moment)} for moment, file in sorted(_files(paths.spool / "unreadable", ""))
    ][:LISTED]
    return QueueFigures(figures, frozenset(titles))


def _files(folder: Path, *endings: str) -> list[tuple[float, Path]]:
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(endings or (EVENT, RETRY)):
                with suppress(OSError):
                    found.append((entry.stat().st_mtime, Path(entry.path)))
    return found


def _event(moment: float, file: Path, titles: set[str], stop: Stop) -> dict[str, object]:
    if stop.is_set():
        raise Stopped
    shown: dict[str, object] = {"id": (parse_name(file.name) or (file.name, False))[0], "changed": _text(moment)}
    try:
        size = file.stat().st_size
        shown["bytes"] = size
        data: Any = json.loads(file.read_text(encoding="utf-8-sig")) if 0 < size <= LARGEST else {}
    except (OSError, ValueError, RecursionError) as error:
        return {**shown, "problem": f"cannot be read: {type(error).__name__}"}
    if isinstance(data, dict):
        title = data.get("title")
        if isinstance(title, str):
            titles.add(title)
        shown |= {name: data[name] for name in SHOWN if name in data}
        shown["with content"] = data.get("payload") is not None
    return shown


def _text(moment: float) -> str:
    return time_to_text(datetime.fromtimestamp(moment, UTC))
