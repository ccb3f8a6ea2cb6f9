"""`Listener`: takes in the deliveries of webhooks on 127.0.0.1."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.codec import Json
from tray_connector.model.events import SourceName
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.bodies import Reported
from tray_connector.webhooks.deliveries import Counter, DeliveryCounts, Recent, Refusals
from tray_connector.webhooks.deposit import Deposit
from tray_connector.webhooks.health import Health
from tray_connector.webhooks.reception import Reception
from tray_connector.webhooks.server import Server, bind
from tray_connector.webhooks.signatures import Secrets

logger = logging.getLogger(__name__)


class Listener:
    """``POST /webhook/teamwork/<installation id>``, ``POST /webhook/missive/<installation id>-<secret>`` or, signed,
    ``POST /webhook/missive``; ``GET /health``.

    A delivery is answered with 200 when its event is durable in the spool, or when it reports nothing that is synced;
    with 503 when the spool cannot take it, 401 or 404 when it is not authentic, 429 instead when many were not within
    a minute, 400 when it cannot be read, 413 beyond 1 MiB. It goes on during a pause.
    """

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        secrets: Secrets,
        *,
        port: int,
        port_fixed: bool,
        last_read_number: Callable[[], int],
        on_delivery: Callable[[SourceName, Reported], None] = lambda _, __: None,
        health: Callable[[], Mapping[str, Json]] = dict,
    ) -> None:
        """`last_read_number` gives the number of the last read begun: only a later one has seen what is reported.

        `on_delivery` is called for each authentic delivery with what it reports, from many threads at once. What
        `health` gives is added to the answer of ``/health``, which anybody may see.
        """
        self.port = port
        """The one in use, once open."""
        self._port_fixed = port_fixed
        self._clock = clock
        self._counter = Counter(clock)
        self._deposit = Deposit(spool, clock, last_read_number)
        self._reception = Reception(
            secrets=secrets,
            deposit=self._deposit,
            counter=self._counter,
            recent=Recent(clock),
            refusals=Refusals(clock),
            on_delivery=on_delivery,
            health=Health(spool, clock, self._counter, health),
        )
        self._server: Server | None = None

    def open(self) -> None:
        """Listen: connections are taken from now on, and answered by `run`. Once.

        ConfigError ``port-taken``, ``port-not-allowed``.
        """
        bound: socket.socket = bind(self.port, fixed=self._port_fixed)
        self.port = bound.getsockname()[1]
        self._server = Server(self._reception.application, bound, self._clock, self._reception.refused_unread)
        self._deposit.start()
        logger.info("Listening for webhooks on 127.0.0.1:%d", self.port)

    def run(self, stop: Stop) -> None:
        """Answer until stopped; what was being answered is given a second. Ends the listening."""
        if self._server is None:
            self.open()
        if self._server is not None:
            self._server.serve(stop)
        self._deposit.close()

    def counts(self) -> DeliveryCounts:
        """What has arrived so far."""
        return self._counter.view()

    def close(self) -> None:
        """Let go of the port. May be called twice."""
        if self._server is not None:
            self._server.close()
        self._deposit.close()
