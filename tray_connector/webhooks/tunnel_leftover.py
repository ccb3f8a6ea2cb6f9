"""An agent that an earlier run left behind: known by its process id and the moment it began, and ended.

Without the moment, a number that the system has given to another process meanwhile would be taken for ours.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.private_files import replace_file

_log = logging.getLogger(__name__)

END_SECONDS = 2.0
_LOOK = 0.02
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def note_agent(note: Path, pid: int) -> None:
    """Write down that this process is our agent. OSError."""
    replace_file(note, json.dumps({"pid": pid, "started": started(pid)}).encode())


def end_leftover(note: Path, stop: Stop) -> bool:
    """End the process of the note if it still is the one that was noted; True when it was there. Raises `Stopped`.

    The note is removed. A process that cannot be ended is left alone: ngrok will say that it is in the way.
    """
    found = _read(note)
    there = found is not None and started(found[0]) == found[1]
    if found is not None and there:
        pid, begun = found
        _log.info("Ending an ngrok agent that an earlier run left behind (process %d)", pid)
        try:
            os.kill(pid, _KILL)
        except OSError as error:
            _log.info("It cannot be ended: %s", error.strerror or error)
        for _ in range(round(END_SECONDS / _LOOK)):
            if started(pid) != begun:
                break
            if stop.wait(_LOOK):
                raise Stopped
    note.unlink(missing_ok=True)
    return there


def _read(note: Path) -> tuple[int, str] | None:
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        pid, begun = int(data["pid"]), data["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (pid, begun) if pid > 0 and isinstance(begun, str) else None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _KILL = signal.SIGTERM
    _QUERY = 0x1000
    _STILL_ACTIVE = 259

    def started(pid: int) -> str | None:
        """A text that no other process ever shares with this one; None when there is none, or it cannot be asked."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(_QUERY, False, pid)
        if not handle:
            return None
        try:
            code = wintypes.DWORD()
            if (
                not kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code))
                or code.value != _STILL_ACTIVE
            ):
                return None
            times = [wintypes.FILETIME() for _ in range(4)]
            if not kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times)):
                return None
            return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}"
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))

elif sys.platform == "linux":
    _KILL = signal.SIGKILL

    def started(pid: int) -> str | None:
        """A text that no other process ever shares with this one; None when there is none, or it cannot be asked."""
        try:
            # Behind the name, which may hold anything: state, and as the 20th the start in ticks since the boot.
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = _BOOT.read_text(encoding="ascii").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"

else:
    _KILL = signal.SIGKILL

    def started(pid: int) -> str | None:
        """A text that no other process ever shares with this one; None when there is none, or it cannot be asked."""
        asked = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
        plain = {"LC_ALL": "C", "TZ": "UTC0"}
        try:
            answer = subprocess.run(  # noqa: S603 - no words from outside
                asked, capture_output=True, text=True, timeout=5, check=False, env=plain
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip() or None
