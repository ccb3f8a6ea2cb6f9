"""Fetching ngrok's agent: a program of its own, which ngrok gives away at its own address."""

from __future__ import annotations

import contextlib
import logging
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pyngrok import installer
from pyngrok.exception import PyngrokError

from tray_connector import __version__
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Clock, Stop
from tray_connector.config.network import is_loopback
from tray_connector.model.errors import ConfigError, ConnectorError
from tray_connector.sources.file_host import Fetched, FileHost, Held
from tray_connector.webhooks.tunnel_errors import MEANWHILE, not_downloaded

_log = logging.getLogger(__name__)

LARGEST = 200 * 1024 * 1024
"""Bytes, of the archive and of the program in it. The agent has about 30 MB."""
PATIENCE = Limits(connect=10.0, silence=20.0, total=100.0, largest=1024 * 1024)
"""Of each of at most three tries; the next one goes on where the last one ended."""
_BLOCK = 1024 * 1024
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)


def agent_name() -> str:
    """``ngrok``, on Windows ``ngrok.exe``."""
    return "ngrok.exe" if os.name == "nt" else "ngrok"


def agent_address() -> str:
    """Where ngrok offers the agent for this machine. ConfigError where it offers none."""
    try:
        return installer.get_ngrok_cdn_url("3")
    except PyngrokError as error:
        raise ConfigError(
            "ngrok-platform",
            "ngrok has no agent for this computer",
            str(error),
            "Give the address of a reverse proxy of your own in PUBLIC_URL. " + MEANWHILE,
        ) from error


def fetch_agent(program: Path, clock: Clock, stop: Stop, *, address: str | None = None) -> None:
    """Download the newest agent and put it at `program`, whole or not at all; about five minutes at the most.

    ngrok publishes no checksum: what proves the origin is the certificate of its host. Raises `ConfigError` (no agent
    for this machine), `TransientError` (not fetched, no space), `Stopped` at once.
    """
    address = address or agent_address()
    _log.info("Downloading ngrok's agent")
    local = is_loopback(address.partition("://")[2].partition("/")[0].partition(":")[0])
    host = FileHost(clock=clock, user_agent=f"tray-connector/{__version__}", loopback=local, limits=PATIENCE)
    try:
        with tempfile.TemporaryFile(dir=program.parent) as archive:
            fetched = host.download(address, _Archive(archive), stop, largest=LARGEST)
            if not isinstance(fetched, Fetched):
                raise not_downloaded(f"The download was refused: {fetched}.", clock.now())
            _unpack(archive, program)
    except _BROKEN as error:
        raise not_downloaded(f"The download is damaged: {error}.", clock.now()) from error
    except OSError as error:
        raise not_downloaded(f"{error.filename or program}: {error.strerror or error}", clock.now()) from error
    except ConnectorError as error:
        if error.problem.code.startswith("ngrok-"):
            raise
        raise not_downloaded(error.problem.message, clock.now()) from error
    finally:
        host.close()


class _Archive:
    """Takes the download in; see `file_host.Target`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._held = Held()

    def held(self) -> Held:
        return Held(self._file.tell(), self._held.etag, self._held.length)

    def begin(self, held: Held) -> None:
        self._held = held
        self._file.seek(held.size)
        self._file.truncate()

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)


def _unpack(archive: IO[bytes], program: Path) -> None:
    handle, name = tempfile.mkstemp(dir=program.parent, prefix=f".{program.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as target, _program_in(archive, program.name) as source:
            size = 0
            while block := source.read(_BLOCK):
                size += len(block)
                if size > LARGEST:
                    raise KeyError("the program in it is too large")
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        temporary.chmod(0o700)
        temporary.replace(program)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _program_in(archive: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    archive.seek(0)
    if zipfile.is_zipfile(archive):
        archive.seek(0)
        with zipfile.ZipFile(archive) as packed, packed.open(name) as member:
            yield member
        return
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode="r:*") as packed_tar:
        found = packed_tar.extractfile(name)
        if found is None:
            raise KeyError(f"no {name} in it")
        with found:
            yield found
