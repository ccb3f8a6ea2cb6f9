"""What a service allows in a while, spent to the full and never beyond.

A request counts from the moment it is sent until one window after its *answer* arrived. The server counted it at
some moment in between, so whatever the network's delays were and whatever the server's clock shows, no window of
the server ever holds more than the limit, sliding or fixed. Counting from the send would be over as soon as one
request travels faster than the one a window before it. What it costs is one answer's time in each window, a few
per mille.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tray_connector.config.clock import Clock, Stop, Stopped

_log = logging.getLogger(__name__)

MARGIN = 0.1
"""Seconds added to each window: coarse timers, and clocks that do not run equally fast."""
_ON_ITS_WAY = 2.0
"""Seconds that a request of an earlier run may have travelled after its send time was noted."""
_LONGEST_SLEEP = 1.0
"""Seconds after which a waiting thread looks again: a limit may have been raised meanwhile."""
_LONGEST_HOLD = 3600.0
QUIET_SHARE = 4
"""Quiet requests take one in so many of what a window allows."""
_RESET_AT_LEAST, _RESET_AT_MOST = 1.0, 120.0


class RequestLog(Protocol):
    """Keeps send times over restarts, in seconds since the epoch."""

    def recent_requests(self, service: str, after: float) -> Sequence[float]:
        """Send times later than `after`, ascending."""
        ...

    def note_request(self, service: str, at: float) -> None:
        """Remember one send time. Durable when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests within any `seconds`."""

    limit: int
    seconds: float


MISSIVE_WINDOWS = (Window(300, 60.0), Window(900, 900.0))
"""As Missive documents them; with at most 5 requests at the same time."""
MISSIVE_IN_FLIGHT = 5
TEAMWORK_WINDOWS = (Window(150, 60.0),)
"""The commonest figure; Teamwork names the site's own in the headers of each answer."""
TEAMWORK_IN_FLIGHT = 4


class Slot:
    """The right to send one request, from `Budget.take` to `Budget.end`."""

    __slots__ = ("began", "open", "quiet")

    def __init__(self, began: float, quiet: bool = False) -> None:
        self.began = began
        self.quiet = quiet
        self.open = True


class _Meter:
    """One window: which answers still count, and how many more requests the server said it would take."""

    def __init__(self, limit: int, seconds: float, margin: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._margin = margin
        self.ends: deque[float] = deque()
        self._quiet_ends: deque[float] = deque()
        self.left: int | None = None
        self._left_until = 0.0
        self._left_as_of = -math.inf

    def delay(self, now: float, in_flight: int, urgent: bool) -> float:
        """Seconds until one more request is allowed; infinite when an answer must come first."""
        while self.ends and self.ends[0] + self.seconds + self._margin <= now:
            self.ends.popleft()
        kept = 0 if urgent else self.limit // 10
        delay = 0.0
        too_many = in_flight + len(self.ends) - (self.limit - kept) + 1
        if too_many > len(self.ends):
            delay = math.inf
        elif too_many > 0:
            delay = self.ends[too_many - 1] + self.seconds + self._margin - now
        if self.left is not None and now >= self._left_until:
            self.left = None
        if self.left is not None and self.left <= kept:
            delay = max(delay, self._left_until - now)
        return delay

    def quiet_delay(self, now: float, in_flight: int) -> float:
        """The same for one more quiet request, of which so many are under way."""
        ends = self._quiet_ends
        while ends and ends[0] + self.seconds + self._margin <= now:
            ends.popleft()
        too_many = in_flight + len(ends) - max(1, self.limit // QUIET_SHARE) + 1
        if too_many > len(ends):
            return math.inf
        return ends[too_many - 1] + self.seconds + self._margin - now if too_many > 0 else 0.0

    def count(self, end: float, *, quiet: bool = False) -> None:
        self.ends.append(end)
        if quiet:
            self._quiet_ends.append(end)

    def learn(self, remaining: int, reset: float | None, slot: Slot, in_flight: int, now: float) -> None:
        """Take the server's word where it counts more than we know of: someone else uses the same key."""
        if slot.began < self._left_as_of:
            return
        self._left_as_of = slot.began
        if self.limit - remaining <= in_flight + len(self.ends):
            self.left = None
            return
        # Requests that were under way at the same time may not be in the server's figure yet.
        beside = in_flight - 1
        for end in reversed(self.ends):
            if end < slot.began:
                break
            beside += 1
        self.left = remaining - beside
        self._left_until = now + (self.seconds if reset is None else min(max(reset, _RESET_AT_LEAST), _RESET_AT_MOST))


class Budget:
    """One service's limits for one key. Thread-safe.

    The last tenth of each window is for urgent requests (polls); quiet ones (walks) take a quarter of each at most and
    one at a time. `hold_for` stops everything. With a `log`, the
    requests of earlier runs count as well. `scale` multiplies the windows' limits; `margin` (seconds) is added to each
    window.
    """

    def __init__(
        self,
        service: str,
        windows: Sequence[Window],
        *,
        max_in_flight: int,
        clock: Clock,
        log: RequestLog | None = None,
        scale: float = 1.0,
        margin: float = MARGIN,
    ) -> None:
        self._service = service
        self._clock = clock
        self._log = log
        self._max_in_flight = max_in_flight
        self._meters = [_Meter(max(1, int(window.limit * scale)), window.seconds, margin) for window in windows]
        self._changed = threading.Condition()
        self._in_flight = 0
        self._quiet_in_flight = 0
        self._urgent_waiting = 0
        self._held_until = -math.inf
        if log is not None:
            self._recall(log)

    def _recall(self, log: RequestLog) -> None:
        now, wall = self._clock.monotonic(), self._clock.now().timestamp()
        longest = max((meter.seconds for meter in self._meters), default=0.0)
        for at in log.recent_requests(self._service, wall - longest - _ON_ITS_WAY):
            # A time in the future means that the wall clock was set back: it counts as just now.
            end = now - max(0.0, wall - at - _ON_ITS_WAY)
            for meter in self._meters:
                meter.count(end)

    def take(self, stop: Stop, *, urgent: bool = False, quiet: bool = False) -> Slot:
        """Wait until one more request may be sent. The slot must be given to `end`. Raises `Stopped`."""
        with stop.calls(self._wake):
            slot = self._wait(stop, urgent, quiet)
        if self._log is not None:
            try:
                self._log.note_request(self._service, self._clock.now().timestamp())
            except BaseException:
                self.end(slot, sent=False)
                raise
        return slot

    def _wait(self, stop: Stop, urgent: bool, quiet: bool) -> Slot:
        with self._changed:
            self._urgent_waiting += urgent
        try:
            while True:
                if stop.is_set():
                    raise Stopped
                with self._changed:
                    delay = self._delay(urgent, quiet)
                    if delay <= 0:
                        return self._open(quiet)
                    if math.isinf(delay):
                        self._changed.wait(_LONGEST_SLEEP)
                        continue
                self._clock.wait(stop, min(delay, _LONGEST_SLEEP))
        finally:
            with self._changed:
                self._urgent_waiting -= urgent
                self._changed.notify_all()

    def _delay(self, urgent: bool, quiet: bool = False) -> float:
        now = self._clock.monotonic()
        ahead = 0 if urgent else self._urgent_waiting
        if self._in_flight + ahead >= self._max_in_flight:
            return math.inf
        delays = [meter.delay(now, self._in_flight, urgent) for meter in self._meters]
        if quiet:
            delays += [meter.quiet_delay(now, self._quiet_in_flight) for meter in self._meters]
            delays += [math.inf] if self._quiet_in_flight else []
        return max(self._held_until - now, *delays, 0.0)

    def _open(self, quiet: bool) -> Slot:
        self._in_flight += 1
        self._quiet_in_flight += quiet
        for meter in self._meters:
            if meter.left is not None:
                meter.left -= 1
        return Slot(self._clock.monotonic(), quiet)

    def end(self, slot: Slot, *, sent: bool = True) -> None:
        """The answer arrived or the request failed; with ``sent=False`` nothing reached the service. Idempotent."""
        with self._changed:
            if not slot.open:
                return
            slot.open = False
            self._in_flight -= 1
            self._quiet_in_flight -= slot.quiet
            now = self._clock.monotonic()
            for meter in self._meters:
                if sent:
                    meter.count(now, quiet=slot.quiet)
                elif meter.left is not None:
                    meter.left += 1
            self._changed.notify_all()

    def learn(self, limit: int | None, remaining: int | None, reset: float | None, slot: Slot) -> None:
        """Correct the window from an answer's headers, before its slot is ended. `reset` is in seconds from now.

        A single window takes the server's limit over; of several, the headers speak of the one with that limit.
        """
        if limit is None or limit < 1:
            return
        with self._changed:
            if len(self._meters) == 1 and self._meters[0].limit != limit:
                _log.info("%s allows %d requests in %g seconds", self._service, limit, self._meters[0].seconds)
                self._meters[0].limit = limit
            for meter in self._meters:
                if meter.limit == limit and remaining is not None:
                    meter.learn(remaining, reset, slot, self._in_flight, self._clock.monotonic())
            self._changed.notify_all()

    def hold_for(self, seconds: float) -> None:
        """Send nothing for so long, urgent or not; at most an hour. A longer hold in force stays."""
        with self._changed:
            until = self._clock.monotonic() + min(max(seconds, 0.0), _LONGEST_HOLD)
            self._held_until = max(self._held_until, until)

    def hold_until(self, moment: datetime) -> None:
        """The same up to a moment of our wall clock."""
        self.hold_for((moment - self._clock.now()).total_seconds())

    @property
    def urgent_waiting(self) -> int:
        """Urgent requests that wait for their turn."""
        with self._changed:
            return self._urgent_waiting

    def half_pace(self, requests: float) -> float:
        """Seconds between two polls of so many requests at which polls take half of the tightest window."""
        with self._changed:
            return max((2 * requests * meter.seconds / meter.limit for meter in self._meters), default=0.0)

    def waiting_until(self) -> datetime | None:
        """When the next request that is not urgent may go; None when it may go now or waits for an answer only."""
        with self._changed:
            delay = self._delay(urgent=False)
        return self._clock.now() + timedelta(seconds=delay) if 0 < delay < math.inf else None

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def teamwork_budget(clock: Clock, log: RequestLog | None = None, scale: float = 1.0) -> Budget:
    """Teamwork's limits until its headers say otherwise."""
    return Budget("teamwork", TEAMWORK_WINDOWS, max_in_flight=TEAMWORK_IN_FLIGHT, clock=clock, log=log, scale=scale)


def missive_budget(clock: Clock, log: RequestLog | None = None, scale: float = 1.0) -> Budget:
    """Missive's limits, as documented."""
    return Budget("missive", MISSIVE_WINDOWS, max_in_flight=MISSIVE_IN_FLIGHT, clock=clock, log=log, scale=scale)
