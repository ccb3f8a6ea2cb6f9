"""Sets up everything in `.venv`, then runs the demo or the tests, or makes an installer. Needs Python 3.11 or newer.

python3 bootstrap.py demo [arguments of tray-connector demo]
python3 bootstrap.py test [arguments of pytest]
python3 bootstrap.py package linux|windows|macos [--test]     --test: and try it, as this user and on this system
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "constraints.txt"
CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",))
PYTEST = ("pytest", "-n", "2")
"""Two at a time; `-n 0` among the arguments makes it one."""
TEST_PROGRAMS = {
    "gnome-keyring-daemon": "gnome-keyring",
    "dbus-run-session": "dbus",
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "trayer": "trayer",
    "dunst": "dunst",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
}
"""What some tests need beside Python on Linux, and the Debian package of each; without it they are skipped."""
TEST_LIBRARIES = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "xkbcommon": "libxkbcommon0",
    "glib-2.0": "libglib2.0-0",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-shape": "libxcb-shape0",
}
"""What Qt needs there to draw windows, on a screen that nobody sees."""
PACKAGE_PROGRAMS = {
    "linux": {
        "dpkg-deb": "dpkg",
        "strip": "binutils",
        "desktop-file-validate": "desktop-file-utils",
    },
    "windows": {
        "makensis": "nsis",
        "wine": "wine wine64",
        "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64-posix",
    },
    "macos": {},
}
"""What making an installer on Linux needs, in the same way; without it there is none."""


def main(arguments: list[str]) -> int:
    """Set up what the command needs, then run it; its exit code."""
    if sys.version_info < (3, 11):
        return fail(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    if not arguments or arguments[0] not in ("demo", "test", "package"):
        print(__doc__)
        return 2
    command, rest = arguments[0], arguments[1:]
    try:
        if command == "package":
            return package(rest)
        set_up("test" if command == "test" else "" if "--headless" in rest else "tray")
        if command == "demo":
            return run([PYTHON, "-m", "tray_connector", "demo", *rest]).returncode
        return run_tests(rest)
    except SetupError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return 130


class SetupError(Exception):
    """Setting up failed; the text says what to do."""


def fail(text: str) -> int:
    """Say what stopped us."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)
    return 1


def say(text: str) -> None:
    """Say what happens now."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)


def run(command: list[str | Path], *, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program of `.venv` (or the one that makes it) in the project; `quiet` keeps what it says."""
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=quiet, text=True, check=False)


def environment() -> dict[str, str]:
    """The environment of everything run in `.venv`: nothing of another Python's."""
    leave_out = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__")
    clean = {name: value for name, value in os.environ.items() if name not in leave_out}
    return {**clean, "VIRTUAL_ENV": str(VENV), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def set_up(extra: str) -> None:
    """Make `.venv` hold the program and all it needs with this extra of it; quick when it does already."""
    if extra == "test" and sys.platform == "linux":
        missing = lacking(TEST_PROGRAMS, TEST_LIBRARIES)
        if missing and not install_packages(missing):
            say(f"Some tests are skipped. To run them: sudo apt-get install {' '.join(missing)}")
    stamps = {each: VENV / f"installed-{each or 'plain'}.stamp" for each in ("", "tray", "package", "test")}
    wanted = state()
    enough = list(stamps)[list(stamps).index(extra) :]
    if PYTHON.exists() and any(holds(stamps[each], wanted) for each in enough):
        return
    if not venv_works():
        make_venv()
    say("Installing what is needed (once; takes about a minute) ...")
    constraints = ("--constraint", str(CONSTRAINTS))
    # The build tool is pinned too, so that building does not fetch another.
    pip("install", *constraints, "setuptools")
    pip("install", *constraints, "--no-build-isolation", "--editable", f"{ROOT}[{extra}]" if extra else f"{ROOT}")
    stamps[extra].write_text(wanted, encoding="utf-8")


def lacking(programs: dict[str, str], libraries: dict[str, str]) -> list[str]:
    """Debian packages of those that are not here."""
    names = [package for program, package in programs.items() if shutil.which(program) is None]
    names += [package for library, package in libraries.items() if find_library(library) is None]
    return " ".join(names).split()


def package(arguments: list[str]) -> int:
    """Make the installer for a system, and with ``--test`` try it; the exit code."""
    systems = [word for word in arguments if word in PACKAGE_PROGRAMS]
    if len(systems) != 1 or set(arguments) - {*systems, "--test"}:
        print(__doc__)
        return 2
    system, tests = systems[0], "--test" in arguments
    if sys.platform == "linux":
        # The package takes along the libraries of Qt's surroundings: they must be here.
        missing = lacking(PACKAGE_PROGRAMS[system], TEST_LIBRARIES if system == "linux" else {})
        if missing and not install_packages(missing):
            raise SetupError(f"Something is missing that makes the installer: sudo apt-get install {' '.join(missing)}")
    set_up("test" if tests else "package")
    code = run([PYTHON, "-m", "installers", system]).returncode
    if code != 0 or not tests:
        return code
    return run([PYTHON, "-m", "pytest", "-m", "packaging", f"tests/packaging/test_{system}.py"]).returncode


def state() -> str:
    """Changes when the installation must be brought up to date."""
    files = b"".join(path.read_bytes() for path in (ROOT / "pyproject.toml", CONSTRAINTS))
    return f"{maker()}\n{hashlib.sha256(files).hexdigest()}"


def maker() -> str:
    """Which Python made `.venv`, and where: after a copy or an upgrade it must be made anew."""
    return f"{sys.version}\n{ROOT}"


def holds(stamp: Path, text: str) -> bool:
    """Whether the stamp, written after what it stands for was complete, says this."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == text


def venv_works() -> bool:
    """Whether there is a `.venv` made by this Python, in this place, with a pip that runs."""
    if not PYTHON.exists() or not holds(VENV / "made.stamp", maker()):
        return False
    return run([PYTHON, "-m", "pip", "--version"], quiet=True).returncode == 0


def make_venv() -> None:
    """Make `.venv` anew, with pip in it."""
    say(f"Making {VENV} ...")
    package = f"python3.{sys.version_info.minor}-venv"
    create: list[str | Path] = [sys.executable, "-m", "venv", "--clear", VENV]
    # Debian keeps ensurepip in a package of its own. Where we cannot install it, a pip outside does its work.
    if importlib.util.find_spec("ensurepip") is not None or install_packages([package]):
        made = run(create, quiet=True)
    else:
        made = run([*create, "--without-pip"], quiet=True)
        if made.returncode == 0:
            made = run([sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip"], quiet=True)
    if made.returncode != 0:
        raise SetupError(
            f"No virtual environment could be made:\n{(made.stdout + made.stderr).strip()}\n"
            f"On Debian and Ubuntu: sudo apt-get install {package}, then run this again."
        )
    (VENV / "made.stamp").write_text(maker(), encoding="utf-8")


def pip(*arguments: str) -> None:
    """Run pip in `.venv`; what it says is shown when it fails."""
    done = run([PYTHON, "-m", "pip", *arguments], quiet=True)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise SetupError(
            f"Installing failed:\n{said}\n"
            "Most often there is no network; behind a proxy set HTTPS_PROXY. Then run this again."
        )


def install_packages(packages: list[str]) -> bool:
    """Install system packages where we may: on Debian, as root. Whether they are there now."""
    if not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None or not is_root():
        return False
    say(f"Installing the system packages {', '.join(packages)} ...")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (install, ["apt-get", "update", "-q"], install):
        answer = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if command is install and answer.returncode == 0:
            return True
    say(f"apt-get could not install them: {answer.stderr.strip()}")
    return False


def is_root() -> bool:
    """Whether we may install system packages."""
    return sys.platform != "win32" and os.geteuid() == 0


def run_tests(arguments: list[str]) -> int:
    """Linters, types, layers, then the tests; ends at the first that fails."""
    for program, *options in (*CHECKS, (*PYTEST, *arguments)):
        say(" ".join([program, *options]))
        code = run([PYTHON.with_name(program), *options]).returncode
        if code != 0:
            return fail(f"stopped: {program} found something to mend (exit code {code})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
