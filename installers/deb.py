"""Linux: a package for Debian and its relatives, from the frozen program."""

from __future__ import annotations

import gzip
import platform
import shutil
from email.utils import formatdate
from pathlib import Path

from installers.freeze import freeze
from installers.icons import LINUX_SIZES, SVG, png_file
from installers.licences import FILE as LICENCES
from installers.project import BUILD, DIST, HERE, NAME, PUBLISHER, SUMMARY, VERSION, megabytes, run, say

TREE = BUILD / "deb"
FILES = HERE / "linux"
PROGRAM = Path("usr/lib") / NAME
DEPENDS = "libc6 (>= {glibc}), libgl1, libegl1, fontconfig-config, xkb-data, ca-certificates"
"""What the folder does not bring along: the C library, the graphics driver's entry, fonts, keyboards, authorities."""
RECOMMENDS = "gnome-keyring | kwalletmanager | keepassxc, fonts-dejavu-core | fonts-noto-core"
MAINTAINER = f"{PUBLISHER} <noreply@tray-connector.invalid>"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DESCRIPTION = (
    "An icon in the tray that keeps a small office's Teamwork tasks and Missive",
    "e-mails in step with its own database: Airtable, PostgreSQL or SQLite. It",
    "only reads Teamwork and Missive, loses nothing, and tells every problem with",
    "its reason and the next step.",
)


def make_deb() -> Path:
    """Make ``dist/tray-connector_VERSION_ARCH.deb``."""
    program = freeze()
    lay_out(program)
    made = DIST / f"{NAME}_{VERSION}_{architecture()}.deb"
    say("dpkg-deb packs it ...")
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", TREE, made])
    return made


def architecture() -> str:
    """Debian's word for this machine."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def lay_out(program: Path) -> None:
    """The tree as it will be below ``/``."""
    shutil.rmtree(TREE, ignore_errors=True)
    shutil.copytree(program, TREE / PROGRAM, symlinks=True)
    command = TREE / "usr/bin" / NAME
    command.parent.mkdir(parents=True)
    command.symlink_to(Path("../lib") / NAME / NAME)
    icons = TREE / "usr/share/icons/hicolor"
    for size in LINUX_SIZES:
        put(png_file(size), icons / f"{size}x{size}" / "apps" / f"{NAME}.png")
    put(SVG, icons / "scalable" / "apps" / f"{NAME}.svg")
    put(FILES / f"{NAME}.desktop", TREE / "usr/share/applications" / f"{NAME}.desktop")
    documents = TREE / "usr/share/doc" / NAME
    put(FILES / "copyright", documents / "copyright")
    # Once is enough: the program does not read it.
    (TREE / PROGRAM / "_internal" / LICENCES.name).unlink()
    put_packed(LICENCES.read_bytes(), documents / f"{LICENCES.name}.gz")
    put_packed(changelog().encode(), documents / "changelog.gz")
    control = TREE / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(control_text(megabytes(TREE)), encoding="utf-8")
    shutil.copyfile(FILES / "prerm", control / "prerm")
    for path in TREE.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path == TREE / PROGRAM / NAME or path == control / "prerm"
            path.chmod(0o755 if runs else 0o644)


def put(source: Path, target: Path) -> None:
    """Copy into the tree."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def put_packed(content: bytes, target: Path) -> None:
    """The same, as gzip without a time in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(content, 9, mtime=0))


def control_text(size: float) -> str:
    """The package's own description; `size` in megabytes."""
    lines = [
        f"Package: {NAME}",
        f"Version: {VERSION}",
        f"Architecture: {architecture()}",
        f"Maintainer: {MAINTAINER}",
        f"Installed-Size: {size * 1e6 / 1024:.0f}",
        f"Depends: {DEPENDS.format(glibc=oldest_glibc())}",
        f"Recommends: {RECOMMENDS}",
        "Section: utils",
        "Priority: optional",
        f"Description: {SUMMARY[:1].lower()}{SUMMARY[1:]}",
        *(f" {line}" for line in DESCRIPTION),
    ]
    return "\n".join(lines) + "\n"


def oldest_glibc() -> str:
    """The C library of this machine, which the libraries taken from it may ask for; Qt asks for 2.34."""
    return platform.libc_ver()[1] or "2.34"


def changelog() -> str:
    """The least that Debian asks for; what is new stands with each release."""
    head, entry = f"{NAME} ({VERSION}) stable; urgency=medium", f"  * Version {VERSION}."
    return f"{head}\n\n{entry}\n\n -- {MAINTAINER}  {formatdate(0)}\n"
