"""`label_categories.json` on disk: loaded, reloaded when it changes, and the last good one kept while it is broken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from tray_connector.config.clock import Clock
from tray_connector.config.file_watch import watch_file
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.model.categories import Categories, CategoriesError, parse_categories
from tray_connector.model.category_rules import CategoryProblem, problem_at
from tray_connector.model.errors import Problem
from tray_connector.model.json_places import Place

log = logging.getLogger("categories")
OLD_PLACE = Path("data", "label_categories.json")
"""Where the older connector kept the file, below its own folder."""


class CategoriesFile:
    """The label categories in force. Loaded when made; safe from any thread.

    A missing file means no categories. A broken one changes nothing: `problem` says what is wrong with it, and the
    last good one stays in force, over a restart too (a copy is kept beside the file).
    When no file was ever there, that of an older connector is copied to `path`: ``data/label_categories.json``
    beside `path` or in one of `old_folders`. The old file itself stays as it is.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        old_folders: Sequence[Path] = (),
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self.on_change = on_change
        """Called from the thread that reloaded, after `current` or `problem` changed."""
        self._clock = clock
        self._last_good = path.with_name(f".{path.stem}.last-good.json")
        self._lock = threading.RLock()
        self._current = Categories()
        self._problem: Problem | None = None
        self._loaded_at = clock.now()
        self._begin(old_folders)

    @property
    def current(self) -> Categories:
        """The categories in force."""
        return self._current

    @property
    def problem(self) -> Problem | None:
        """Why the file as it is now is not in force; a `CategoryProblem` where it has a line and a column."""
        return self._problem

    @property
    def loaded_at(self) -> datetime:
        """When the file was last found changed."""
        return self._loaded_at

    def reload(self) -> Categories:
        """Look at the file now and answer what is in force then. Never raises for what is wrong with the file."""
        with self._lock:
            before = (self._current.version, self._current.names, self._problem)
            try:
                data = self._read(self.path)
            except OSError as error:
                self._problem = _unreadable(self.path, error)
            else:
                self._take(data)
            changed = before != (self._current.version, self._current.names, self._problem)
            current = self._current
            if changed:
                self._loaded_at = self._clock.now()
        if changed:
            self._announce()
        return current

    @contextmanager
    def watch(self) -> Iterator[None]:
        """While inside, the file is reloaded within about a second of each change, also when it is replaced,
        removed or made anew. The folder is made when it is missing.
        """
        with watch_file(self.path, self.reload):
            yield

    def _begin(self, old_folders: Sequence[Path]) -> None:
        if not self.path.exists() and not self._last_good.exists():
            self._take_over([self.path.parent, *old_folders])
        with suppress(OSError, UnicodeDecodeError, CategoriesError):
            # Our own copy: without it a file that is broken at the start would mean no categories.
            self._current = parse_categories(self._last_good.read_text("utf-8"))
        self.reload()

    def _take_over(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            old = folder / OLD_PLACE
            try:
                data = self._read(old)
                if data is not None:
                    _write(self.path, data)
            except OSError as error:
                log.warning("The label categories of the older connector at %s could not be taken over: %s", old, error)
                continue
            if data is not None:
                log.info("Took over the label categories of the older connector from %s", old)
                return

    @staticmethod
    def _read(path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _take(self, data: bytes | None) -> None:
        try:
            categories = Categories() if data is None else parse_categories(_decoded(data))
        except CategoriesError as error:
            self._problem = error.problem
            return
        self._problem = None
        self._current = categories
        self._remember(data)

    def _remember(self, data: bytes | None) -> None:
        if data is None and not self._last_good.exists():
            return
        content = b"{}" if data is None else data
        try:
            if self._read(self._last_good) != content:
                _write(self._last_good, content)
        except OSError as error:
            log.info("No copy of the label categories could be kept at %s: %s", self._last_good, error)

    def _announce(self) -> None:
        if self._problem is not None:
            log.warning("Label categories: %s", self._problem.sentence())
        else:
            log.info("Label categories in force: %s", ", ".join(self._current.names) or "none")
        if self.on_change is not None:
            self.on_change()


def _write(path: Path, data: bytes) -> None:
    make_private_folder(path.parent)
    replace_file(path, data)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1)
        title, reason = "The label categories are not UTF-8 text", "this is no character in UTF-8"
        hint = "Save the file again with the encoding UTF-8."
        raise CategoriesError([problem_at(place, "encoding", title, reason, hint)]) from error


def _unreadable(path: Path, error: OSError) -> CategoryProblem:
    title, reason = "The label categories cannot be read", error.strerror or str(error)
    return CategoryProblem(
        "categories-unreadable",
        title,
        f"{path}: {reason}",
        "Allow reading it; until then the last good ones are in force.",
    )
