"""macOS: the bundle in a disk image, signed and notarised where there are certificates to do so."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from installers.dmg_picture import draw_background
from installers.freeze import FROZEN, freeze
from installers.project import BUILD, DIST, HERE, TITLE, VERSION, BuildError, run, say

APP = FROZEN / f"{TITLE}.app"
STAGE = BUILD / "dmg"
ENTITLEMENTS = HERE / "macos" / "entitlements.plist"
LAYOUT = HERE / "macos" / "layout.applescript"
IDENTITY = "MACOS_SIGN_IDENTITY"
"""Environment variable: the name of a Developer ID certificate in the keychain. Without it the bundle is signed ad hoc,
which is as much as an Apple processor asks for."""
PROFILE = "MACOS_NOTARY_PROFILE"
"""Environment variable: the name that ``notarytool store-credentials`` was given. Without it nothing is notarised."""
KEYCHAIN = "MACOS_NOTARY_KEYCHAIN"
"""Environment variable: the keychain that holds the profile, if it is not the usual one."""
BINARIES = (".so", ".dylib")


def make_dmg() -> Path:
    """Make ``dist/TrayConnector-VERSION-PROCESSOR.dmg``. Only on macOS."""
    if platform.system() != "Darwin":
        raise BuildError("The installer for macOS can only be made on macOS.")
    freeze()
    sign_bundle(os.environ.get(IDENTITY, ""))
    made = DIST / f"TrayConnector-{VERSION}-{platform.machine()}.dmg"
    make_image(made)
    if os.environ.get(IDENTITY):
        run(["codesign", "--sign", os.environ[IDENTITY], "--timestamp", made])
    notarise(made, os.environ.get(PROFILE, ""))
    return made


def sign_bundle(identity: str) -> None:
    """From the inside out; with a certificate under the hardened runtime. Then look at it as macOS will."""
    hardened = ("--options", "runtime", "--timestamp", "--entitlements", ENTITLEMENTS) if identity else ()
    command = ["codesign", "--force", *hardened, "--sign", identity or "-"]
    inner = [path for path in APP.rglob("*") if path.suffix in BINARIES and path.is_file() and not path.is_symlink()]
    frameworks = [path for path in APP.rglob("*.framework") if path.is_dir() and not path.is_symlink()]
    for path in (*inner, *frameworks, APP):
        run([*command, path])
    run(["codesign", "--verify", "--deep", "--strict", APP])


def make_image(made: Path) -> None:
    """The bundle beside a link to Applications, over a picture that says to drag it there."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    # ditto keeps the links inside the frameworks, which their signatures rest on.
    run(["ditto", APP, STAGE / APP.name])
    (STAGE / "Applications").symlink_to("/Applications")
    draw_background(STAGE / ".background" / "background.png")
    draft = BUILD / "draft.dmg"
    run(["hdiutil", "create", "-ov", "-volname", TITLE, "-srcfolder", STAGE, "-fs", "HFS+", "-format", "UDRW", draft])
    lay_out_window(draft)
    run(["hdiutil", "convert", draft, "-ov", "-format", "UDZO", "-imagekey", "zlib-level=9", "-o", made])


def lay_out_window(draft: Path) -> None:
    """Have the Finder place the icons; a machine where nobody is signed in has none, and the image works without."""
    place = Path("/Volumes") / TITLE
    run(["hdiutil", "attach", draft, "-noautoopen", "-mountpoint", place])
    try:
        run(["osascript", LAYOUT, TITLE, APP.name], seconds=60)
    except BuildError as reason:
        say(f"The window of the disk image keeps its usual look: {reason}")
    finally:
        run(["hdiutil", "detach", place])


def notarise(made: Path, profile: str) -> None:
    """Have Apple look at it, and fix the answer to it. Nothing without a profile."""
    if not profile:
        say("Not notarised: macOS will warn whoever opens it (docs/packaging.md says how to go on).")
        return
    keychain = os.environ.get(KEYCHAIN, "")
    where = ("--keychain-profile", profile, *(("--keychain", keychain) if keychain else ()))
    run(["xcrun", "notarytool", "submit", made, *where, "--wait"], seconds=3 * 3600)
    run(["xcrun", "stapler", "staple", made])
    run(["xcrun", "stapler", "validate", made])
    run(["spctl", "--assess", "--type", "open", "--context", "context:primary-signature", made])
