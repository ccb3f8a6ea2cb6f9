"""One connection to PostgreSQL: made, watched and broken off, so that nothing of it can hold up the program."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.commit_points import passing
from tray_connector.destinations.postgres_errors import silent

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_AT_MOST = 30.0
"""Seconds for finding the host and all its addresses; each of them has `connect_timeout` of the parameters."""
CANCEL_AT_MOST = 0.3
"""Seconds for asking the server to end a statement."""
END_AT_MOST = 0.3
"""Seconds that it has to do so before the connection is cut."""


def connect(parameters: dict[str, str], stop: Stop) -> Connection:
    """A connection in autocommit mode. `psycopg.Error`, `TransientError` after the deadline, `Stopped` at once.

    libpq finds the host with a call that cannot be broken off, so all of it happens on a thread that may be left
    behind; a connection that comes too late is closed.
    """
    attempt: Future[Connection] = Future()

    def carry() -> None:
        try:
            connection = psycopg.connect(make_conninfo("", **parameters), autocommit=True)
        except BaseException as error:  # noqa: BLE001 - whoever waits must get it, whatever it is
            with suppress(InvalidStateError):
                attempt.set_exception(error)
            return
        try:
            attempt.set_result(connection)
        except InvalidStateError:
            connection.close()

    def give_up() -> None:
        attempt.cancel()

    with stop.calls(give_up):
        threading.Thread(target=carry, name="postgres-connect", daemon=True).start()
        try:
            return attempt.result(timeout=CONNECT_AT_MOST)
        except CancelledError:
            raise Stopped from None
        except TimeoutError:
            if attempt.cancel():
                raise silent(CONNECT_AT_MOST) from None
            return attempt.result()


@contextmanager
def watched(connection: Connection, stop: Stop, seconds: float) -> Iterator[None]:
    """While inside, a set `stop` ends the statement that runs, and so does the deadline, even if the server is mute.

    `Stopped`, `TransientError` ``postgres-silent``; everything else as it comes. The connection may be broken after.
    """
    if stop.is_set():
        raise Stopped
    watch = _Watch(connection, seconds)
    with stop.calls(watch.wake):
        try:
            yield
        except psycopg.Error as error:
            if stop.is_set():
                raise Stopped from error
            if watch.expired:
                raise silent(seconds) from error
            raise
        finally:
            watch.end()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Commits at the end; rolls back when anything is raised. ``BEGIN`` travels with the first statement."""
    connection.autocommit = False
    try:
        yield
        passing("postgres.commit")
        connection.commit()
        passing("postgres.committed")
    except BaseException:
        # On a broken connection the server rolls back by itself.
        with suppress(psycopg.Error):
            connection.rollback()
        raise
    finally:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            connection.autocommit = True


@contextmanager
def pipeline(connection: Connection) -> Iterator[None]:
    """Statements inside travel together. Raises what went wrong first; what only followed from it is left out."""
    first: Exception | None = None
    try:
        with connection.pipeline():
            try:
                yield
            except (psycopg.Error, ValueError, OverflowError) as error:
                # psycopg would log a warning when its own end fails as well.
                first = error
    except psycopg.Error as last:
        if first is None or isinstance(first, psycopg.errors.PipelineAborted):
            raise
        raise first from last
    if first is not None:
        raise first


def is_usable(connection: Connection) -> bool:
    """Whether the next statement may be sent: it is open, and not in the middle of anything."""
    return not connection.closed and connection.pgconn.transaction_status == TransactionStatus.IDLE


class _Watch:
    """A thread that breaks a call off: asks the server to cancel, and cuts the connection when that does not help."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self.expired = False
        self._connection = connection
        self._seconds = seconds
        self._lock = threading.Lock()
        self._over = False
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postgres-watch", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Break the call off now."""
        self._woken.set()

    def end(self) -> None:
        """The call is over; what was begun against it has ended as well, so that it cannot hit the next one."""
        with self._lock:
            self._over = True
        self._ended.set()
        self._woken.set()
        self._thread.join(CANCEL_AT_MOST + END_AT_MOST)
        if self._thread.is_alive():
            self._connection.close()

    def _run(self) -> None:
        self.expired = not self._woken.wait(self._seconds)
        if self._over:
            return
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_AT_MOST)
        if not self._ended.wait(END_AT_MOST):
            with self._lock:
                if not self._over:
                    self._cut()

    def _cut(self) -> None:
        # Not `close`: another thread waits on it. It sees the end of the stream and gives up by itself.
        with suppress(OSError, psycopg.Error):
            line = socket.socket(fileno=self._connection.fileno())
            try:
                line.shutdown(socket.SHUT_RDWR)
            finally:
                line.detach()
