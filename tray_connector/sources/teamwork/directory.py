"""The names behind the ids: people, tags and teams in full, the rest as it comes along with the tasks."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from tray_connector.config.clock import Clock, Stop
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.model.errors import TransientError
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork.values import ident, mapping, name_of, number, sequence

_log = logging.getLogger(__name__)

KINDS = ("users", "teams", "companies", "tags", "projects", "tasklists")
_PAGE = 500
_TEAM_PAGE = 250
"""Teams come from version 1 of the API, whose pages are smaller."""
_ALL_TEAMS = {"includeCompanyTeams": "true", "includeProjectTeams": "true", "includeSubteams": "true"}
_ASK_AGAIN = 3600.0
"""Seconds before an id that a refresh did not name is asked for again."""
_NOT_ALLOWED = frozenset({403, 404})
"""A key without the right to a list still gets the names that come along with the tasks."""


class Directory:
    """Names by kind and id. Thread-safe. People and tags are kept in files as ``{"<id>": "<name>"}``.

    A name is never forgotten: a person who left keeps the name on the tasks.
    """

    def __init__(self, client: HttpClient, people_file: Path, tags_file: Path, clock: Clock) -> None:
        self._client = client
        self._files = {"users": people_file, "tags": tags_file}
        self._clock = clock
        self._lock = threading.RLock()
        self._names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        self._loaded = False
        self._unsaved: set[str] = set()
        self._renamed = False
        self._asked: dict[tuple[str, str], float] = {}

    def name(self, kind: str, key: str) -> str | None:
        """The name, where it is known."""
        with self._lock:
            self._load()
            return self._names.get(kind, {}).get(key)

    def learn(self, included: object) -> None:
        """Take over the names of an answer's side-loaded entities."""
        for kind in KINDS:
            entities = mapping(mapping(included).get(kind))
            found = ((ident(key), name_of(kind, mapping(entity))) for key, entity in entities.items())
            self._note(kind, {key: name for key, name in found if key and name})

    def refresh(self, stop: Stop) -> bool:
        """Read people, tags and teams in full; True when a name changed since the last refresh. Writes the files."""
        for kind, pages in (("users", self._people(stop)), ("tags", self._tags(stop)), ("teams", self._teams(stop))):
            for entities in pages:
                found = ((ident(entity), name_of(kind, mapping(entity))) for entity in entities)
                self._note(kind, {key: name for key, name in found if key and name})
        self.save()
        with self._lock:
            changed, self._renamed = self._renamed, False
        return changed

    def look_up(self, unknown: Collection[tuple[str, str]], stop: Stop) -> bool:
        """Refresh when one of these (kind, id) was not asked for within the hour; whether it was done."""
        now = self._clock.monotonic()
        with self._lock:
            self._asked = {pair: at for pair, at in self._asked.items() if now - at < _ASK_AGAIN}
            if all(pair in self._asked for pair in unknown):
                return False
        self.refresh(stop)
        with self._lock:
            self._asked.update(dict.fromkeys(unknown, now))
        return True

    def save(self) -> None:
        """Write the files whose names changed: whole or not at all, for the user alone."""
        with self._lock:
            for kind in sorted(self._unsaved):
                path = self._files[kind]
                ordered = dict(sorted(self._names[kind].items(), key=lambda item: (len(item[0]), item[0])))
                content = json.dumps(ordered, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
                try:
                    make_private_folder(path.parent)
                    replace_file(path, content)
                except OSError as error:
                    raise TransientError(
                        "teamwork-names",
                        "The names from Teamwork cannot be stored",
                        f"{path}: {error.strerror or 'no reason given'}",
                        "Make room on the disk or check the folder's permissions.",
                    ) from error
                self._unsaved.discard(kind)

    def _note(self, kind: str, names: Mapping[str, str]) -> None:
        with self._lock:
            self._load()
            known = self._names[kind]
            for key, name in names.items():
                before = known.get(key)
                if before == name:
                    continue
                known[key] = name
                self._renamed = self._renamed or before is not None
                if kind in self._files:
                    self._unsaved.add(kind)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for kind, path in self._files.items():
            self._names[kind].update(_read(path))

    def _people(self, stop: Stop) -> Iterator[list[Any]]:
        return self._pages("projects/api/v3/people.json", "people", stop)

    def _tags(self, stop: Stop) -> Iterator[list[Any]]:
        return self._pages("projects/api/v3/tags.json", "tags", stop)

    def _pages(self, path: str, root: str, stop: Stop) -> Iterator[list[Any]]:
        page = 1
        before: list[Any] = []
        while True:
            params = {"page": str(page), "pageSize": str(_PAGE), "skipCounts": "true"}
            answer = self._client.get(path, params, stop=stop, accept=_NOT_ALLOWED)
            if answer.status in _NOT_ALLOWED:
                _log.info("Teamwork does not show the list of %s: %s", root, answer.words or answer.status)
                return
            entities = list(sequence(answer.data.get(root)))
            # A server that gives the same page whatever it is asked for would do so for ever.
            if entities == before:
                return
            yield entities
            if not entities or not has_more(answer.data, len(entities), _PAGE):
                return
            page, before = page + 1, entities

    def _teams(self, stop: Stop) -> Iterator[list[Any]]:
        page = 1
        before: list[Any] = []
        while True:
            params = {**_ALL_TEAMS, "page": str(page), "pageSize": str(_TEAM_PAGE)}
            answer = self._client.get("teams.json", params, stop=stop, accept=_NOT_ALLOWED)
            if answer.status in _NOT_ALLOWED:
                _log.info("Teamwork does not show the list of teams: %s", answer.words or answer.status)
                return
            entities = list(sequence(answer.data.get("teams")))
            if entities == before:
                return
            yield entities
            pages = number(answer.headers.get("X-Pages"))
            more = page < pages if pages is not None else len(entities) == _TEAM_PAGE
            if not entities or not more:
                return
            page, before = page + 1, entities


def has_more(data: Mapping[str, Any], rows: int, page_size: int) -> bool:
    """Whether another page follows, by ``meta.page.hasMore``; where that is missing, by a full page."""
    said = mapping(mapping(data.get("meta")).get("page")).get("hasMore")
    return said if isinstance(said, bool) else rows >= page_size


def _read(path: Path) -> dict[str, str]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        _set_aside(path)
        return {}
    return {key: name for key, name in data.items() if isinstance(name, str) and name}


def _set_aside(path: Path) -> None:
    aside = path.with_name(path.name + ".unreadable")
    _log.warning("%s holds no names; it is kept as %s and made anew", path, aside.name)
    try:
        path.replace(aside)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> TransientError:
    return TransientError(
        "teamwork-names",
        "The names from Teamwork cannot be read",
        f"{path}: {error.strerror or 'no reason given'}",
        "Check the permissions of the file.",
    )
