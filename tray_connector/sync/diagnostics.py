"""What a developer needs to help: texts about this home, without secrets, addresses, titles and contents.

Nothing here needs an engine, changes anything, or fails: what cannot be read is said in the bundle.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tray_connector import __version__
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.private_files import export_file
from tray_connector.config.redaction import Redactor
from tray_connector.config.secret_values import find_secrets
from tray_connector.model.errors import ConnectorError
from tray_connector.model.status import EngineStatus
from tray_connector.sync.diagnostics_home import crash_texts, files_below, log_texts, program
from tray_connector.sync.diagnostics_ledger import ledger_figures
from tray_connector.sync.diagnostics_queue import queue_figures
from tray_connector.sync.diagnostics_settings import settings_shown
from tray_connector.sync.session import Environment

ABOUT = "README.txt"
SHORTEST_TITLE = 6
"""Characters of a title that are masked wherever they stand; shorter ones are everyday words."""
PIECE = 100
"""Lines that are looked through in one go."""
_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
WHAT_IS_IN = """
What was taken out: keys, tokens and passwords stand as (secret), e-mail
addresses as (address), the titles of what waits in the queue as (title).
Contents of tasks and e-mails are not in here at all.

program.json    versions, operating system, free space
settings.json   every setting with its origin, secrets only as set or not set
status.json     what the program says of itself
queue.json      what waits to be stored, since when and why
ledger.json     what was stored so far in numbers, the latest runs, calls per month
files.txt       files of the data folder with size and time
logs/           the log, and what a crash left
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle."""

    name: str
    """With ``/`` between folder and file."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything, as it will be saved. May be shown to the user as it is."""

    made: datetime
    parts: tuple[Part, ...]
    troubles: tuple[str, ...] = ()
    """What could not be looked at, or is wrong: a sentence each."""

    @property
    def file_name(self) -> str:
        """What the file is called unless somebody calls it otherwise."""
        return f"tray-connector-diagnostics-{self.made:%Y-%m-%d}.zip"


class Cleaner:
    """Takes out of texts what is nobody else's business."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._redact = Redactor(secrets)
        self._titles: re.Pattern[str] | None = None

    def learn_titles(self, titles: Iterable[str]) -> None:
        """Mask these wherever they stand."""
        forms = {form for title in titles for form in (title, json.dumps(title)[1:-1]) if len(form) >= SHORTEST_TITLE}
        longest_first = sorted(forms, key=len, reverse=True)
        self._titles = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without secrets, titles and addresses; none of them goes over the end of a line."""
        # All at once would let no other thread run for most of a second, the window's least of all.
        lines = text.split("\n")
        return "\n".join(self._piece("\n".join(lines[at : at + PIECE])) for at in range(0, len(lines), PIECE))

    def _piece(self, text: str) -> str:
        text = self._redact(text)
        if self._titles is not None:
            text = self._titles.sub("(title)", text)
        return _ADDRESS.sub("(address)", text)


def gather(environment: Environment, stop: Stop, status: EngineStatus | dict[str, object] | None) -> Bundle:
    """Look at everything. `status` is the running engine's, or its form as JSON; None when none runs.

    Reads up to some ten megabytes and asks the keyring: may take its full deadline. `Stopped` in between.
    """
    paths, now = environment.paths, environment.clock.now()
    found = find_secrets(
        environ=environment.variables,
        paths=paths,
        dotenv=environment.dotenv,
        credentials=environment.credentials,
    )
    clean = Cleaner(found.values)
    troubles: list[str] = []
    if found.keyring_problem is not None:
        troubles.append(found.keyring_problem.sentence())
    queue = queue_figures(paths, stop)
    clean.learn_titles(queue.titles)
    current = status.to_json() if isinstance(status, EngineStatus) else status
    looks: dict[str, Callable[[], object]] = {
        "program.json": lambda: program(paths),
        "settings.json": lambda: settings_shown(environment, found, troubles),
        "status.json": lambda: current or {"state": "not running"},
        "queue.json": lambda: queue.figures,
        "ledger.json": lambda: ledger_figures(paths.ledger, stop, troubles),
        "files.txt": lambda: files_below(paths, stop),
    }
    texts = {name: _text(look, troubles, name) for name, look in looks.items()}
    texts |= log_texts(paths, stop, troubles)
    texts |= crash_texts(paths, troubles)
    parts = []
    for name, text in texts.items():
        if stop.is_set():
            raise Stopped
        parts.append(Part(name, clean(text)))
    told = tuple(dict.fromkeys(clean(trouble) for trouble in troubles))
    return Bundle(now, (Part(ABOUT, about(now, told)), *parts), told)


def about(made: datetime, troubles: Iterable[str]) -> str:
    """The text that explains the others."""
    head = f"Diagnostics of Tray Connector {__version__}, made {made:%Y-%m-%d %H:%M} UTC.\n"
    listed = "".join(f"- {trouble}\n" for trouble in troubles)
    return f"{head}{WHAT_IS_IN}\nFound while gathering:\n{listed or '- nothing unusual'}".rstrip() + "\n"


def save(bundle: Bundle, path: Path) -> None:
    """Write the bundle as a zip file that only the user may read; a file that is there is replaced.

    ConfigError when it cannot be written.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in bundle.parts:
            info = zipfile.ZipInfo(part.name, bundle.made.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, part.text.encode("utf-8", "backslashreplace"))
    export_file(path, buffer.getvalue())


def _text(look: Callable[[], object], troubles: list[str], name: str) -> str:
    try:
        found = look()
    except ConnectorError as error:
        troubles.append(error.problem.sentence())
        found = {"problem": error.problem.sentence()}
    except OSError as error:
        troubles.append(f"{name}: {error}")
        found = {"problem": str(error)}
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2) + "\n"
