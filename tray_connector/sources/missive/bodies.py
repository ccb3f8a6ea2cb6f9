"""Reading messages with their bodies: in batches, with fallback where a batch is refused or incomplete.

Not documented: how many ids a batch may hold, the order of its answer, what one unknown id does to it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConnectorError, RecordError, TransientError
from tray_connector.sources.missive import parse
from tray_connector.sources.missive.api import MissiveApi, odd_record

BATCH = 10

Found = parse.Message | ConnectorError | None
"""A message; why it cannot be read; or None: it vanished."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to read, and how its conversation's list showed it."""

    message_id: str
    listed: parse.Fields | None = None


class Bodies:
    """Thread-safe. Remembers the size of batch that Missive accepts until `reset`."""

    def __init__(self, api: MissiveApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._size = BATCH

    @property
    def size(self) -> int:
        """Messages to ask for at once."""
        with self._lock:
            return self._size

    def reset(self) -> None:
        """Try full batches again."""
        with self._lock:
            self._size = BATCH

    def read(self, wanted: Sequence[Wanted], stop: Stop) -> dict[str, Found]:
        """Each of the messages by id. Raises only when the service as a whole fails."""
        size = self.size
        if len(wanted) > size:
            # Another batch found out meanwhile that fewer are accepted.
            return self.read(wanted[:size], stop) | self.read(wanted[size:], stop)
        if len(wanted) == 1:
            return {wanted[0].message_id: self._single(wanted[0], stop)}
        answer = self._batch([item.message_id for item in wanted], stop)
        if answer is None:
            middle = len(wanted) // 2
            halves = self.read(wanted[:middle], stop) | self.read(wanted[middle:], stop)
            if all(isinstance(found, parse.Message) for found in halves.values()):
                # Nothing was wrong with any of them: the batch was too large.
                with self._lock:
                    self._size = min(self._size, len(wanted) - middle)
            return halves
        return {item.message_id: self._of_batch(item, answer, stop) for item in wanted}

    def _batch(self, ids: Sequence[str], stop: Stop) -> Mapping[str, parse.Fields] | None:
        try:
            rows = self._api.messages(ids, stop)
        except TransientError as error:
            ensure_alive(self._api, error, stop)
            return None
        return None if rows is None else {str(row.get("id")): row for row in rows}

    def _of_batch(self, item: Wanted, answer: Mapping[str, parse.Fields], stop: Stop) -> Found:
        row = answer.get(item.message_id)
        return self._single(item, stop) if row is None else parse.message(row, item.listed)

    def _single(self, item: Wanted, stop: Stop) -> Found:
        try:
            row = self._api.message(item.message_id, stop)
        except RecordError as error:
            return error
        except TransientError as error:
            ensure_alive(self._api, error, stop)
            return error
        if row is None:
            return None
        return parse.message(row, item.listed) or odd_record("a message has no usable id")


def ensure_alive(api: MissiveApi, error: TransientError, stop: Stop) -> None:
    """Raise unless the trouble is that of one record: the service answers another question at once.

    Without this, a single conversation at which Missive always stumbles would look like an outage for ever.
    """
    if error.problem.retry_at is not None:
        raise error
    api.probe(stop)
