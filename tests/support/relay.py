"""A line to a server that can be slow, and that can pretend to be a connection pooler."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

KEY_DATA = b"K\x00\x00\x00\x0c"
"""PostgreSQL's BackendKeyData: the number of the server process follows, and a pooler puts in one of its own."""


@dataclass
class Relay:
    """Where it listens, and how it treats what passes."""

    target: int
    delay: float = 0.0
    """Seconds in each direction."""
    pooler: bool = False
    port: int = 0
    lines: list[socket.socket] = field(default_factory=list)

    def carry(self, source: socket.socket, drain: socket.socket, answers: bool) -> None:
        """Until one side ends."""
        waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, args=(waiting, drain), daemon=True).start()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                at = data.find(KEY_DATA) if answers and self.pooler else -1
                if at >= 0:
                    start = at + len(KEY_DATA)
                    data = data[:start] + b"\x00\x00\x00\x07" + data[start + 4 :]
                waiting.put((time.monotonic() + self.delay, data))
        waiting.put((0.0, b""))

    def _deliver(self, waiting: queue.SimpleQueue[tuple[float, bytes]], drain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                if not data:
                    break
                time.sleep(max(0.0, due - time.monotonic()))
                drain.sendall(data)
            drain.shutdown(socket.SHUT_WR)


@contextmanager
def relay(target: int, *, delay: float = 0.0, pooler: bool = False) -> Iterator[Relay]:
    """Carries connections to the port `target` of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    carried = Relay(target, delay, pooler, listener.getsockname()[1])

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", target))
                for line in (near, far):
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    carried.lines.append(line)
                for source, drain, answers in ((near, far, False), (far, near, True)):
                    threading.Thread(target=carried.carry, args=(source, drain, answers), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield carried
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for line in carried.lines:
            line.close()
