"""The log: JSON lines in a rotated file that only the user may read, short lines on the terminal, no secrets."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from tray_connector.config.paths import Paths
from tray_connector.config.private_files import FILE_MODE, make_private_folder
from tray_connector.config.redaction import Redactor
from tray_connector.config.settings import Settings

log = logging.getLogger(__name__)

LARGEST = 2_000_000
"""Bytes of one log file."""
KEPT = 5
"""Older files beside it: ``app.log.1`` … ``.5``."""
CHATTY = {"apscheduler": logging.WARNING, "urllib3": logging.ERROR, "watchdog": logging.WARNING}
"""Libraries whose INFO tells the user nothing; their DEBUG lines may hold addresses with keys.

urllib3 warns, with a trace, of cut answers: whoever asked tells it once, in words.
"""


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC, milliseconds), level, logger, thread, message, and error with its trace.

    Redacted before it becomes JSON, so that a secret with quotes in it is found as well.
    """

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class TerminalLines(logging.Formatter):
    """Level and message; the trace of an error only when asked for."""

    def __init__(self, redact: Redactor, *, traces: bool) -> None:
        super().__init__()
        self._redact = redact
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        text = f"{record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info and self._traces:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return self._redact(text)


class PrivateRotatingFile(RotatingFileHandler):
    """A rotated file that is made with 0600."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        return open(handle, "a", encoding="utf-8", errors="backslashreplace")


class Terminal(logging.StreamHandler[TextIO]):
    """The terminal's lines, on what was the error output when it was made."""


def start_logging(
    paths: Paths,
    settings: Settings,
    *,
    verbose: bool = False,
    terminal: TextIO | None = None,
    redact: Redactor | None = None,
) -> ExitStack:
    """From now on everything logged goes to ``logs/app.log`` from ``LOG_LEVEL`` on, and to the terminal from WARNING on
    (with `verbose` from DEBUG on, with traces), without the settings' secrets
    and those that `redact` knows or learns.

    Ends when the returned stack is closed, at the next call, or with the process. A log file that cannot be opened is
    said on the terminal, and work goes on without it.
    """
    root = logging.getLogger()
    _end(root)
    redact = redact or Redactor()
    redact.learn(settings.secrets())
    stream = Terminal(terminal or sys.stderr)
    stream.setFormatter(TerminalLines(redact, traces=verbose))
    stream.setLevel(logging.DEBUG if verbose else logging.WARNING)
    stack = ExitStack()
    stack.callback(root.setLevel, root.level)
    stack.callback(_end, root)
    root.addHandler(stream)
    try:
        root.addHandler(_file_handler(paths.log_file, settings.log_level, redact))
    except OSError as error:
        log.warning("The log file cannot be written: %s", error)
    root.setLevel(min(handler.level for handler in _ours(root)))
    for name, level in CHATTY.items():
        library = logging.getLogger(name)
        stack.callback(library.setLevel, library.level)
        library.setLevel(level)
    return stack


def _ours(root: logging.Logger) -> list[logging.Handler]:
    return [handler for handler in root.handlers if isinstance(handler, (Terminal, PrivateRotatingFile))]


def _end(root: logging.Logger) -> None:
    for handler in _ours(root):
        root.removeHandler(handler)
        handler.close()


def _file_handler(file: Path, level: str, redact: Redactor) -> logging.Handler:
    make_private_folder(file.parent)
    handler = PrivateRotatingFile(file, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(JsonLines(redact))
    handler.setLevel(level)
    return handler
