"""The channel to the process that holds a home: a local socket or named pipe, private to the user.

One connection carries one command. The caller sends ``{"argv": [...]}``; the holder answers with any number of
``{"out": text}``, ``{"err": text}`` and ``{"progress": {...}}`` and at last ``{"exit": code}``. All of it is JSON;
both sides prove that they know the token of the holder's note.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from tray_connector.config.clock import Stop, Stopped

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], None]
Serve = Callable[[list[str], Send], int]
"""Runs one command line, sends what it says, returns its exit code. Called in a thread of its own."""

LONGEST_SOCKET_PATH = 100
"""Bytes; the operating systems allow 104 to 108."""
ANSWER_LOOK = 0.5


def address_for(home: Path) -> str:
    """Where the holder of this home listens."""
    digest = hashlib.blake2b(str(home).encode(), digest_size=8).hexdigest()
    if sys.platform == "win32":
        return rf"\\.\pipe\tray-connector-{digest}"
    near = home / "channel"
    if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
        return str(near)
    folder = Path(tempfile.gettempdir()) / f"tray-connector-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise OSError(f"{folder} is not private")
    return str(folder / digest)


class Channel:
    """The holder's end. Takes commands while `open` is active, and ends those under way before it closes."""

    def __init__(self, address: str, token: str, serve: Serve) -> None:
        self._address = address
        self._token = token.encode()
        self._serve = serve
        self._closing = threading.Event()
        self._commands: list[threading.Thread] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen while inside. Only the holder of the lock may do so: what lies at the address is left over."""
        if sys.platform != "win32":
            Path(self._address).unlink(missing_ok=True)
        listener = Listener(self._address, authkey=self._token)
        if sys.platform != "win32":
            Path(self._address).chmod(0o600)
        accepting = threading.Thread(target=self._accept, args=(listener,), name="channel", daemon=True)
        accepting.start()
        try:
            yield
        finally:
            self._closing.set()
            self._poke()
            accepting.join(timeout=2)
            listener.close()
            for command in self._commands:
                command.join()

    def _poke(self) -> None:
        # Closing a listener does not wake its accept(); a caller does.
        try:
            Client(self._address, authkey=self._token).close()
        except (OSError, EOFError, AuthenticationError):
            logger.debug("The channel was closed already")

    def _accept(self, listener: Listener) -> None:
        while not self._closing.is_set():
            try:
                connection = listener.accept()
            except AuthenticationError:
                logger.info("A caller without the token was turned away")
                continue
            except (OSError, EOFError):
                if self._closing.is_set():
                    return
                continue
            if self._closing.is_set():
                connection.close()
                return
            command = threading.Thread(target=self._answer, args=(connection,), name="channel-command", daemon=True)
            self._commands = [other for other in self._commands if other.is_alive()] + [command]
            command.start()

    def _answer(self, connection: Connection[Any, Any]) -> None:
        sending = threading.Lock()

        def send(message: dict[str, Any]) -> None:
            with sending:
                connection.send_bytes(json.dumps(message).encode())

        with connection:
            try:
                argv = [str(part) for part in json.loads(connection.recv_bytes(1 << 20))["argv"]]
                send({"exit": self._serve(argv, send)})
            except (OSError, EOFError, ValueError, KeyError, TypeError):
                # The caller went away, or spoke another language: nobody is left to tell.
                logger.info("A command over the channel was not finished", exc_info=True)


def call(address: str, token: str, argv: list[str], on_message: Callable[[dict[str, Any]], None], stop: Stop) -> int:
    """Have the holder run a command line; its exit code. OSError, EOFError or AuthenticationError when it is gone.

    When stopped, the holder goes on and only the caller leaves (`Stopped`).
    """
    with Client(address, authkey=token.encode()) as connection:
        connection.send_bytes(json.dumps({"argv": argv}).encode())
        while True:
            while not connection.poll(ANSWER_LOOK):
                if stop.is_set():
                    raise Stopped
            message = json.loads(connection.recv_bytes())
            if "exit" in message:
                return int(message["exit"])
            on_message(message)
