"""The channel to the process that holds a home: a local socket or named pipe, private to the user.

One connection carries one command. The caller sends ``{"argv": [...], ...}``; the holder answers with any number of
messages, which belong to `cli.console`, and at last with ``{"exit": code}``. A connection that ends without one means
that the command was not finished: the caller may have it done in another way. A caller that goes away ends its command.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.desktop.wire import CutOffError, GoneError, Message, Wire

logger = logging.getLogger(__name__)

Send = Callable[[Message], None]
Serve = Callable[[Message, Send, Stop], int | None]
"""Runs the command of a request, sends what it says, and gives its exit code, or None when it was not finished.
Called in a thread of its own; `Send` never raises."""

LOOK = 0.2
GRACE = 2.0
"""Seconds that commands of others have to end by themselves when the holder ends."""
CUT_OFF = 2.0
"""Seconds after which a command that was told to end is left behind: its caller does not take what it says."""
BACKLOG = 16


@dataclass(frozen=True, slots=True)
class _Command:
    thread: threading.Thread
    stop: Stop


class Channel:
    """The holder's end. Takes commands while `open` is active, and ends those under way before it closes."""

    def __init__(self, token: str, serve: Serve, clock: Clock) -> None:
        self._token = token
        self._serve = serve
        self._clock = clock
        self._closing = threading.Event()
        self._commands: list[_Command] = []

    @contextmanager
    def open(self, address: str) -> Iterator[None]:
        """Listen while inside. OSError. Only for the holder of the lock: what lies at the address is left over."""
        if sys.platform != "win32":
            Path(address).unlink(missing_ok=True)
        listener = Listener(address, backlog=BACKLOG)
        if sys.platform != "win32":
            Path(address).chmod(0o600)
        accepting = threading.Thread(target=self._accept, args=(listener,), name="channel", daemon=True)
        accepting.start()
        try:
            yield
        finally:
            self._closing.set()
            # Closing a listener does not wake its accept(); a caller does.
            with suppress(OSError, EOFError):
                Client(address).close()
            accepting.join(timeout=GRACE)
            listener.close()
            self._end_commands()

    def _end_commands(self) -> None:
        self._join(GRACE, [command for command in self._commands if not command.stop.is_set()])
        for command in self._commands:
            command.stop.set()
        self._join(CUT_OFF, self._commands)

    def _join(self, seconds: float, commands: Sequence[_Command]) -> None:
        deadline = self._clock.monotonic() + seconds
        for command in commands:
            command.thread.join(max(0.0, deadline - self._clock.monotonic()))

    def _accept(self, listener: Listener) -> None:
        while not self._closing.is_set():
            try:
                connection = listener.accept()
            except (OSError, EOFError) as error:
                logger.debug("A caller went away: %s", error)
                self._closing.wait(LOOK)
                continue
            if self._closing.is_set():
                connection.close()
                return
            stop = Stop()
            thread = threading.Thread(target=self._attend, args=(connection, stop), name="channel-caller", daemon=True)
            self._commands = [other for other in self._commands if other.thread.is_alive()]
            self._commands.append(_Command(thread, stop))
            thread.start()

    def _attend(self, connection: Connection[Any, Any], stop: Stop) -> None:
        """One caller: its command runs in a second thread, so that this one sees the caller go away."""
        with connection:
            wire = Wire(connection)
            try:
                request = wire.greet(self._token)
            except GoneError as reason:
                logger.debug("A caller of the channel was turned away: %s", reason)
                return
            answered = threading.Event()
            worker = threading.Thread(
                target=self._work, args=(wire, request, stop, answered), name="channel-command", daemon=True
            )
            worker.start()
            try:
                while worker.is_alive():
                    wire.receive(LOOK)
                if answered.is_set():
                    wire.receive(GRACE)  # the caller closes first: it has read everything then
            except GoneError as reason:
                logger.debug("A caller of the channel is gone: %s", reason)
                stop.set()
            worker.join()

    def _work(self, wire: Wire, request: Message, stop: Stop, answered: threading.Event) -> None:
        def send(message: Message) -> None:
            try:
                wire.send(message)
            except GoneError:
                stop.set()

        code = self._serve(request, send, stop)
        if code is not None:
            send({"exit": code})
            answered.set()


def call(address: str, token: str, request: Message, on_message: Callable[[Message], None], stop: Stop) -> int:
    """Have the holder run a command; its exit code. `GoneError` when there is none, `CutOffError` when it ended before
    the command had. `Stopped` when stopped; then the holder ends the command as well.
    """
    try:
        connection = Client(address)
    except (OSError, EOFError) as error:
        raise GoneError(str(error)) from error
    with connection:
        wire = Wire(connection)
        wire.introduce(token, request)
        try:
            while True:
                message = wire.receive(LOOK)
                if message is None:
                    if stop.is_set():
                        raise Stopped
                elif "exit" in message:
                    return int(message["exit"])
                else:
                    on_message(message)
        except GoneError as error:
            raise CutOffError(str(error)) from error
