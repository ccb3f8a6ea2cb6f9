"""When the program makes a mistake: the log has the trace, the user a sentence, and the next start what was left."""

from __future__ import annotations

import faulthandler
import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from tray_connector.config.paths import Paths
from tray_connector.config.private_files import FILE_MODE, make_private_folder
from tray_connector.model.errors import Problem
from tray_connector.ui.workers import our_mistake

logger = logging.getLogger(__name__)

RUN = "crash-run-"
"""Begins the names of the files below ``logs`` into which the interpreter writes the stacks of all threads when its
process dies. Each process has its own: a second start must not touch the first one's.
"""
LAST_CRASH = "crash-last.txt"


@contextmanager
def watched(paths: Paths, tell: Callable[[Problem], None]) -> Iterator[Path]:
    """While inside, mistakes in any thread are logged and told, and a death of the process leaves its stacks in the
    file that this gives. `tell` may be called from any thread.
    """
    with _crash_file(paths) as file:
        before = sys.excepthook, threading.excepthook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                return
            logger.error("A mistake of ours", exc_info=(kind, error, trace), extra={"code": "internal"})
            tell(our_mistake(error))

        def thread_hook(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

        sys.excepthook, threading.excepthook = hook, thread_hook
        try:
            yield file
        finally:
            sys.excepthook, threading.excepthook = before


def earlier_death(own: Path) -> Path | None:
    """What a process that died left beside this one's `own` file, under the name under which it stays; None when none
    did since the last call.

    Only while this process holds the home: then no other one writes there for longer than a moment. For workers.
    """
    found = None
    for file in own.parent.glob(f"{RUN}*.txt"):
        if file.name == own.name:
            continue
        with suppress(OSError):  # another process may have it open, or be quicker
            if file.stat().st_size:
                found = file.replace(own.with_name(LAST_CRASH))
            else:
                file.unlink()
    return found


@contextmanager
def _crash_file(paths: Paths) -> Iterator[Path]:
    path = paths.logs / f"{RUN}{secrets.token_hex(4)}.txt"
    try:
        make_private_folder(paths.logs)
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "w", encoding="utf-8")
    except OSError as error:
        logger.info("A crash would leave no file: %s", error)
        yield path
        return
    with file:
        faulthandler.enable(file)
        try:
            yield path
        finally:
            faulthandler.disable()
    with suppress(OSError):
        path.unlink()
