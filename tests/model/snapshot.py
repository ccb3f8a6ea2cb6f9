"""The death of a process: its home as the disk had it at one moment, while other threads went on writing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.support.connector import Connector
from tray_connector.config.paths import Paths

TRIES = 20


class Snapshot:
    """A home at one moment. `restore` puts it back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._databases: dict[Path, Path] = {}
        self.taken = False

    def take(self, connector: Connector, databases: Sequence[Path]) -> None:
        """Copy databases and spool so that no order of events is turned around that the engine keeps.

        Ledger before spool: a checkpoint moves after its events are in the spool. Between a write and its note nothing
        is copied: the writer is held, and what is written is noted before its event leaves the spool.
        """
        if self.taken:
            return
        with connector.engine.writer.held(connector.stop):
            for path in (connector.paths.ledger, *databases):
                if path.exists():
                    copy = self._folder / f"{len(self._databases)}.db"
                    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                        source.backup(target)
                    self._databases[path] = copy
            self._copy_spool(connector.paths)
        self.taken = True

    def _copy_spool(self, paths: Paths) -> None:
        for _ in range(TRIES):
            shutil.rmtree(self._folder / "spool", ignore_errors=True)
            before = _names(paths.spool)
            try:
                shutil.copytree(paths.spool, self._folder / "spool")
            except (shutil.Error, FileNotFoundError):
                continue
            if _names(paths.spool) == before:
                return
        raise AssertionError("the spool never held still")

    def restore(self, paths: Paths, databases: Sequence[Path]) -> None:
        """The home as it was; nothing of the engine may be open."""
        for path in (paths.ledger, *databases):
            for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                name.unlink(missing_ok=True)
            if path in self._databases:
                shutil.copy(self._databases[path], path)
        shutil.rmtree(paths.spool)
        shutil.copytree(self._folder / "spool", paths.spool)


def _names(folder: Path) -> list[tuple[str, int]]:
    names = []
    for path in sorted(folder.rglob("*")):
        try:
            names.append((str(path), path.stat().st_mtime_ns))
        except FileNotFoundError:
            continue
    return names
