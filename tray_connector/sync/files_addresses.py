"""Reading the addresses of files anew, where none came with the e-mail that was just read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConnectorError
from tray_connector.sources.base import FileLinks, FileSource

AT_ONCE = 10
"""E-mails of one request."""
T = TypeVar("T")


def ask(source: FileSource, email_ids: Sequence[str], stop: Stop) -> dict[str, FileLinks]:
    """What the source says of each e-mail. What it raises is its own trouble, whoever asked."""
    try:
        return dict(source.file_links(list(dict.fromkeys(email_ids)), stop))
    except ConnectorError as error:
        error.part = error.part or "missive"
        raise


def by_email(items: Sequence[tuple[str, T]]) -> Iterator[list[T]]:
    """Things that belong to e-mails, in groups whose addresses one request gives."""
    ids: set[str] = set()
    group: list[T] = []
    for email_id, item in items:
        if email_id not in ids and len(ids) == AT_ONCE:
            yield group
            ids, group = set(), []
        ids.add(email_id)
        group.append(item)
    if group:
        yield group
