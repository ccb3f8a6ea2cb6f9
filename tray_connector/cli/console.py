"""What a command says: to the terminal, or over the channel to the terminal of the one who called."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tray_connector.model.errors import Problem

Update = Callable[[int, int], None]
"""Takes (done, total); a total of 0 means "not known yet"."""


class Console(Protocol):
    """Where a command's words go. With `json` the standard output carries JSON alone."""

    json: bool
    verbose: bool

    def out(self, text: str) -> None:
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


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table for a terminal. Everything in it is plain text, whatever it looks like."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    rich = RichConsole(width=width or RichConsole().width, highlight=False)
    with rich.capture() as capture:
        rich.print(table)
    return capture.get().rstrip("\n")


def printable(text: str) -> str:
    """The text without what would steer a terminal: subjects and names come from outside."""
    return "".join(character if character.isprintable() else " " for character in text)


class TerminalConsole:
    """The terminal of this process."""

    def __init__(self, *, json: bool = False, verbose: bool = False) -> None:
        self.json = json
        self.verbose = verbose
        self._errors = RichConsole(stderr=True, highlight=False, markup=False)

    def out(self, text: str) -> None:
        """To standard output."""
        if not self.json:
            write(sys.stdout, text)

    def err(self, text: str) -> None:
        """To standard error, above a progress bar if there is one."""
        self._errors.print(Text(text), soft_wrap=True)

    def data(self, value: object) -> None:
        """JSON on standard output."""
        write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2))

    @contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """A bar on standard error while inside; a last line with the count where that is no terminal."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._errors,
            transient=True,
        )
        task: TaskID = bar.add_task(label, total=None)
        last = (0, 0)

        def update(done: int, total: int) -> None:
            nonlocal last
            last = (done, total)
            bar.update(task, completed=done, total=total or None)

        if not self._errors.is_terminal:
            yield update
            if last[0]:
                self.err(f"{label}: {last[0]} of {max(last)}")
            return
        with bar:
            yield update


def write(stream: Any, text: str) -> None:
    """A line to a stream whose encoding may lack characters of the text."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


class RemoteConsole:
    """The terminal of the one who called over the channel."""

    def __init__(self, send: Callable[[dict[str, Any]], None], *, json: bool, verbose: bool) -> None:
        self.json = json
        self.verbose = verbose
        self._send = send
        self._lock = threading.Lock()

    def out(self, text: str) -> None:
        """To the caller's standard output."""
        if not self.json:
            self._send({"out": text})

    def err(self, text: str) -> None:
        """To the caller's standard error."""
        self._send({"err": text})

    def data(self, value: object) -> None:
        """JSON on the caller's standard output."""
        self._send({"out": json.dumps(value, ensure_ascii=False, indent=2)})

    @contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """The caller draws it."""

        def update(done: int, total: int) -> None:
            self._send({"progress": {"label": label, "done": done, "total": total}})

        yield update
