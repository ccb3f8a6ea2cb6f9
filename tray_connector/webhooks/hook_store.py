"""The hooks we made, on disk before they are made: what a crash leaves behind is found by the next run."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.model.errors import TransientError
from tray_connector.model.events import SourceName

VERSION = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredHook:
    """One hook, or the intention to make one. Holds no secret: of the whole URL only a hash."""

    service: SourceName
    site: str
    """The base address of the service's API: ids of another site mean nothing here."""
    event: str
    address: str
    """Our public address, without the path."""
    mark: str
    """`mark_of` the URL and token; empty = not wanted any more."""
    id: str = ""
    """Empty as long as the service has not told it."""
    organization: str = ""
    made: bool = False
    """The service confirmed it. Otherwise nobody knows whether it is there."""
    since: str = ""
    """When the intention was noted: ISO 8601, UTC."""


class HookStore:
    """A small private JSON file; every change is durable when the call returns. Thread-safe.

    TransientError ``webhooks-file`` when it cannot be read or written. A file that is none of ours is set aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._rows: list[StoredHook] | None = None

    def rows(self, service: SourceName) -> list[StoredHook]:
        """The service's hooks, oldest first."""
        with self._lock:
            return [row for row in self._all() if row.service == service]

    def put(self, row: StoredHook) -> StoredHook:
        """Note another one."""
        with self._lock:
            return self._save([*self._all(), row], row)

    def replace(self, old: StoredHook, new: StoredHook) -> StoredHook:
        """Forget `old`, which may be gone, and note `new` as the newest."""
        with self._lock:
            return self._save([*self._without(old), new], new)

    def drop(self, row: StoredHook) -> None:
        """Forget it; one that is gone is fine."""
        with self._lock:
            self._save(self._without(row), row)

    def _without(self, row: StoredHook) -> list[StoredHook]:
        """Of several that are equal, such as two intentions of one second, one alone is left out."""
        rows = list(self._all())
        if row in rows:
            rows.remove(row)
        return rows

    def _all(self) -> list[StoredHook]:
        if self._rows is None:
            self._rows = self._read()
        return self._rows

    def _save(self, rows: list[StoredHook], changed: StoredHook) -> StoredHook:
        if rows != self._rows:
            content = {"version": VERSION, "hooks": [asdict(row) for row in rows]}
            try:
                make_private_folder(self._path.parent)
                replace_file(self._path, (json.dumps(content, indent=1) + "\n").encode())
            except OSError as error:
                raise self._trouble(error) from error
            self._rows = rows
        return changed

    def _read(self) -> list[StoredHook]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._trouble(error) from error
        try:
            return [_row(each) for each in json.loads(content)["hooks"]]
        except (ValueError, TypeError, KeyError, RecursionError):
            return self._set_aside()

    def _set_aside(self) -> list[StoredHook]:
        aside = self._path.with_name(self._path.name + ".damaged")
        try:
            self._path.replace(aside)
        except OSError as error:
            raise self._trouble(error) from error
        log.warning("The list of webhooks was damaged and set aside as %s", aside.name)
        return []

    def _trouble(self, error: OSError) -> TransientError:
        return TransientError(
            "webhooks-file",
            "The list of webhooks cannot be kept",
            f"{self._path.name}: {error.strerror or error}",
            "Make room on the disk, or give yourself the right to write there. It is tried again by itself.",
        )


def _row(data: dict[str, Any]) -> StoredHook:
    """Members of later versions are left out; ValueError, TypeError or KeyError when it is no hook."""
    row = StoredHook(**{each.name: data[each.name] for each in fields(StoredHook) if each.name in data})
    strings = (row.site, row.event, row.address, row.mark, row.id, row.organization, row.since)
    if row.service not in ("teamwork", "missive") or not all(isinstance(each, str) for each in strings):
        raise ValueError("no hook of ours")
    return row
