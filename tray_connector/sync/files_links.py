"""`Links`: the signed addresses of files, kept in memory while they are fresh. They are written down nowhere."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tray_connector.config.clock import Clock

MOST = 20_000
"""Addresses kept: some ten megabytes."""
MARGIN = 60.0
"""Seconds that an address must still be good for."""
UNKNOWN = 1200.0
"""How long one is taken to last that does not say when it expires; it is not documented how long Missive's do."""


class Links:
    """Thread-safe. When it is full, what came first is kept: the files are worked off in the same order."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._links: dict[str, tuple[str, float]] = {}

    def keep(self, links: Mapping[str, str]) -> None:
        """Addresses by attachment, as they came just now."""
        now = self._clock.now()
        until = {key: (url, good_until(url, now)) for key, url in links.items()}
        with self._lock:
            if len(self._links) + len(until) > self._most:
                moment = now.timestamp()
                self._links = {key: link for key, link in self._links.items() if link[1] > moment + MARGIN}
            room = max(0, self._most - len(self._links))
            new = [key for key in until if key not in self._links]
            for key in new[room:]:
                del until[key]
            self._links.update(until)

    def fresh(self, attachment_id: str, seconds: float = MARGIN) -> str | None:
        """An address that is good for at least so long."""
        with self._lock:
            url, until = self._links.get(attachment_id, ("", 0.0))
        return url if until >= self._clock.now().timestamp() + seconds else None

    def forget(self, attachment_id: str) -> None:
        """It was used, or is no good."""
        with self._lock:
            self._links.pop(attachment_id, None)


def good_until(url: str, now: datetime) -> float:
    """When the address expires by its own words (CloudFront's, S3's), in seconds since the epoch."""
    try:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        if "Expires" in query:
            return float(int(query["Expires"]))
        if "X-Amz-Expires" in query:
            signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return signed.timestamp() + int(query["X-Amz-Expires"])
    except (ValueError, KeyError, OverflowError):
        return now.timestamp() + UNKNOWN
    return now.timestamp() + UNKNOWN
