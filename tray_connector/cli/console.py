"""What a command says: to the terminal, or over the channel to the terminal of the one who called."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from tray_connector.config.redaction import Redactor
from tray_connector.model.errors import Problem, TransientError

Update = Callable[[int, int], None]
"""Takes (done, total); a total of 0 means "not known yet"."""
Message = dict[str, Any]


class Console(Protocol):
    """Where a command's words go. With `json` the standard output carries JSON alone."""

    json: bool
    verbose: bool
    width: int
    """Columns of the reader's terminal."""
    redact: Redactor
    """Keeps secrets out of `err`, whatever an error's text holds."""

    def out(self, text: str = "") -> None:
        """A line of the result. Not printed with `json`."""
        ...

    def err(self, text: str) -> None:
        """A line beside the result: a reason, a wait, what is left."""
        ...

    def data(self, value: object) -> None:
        """The result of a `--json` call."""
        ...

    def progress(self, label: str) -> Any:
        """A context manager that gives an `Update`."""
        ...


def tell(console: Console, problem: Problem) -> None:
    """A problem as one sentence and a hint."""
    console.err(problem.sentence())


def printable(text: str) -> str:
    """The text without what would steer a terminal: subjects and names come from outside. Line ends stay."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


class TerminalConsole:
    """The terminal of this process."""

    def __init__(self, *, json: bool = False, verbose: bool = False) -> None:
        self.json = json
        self.verbose = verbose
        self.width = shutil.get_terminal_size((80, 24)).columns
        self.redact = Redactor()
        self._errors = RichConsole(stderr=True, highlight=False, markup=False)

    def out(self, text: str = "") -> None:
        """To standard output."""
        if not self.json:
            write(sys.stdout, printable(text))

    def err(self, text: str) -> None:
        """To standard error, above a progress bar if there is one."""
        self._errors.print(Text(printable(self.redact(text))), soft_wrap=True)

    def data(self, value: object) -> None:
        """JSON on standard output."""
        unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        write(sys.stdout, json.dumps(value, ensure_ascii=not unicode, indent=2))

    @contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """A bar on standard error while inside; a last line with the count where that is no terminal."""
        last = (0, 0)
        if not self._errors.is_terminal:

            def note(done: int, total: int) -> None:
                nonlocal last
                last = (done, total)

            yield note
            if last[0]:
                self.err(f"{label}: {last[0]:,} of {max(last):,}")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._errors, transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total or None)


class ErrorLines(io.TextIOBase):
    """A stream for the log: its lines go where the console's errors go, so that none tears a progress bar."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> int:
        """One or more whole lines."""
        self._console.err(text.removesuffix("\n"))
        return len(text)


def write(stream: TextIO, text: str) -> None:
    """A line to a stream whose encoding may lack characters of the text. TransientError when it cannot be written.

    A reader who has seen enough (``| head``) ends nothing: the rest is not printed.
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError as error:
        # What is still in the stream's buffer would fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise TransientError("output", "The output cannot be written", error.strerror or str(error)) from error


class RemoteConsole:
    """The terminal of the one who called over the channel. `Relay` is its other end."""

    def __init__(
        self, send: Callable[[Message], None], *, json: bool, verbose: bool, width: int, redact: Redactor
    ) -> None:
        self.json = json
        self.verbose = verbose
        self.width = width
        self.redact = redact
        self._send = send
        self._lock = threading.Lock()

    def out(self, text: str = "") -> None:
        """To the caller's standard output."""
        if not self.json:
            self._send({"out": text})

    def err(self, text: str) -> None:
        """To the caller's standard error."""
        self._send({"err": self.redact(text)})

    def data(self, value: object) -> None:
        """JSON on the caller's standard output."""
        self._send({"data": value})

    @contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """The caller draws it."""
        shown = (-1, -1)

        def update(done: int, total: int) -> None:
            nonlocal shown
            if shown != (done, total):
                shown = (done, total)
                self._send({"progress": {"label": label, "done": done, "total": total}})

        yield update


class Relay:
    """Shows on a console what a `RemoteConsole` sends. The result is kept back until `finish`: a command that the
    holder could not finish is run again, and its result must not appear twice.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = ExitStack()
        self._updates: dict[str, Update] = {}
        self._results: list[Message] = []

    def show(self, message: Message) -> None:
        """Take one message."""
        if "err" in message:
            self._console.err(str(message["err"]))
        elif "progress" in message:
            bar = message["progress"]
            label = str(bar["label"])
            if label not in self._updates:
                self._updates[label] = self._bars.enter_context(self._console.progress(label))
            self._updates[label](int(bar["done"]), int(bar["total"]))
        else:
            self._results.append(message)

    def finish(self) -> None:
        """The command has ended: print its result."""
        self._bars.close()
        for message in self._results:
            if "data" in message:
                self._console.data(message["data"])
            else:
                self._console.out(str(message.get("out", "")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bars.close()
