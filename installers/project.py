"""What all installers share: names, places, the version, and running other programs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tray_connector import __version__ as VERSION  # noqa: N812 - it is a constant here

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "installers"
BUILD = ROOT / "build"
"""What is made on the way; may be deleted at any time."""
DIST = ROOT / "dist"
"""The installers, and `SHA256SUMS`."""
NAME = "tray-connector"
TITLE = "Tray Connector"
PUBLISHER = "Tray Connector contributors"
SUMMARY = "Keeps Teamwork and Missive in step with your own database"
BUNDLE_ID = "net.tray-connector.app"
SUMS = "SHA256SUMS"

__all__ = ["BUILD", "BUNDLE_ID", "DIST", "HERE", "NAME", "PUBLISHER", "ROOT", "SUMMARY", "SUMS", "TITLE", "VERSION"]


class BuildError(Exception):
    """No installer was made; the text says why and what to do."""


def say(text: str) -> None:
    """Say what happens now."""
    print(f"installers: {text}", file=sys.stderr, flush=True)


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None, seconds: float = 900) -> str:
    """Run a program of the build in the project; what it said. `BuildError` with the end of that when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as error:
        raise BuildError(f"{words[0]} is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{words[0]} did not end within {seconds:.0f} s.") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-25:])
        raise BuildError(f"{' '.join(words)} failed with exit code {done.returncode}:\n{tail}")
    return done.stdout


def megabytes(path: Path) -> float:
    """Of a file, or of all files below a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file() and not each.is_symlink()]
    return sum(each.stat().st_size for each in files) / 1e6


def write_sums(folder: Path = DIST) -> Path:
    """`SHA256SUMS` over all installers in the folder, in the form that `sha256sum --check` reads."""
    installers = sorted(each for each in folder.iterdir() if each.is_file() and each.name != SUMS)
    lines = [f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in installers]
    path = folder / SUMS
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    return path
