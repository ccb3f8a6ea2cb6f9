"""A thread that may hang for ever, and callers that do not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from tray_connector.model.errors import TransientError

Answer = Future[str | None]
Call = Callable[[], str | None]


class PatientThread:
    """Runs calls one after the other on a daemon thread of its own, begun with the first. Safe from any thread."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._calls: SimpleQueue[tuple[Call, Answer]] = SimpleQueue()
        self._asked: dict[str, Answer] = {}
        """Questions whose answer nobody has had yet, by name."""
        self._thread: threading.Thread | None = None

    def ask(self, name: str, call: Call) -> str | None:
        """The call's answer, or its error. TransientError ``keyring-silent`` after the deadline.

        A question of that name that still waits is not put again; an answer that came too late is given now.
        """
        with self._lock:
            answer = self._asked.get(name)
            if answer is None or (answer.done() and answer.exception() is not None):
                answer = self._asked[name] = self._submit(call)
        try:
            return self._wait(answer)
        finally:
            with self._lock:
                if answer.done() and self._asked.get(name) is answer:
                    del self._asked[name]

    def do(self, name: str, call: Callable[[], None]) -> None:
        """Run the call, which changes what `ask` would answer. After the deadline it still happens: TransientError."""

        def run() -> None:
            call()

        with self._lock:
            self._asked.pop(name, None)
            answer = self._submit(run)
        self._wait(answer)

    def _submit(self, call: Call) -> Answer:
        answer: Answer = Future()
        self._calls.put((call, answer))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="keyring", daemon=True)
            self._thread.start()
        return answer

    def _wait(self, answer: Answer) -> str | None:
        try:
            return answer.result(timeout=self._deadline)
        except TimeoutError:
            if answer.done():
                return answer.result()
            raise TransientError(
                "keyring-silent",
                "The keyring does not answer",
                f"No answer within {self._deadline:g} seconds. It may be waiting for its password.",
                "Look for its window and unlock it; we try again every minute.",
            ) from None

    def _work(self) -> None:
        while True:
            call, answer = self._calls.get()
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must get it instead of waiting
                answer.set_exception(error)
