"""What can be seen of the installers without making them: also those of systems that are not here."""

from __future__ import annotations

import configparser
import hashlib
import plistlib
import re
import struct
import sys
from pathlib import Path

import pytest

from installers import bundle, icons, project, trim
from installers.deb import control_text
from installers.dmg import ENTITLEMENTS
from installers.licences import shipped, write_licences
from installers.nsis import SCRIPT
from tray_connector import __version__
from tray_connector.desktop.autostart import HIDDEN, NAME, TITLE
from tray_connector.desktop.autostart_macos import LABEL
from tray_connector.desktop.autostart_windows import APPROVED, RUN
from tray_connector.ui.application import DESKTOP_FILE

ROOT = project.ROOT
SPEC = (ROOT / "installers" / "build.spec").read_text(encoding="utf-8")
SETUP = SCRIPT.read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
VERSION_NUMBER = re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Icons go to a folder of the test's own."""
    monkeypatch.setattr(icons, "FOLDER", tmp_path)
    monkeypatch.setattr(icons, "ICO", tmp_path / "x.ico")
    monkeypatch.setattr(icons, "ICNS", tmp_path / "x.icns")
    return tmp_path


def test_the_version_stands_in_one_place() -> None:
    asked = [ROOT / "pyproject.toml", *ROOT.glob("installers/**/*"), *ROOT.glob(".github/**/*")]
    texts = [path for path in asked if path.is_file() and path.suffix in (".py", ".toml", ".nsi", ".spec", ".yml", "")]
    assert [path for path in texts if VERSION_NUMBER.search(path.read_text(encoding="utf-8"))] == []
    assert __version__ == project.VERSION
    assert f"Version: {__version__}\n" in control_text(1.0)


def test_the_build_is_one_folder_and_packs_nothing_that_guards_distrust() -> None:
    assert SPEC.count("upx=False") == 2
    assert "upx=True" not in SPEC
    assert "exclude_binaries=True" in SPEC
    assert "COLLECT(" in SPEC
    assert "version=version_resource(" in SPEC
    compile(SPEC, "build.spec", "exec")


def test_windows_shows_what_is_written_in_the_program() -> None:
    assert f'"{TITLE}"' in SETUP
    assert RUN in SETUP
    assert APPROVED in SETUP
    assert rf"""'"$INSTDIR\${{PROGRAM}}" {HIDDEN}'""" in SETUP
    assert "RequestExecutionLevel user" in SETUP
    assert "HKLM" not in SETUP


def test_both_languages_of_the_windows_installer_are_complete() -> None:
    words = re.findall(r'^!insertmacro Words (\w+) "([^"]+)" "([^"]+)"$', SETUP, re.MULTILINE)
    used = set(re.findall(r"\$\((\w+)\)", SETUP))
    assert used == {name for name, _, _ in words}


def test_macos_takes_it_for_a_menu_bar_program_that_never_naps() -> None:
    plist = plistlib.loads(plistlib.dumps(bundle.info_plist()))
    assert plist["LSUIElement"] is True
    assert plist["NSAppSleepDisabled"] is True
    assert plist["CFBundleShortVersionString"] == __version__
    assert plist["LSEnvironment"] == {"LC_CTYPE": "UTF-8"}
    assert "info_plist=info_plist()" in SPEC
    assert project.BUNDLE_ID.rpartition(".")[0] == LABEL.rpartition(".")[0]


def test_the_hardened_runtime_gets_the_rights_that_python_needs_and_no_more() -> None:
    rights = plistlib.loads(ENTITLEMENTS.read_bytes())
    assert rights == {
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
        "com.apple.security.cs.disable-library-validation": True,
    }


def test_the_desktop_entry_bears_the_name_that_windows_go_by() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # as its documentation says
    parser.read(ROOT / "installers" / "linux" / f"{DESKTOP_FILE}.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert entry["Name"] == TITLE
    assert entry["Icon"] == entry["StartupWMClass"] == DESKTOP_FILE == NAME
    assert entry["Exec"] == f"/usr/bin/{NAME}"
    assert entry["Comment[de]"]


def test_icons_have_every_size(elsewhere: Path) -> None:
    icons.make_icons()
    for size in icons.LINUX_SIZES:
        content = icons.png_file(size).read_bytes()
        assert struct.unpack(">II", content[16:24]) == (size, size)
    ico = icons.ICO.read_bytes()
    _, kind, count = struct.unpack("<HHH", ico[:6])
    sides = []
    for number in range(count):
        side, _, _, _, _, bits, length, offset = struct.unpack("<BBBBHHII", ico[6 + 16 * number : 22 + 16 * number])
        sides.append(side or 256)
        assert bits == 32
        assert offset + length <= len(ico)
    assert (kind, tuple(sides)) == (1, icons.WINDOWS_SIZES)
    icns = icons.ICNS.read_bytes()
    assert struct.unpack(">4sI", icns[:8]) == (b"icns", len(icns))
    at, found = 8, {}
    while at < len(icns):
        name, length = struct.unpack(">4sI", icns[at : at + 8])
        found[name] = struct.unpack(">I", icns[at + 24 : at + 28])[0]
        at += length
    assert found == icons.MACOS_KINDS


def test_what_is_shipped_is_listed_with_its_licence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("installers.licences.FILE", tmp_path / "licences.txt")
    text = write_licences().read_text(encoding="utf-8")
    names = {each.name.lower() for each in shipped(sys.path)}
    assert {"pyside6_essentials", "shiboken6", "psycopg", "psycopg-binary", "requests", "watchdog"} <= names
    assert not names & {"pytest", "ruff", "mypy", "pyinstaller"}
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Apache License" in text


def test_of_the_machines_libraries_only_those_that_are_loaded_are_taken_along() -> None:
    binaries = [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/site/libqxcb.so", "BINARY"),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "/site/libqgtk3.so", "BINARY"),
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/site/libQt6Quick.so.6", "BINARY"),
        ("PySide6/Qt/lib/libQt6Core.so.6", "/site/libQt6Core.so.6", "BINARY"),
        ("libpython3.11.so.1.0", "/usr/lib/libpython3.11.so.1.0", "BINARY"),
        ("_cffi_backend.cpython-311-x86_64-linux-gnu.so", "/site/_cffi_backend.so", "EXTENSION"),
        ("libxcb-icccm.so.4", "/usr/lib/libxcb-icccm.so.4", "BINARY"),
        ("libgtk-3.so.0", "/usr/lib/libgtk-3.so.0", "BINARY"),
    ]
    datas = [
        ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK"),
        ("libQt6Quick.so.6", "PySide6/Qt/lib/libQt6Quick.so.6", "SYMLINK"),
        ("PySide6/Qt/translations/qtbase_de.qm", "/site/qtbase_de.qm", "DATA"),
        ("PySide6/Qt/translations/qtbase_fr.qm", "/site/qtbase_fr.qm", "DATA"),
        ("tray_connector/ui/resources/app.svg", "/src/app.svg", "DATA"),
    ]

    def loads(path: str) -> list[tuple[str, str | None]]:
        library = {"/site/libqxcb.so": "libxcb-icccm.so.4", "/site/libqgtk3.so": "libgtk-3.so.0"}.get(path)
        return [(library, f"/usr/lib/{library}")] if library else []

    kept, kept_datas = trim.trimmed(binaries, datas, loads)
    assert [name for name, _, _ in kept] == [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/lib/libQt6Core.so.6",
        "libpython3.11.so.1.0",
        "_cffi_backend.cpython-311-x86_64-linux-gnu.so",
        "libxcb-icccm.so.4",
    ]
    assert [name for name, _, _ in kept_datas] == [
        "libQt6Core.so.6",
        "PySide6/Qt/translations/qtbase_de.qm",
        "tray_connector/ui/resources/app.svg",
    ]


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        (r"PySide6\plugins\platforms\qwindows.dll", True),
        (r"PySide6\plugins\platforms\qdirect2d.dll", False),
        (r"PySide6\plugins\styles\qmodernwindowsstyle.dll", True),
        (r"PySide6\Qt6Quick.dll", False),
        (r"PySide6\Qt6Gui.dll", True),
        (r"PySide6\opengl32sw.dll", False),
        ("PySide6/Qt/lib/QtQml.framework/Versions/A/QtQml", False),
        ("PySide6/Qt/lib/QtWidgets.framework/Versions/A/QtWidgets", True),
        ("PySide6/Qt/plugins/platforms/libqcocoa.dylib", True),
        ("tray_connector/ui/resources/translations/tray_connector_de.qm", True),
    ],
)
def test_what_stays_on_the_other_systems(name: str, stays: bool) -> None:
    assert trim.wanted(name) is stays


def test_sums_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    (tmp_path / "b.deb").write_bytes(b"b")
    (tmp_path / "a.exe").write_bytes(b"a")
    text = project.write_sums(tmp_path).read_text(encoding="ascii")
    digests = [hashlib.sha256(content).hexdigest() for content in (b"a", b"b")]
    assert text == f"{digests[0]}  a.exe\n{digests[1]}  b.deb\n"
    assert project.write_sums(tmp_path).read_text(encoding="ascii") == text


def test_a_failed_step_says_what_it_said() -> None:
    with pytest.raises(project.BuildError, match="is not installed"):
        project.run(["no-such-program-anywhere"])
    with pytest.raises(project.BuildError, match=r"(?s)exit code 3.*what went wrong"):
        project.run(["sh", "-c", "echo what went wrong; exit 3"])


def test_the_workflow_runs_only_actions_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert [each for each in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", each)] == []
    for system in ("linux --test", "windows", "macos"):
        assert f"bootstrap.py package {system}\n" in WORKFLOW
    assert "SHA256SUMS" in WORKFLOW
