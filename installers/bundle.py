"""What macOS is told of the program: the bundle's `Info.plist`."""

from __future__ import annotations

from installers.project import NAME, PUBLISHER, TITLE, VERSION

OLDEST = "13.0"
"""The oldest macOS that PySide6 6.11 runs on."""


def info_plist() -> dict[str, object]:
    """The keys beside those that PyInstaller writes itself (executable, icon, identifier)."""
    return {
        "CFBundleName": TITLE,
        "CFBundleDisplayName": TITLE,
        "CFBundleShortVersionString": VERSION,
        "CFBundleVersion": VERSION,
        "CFBundleExecutable": NAME,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "de"],
        "LSApplicationCategoryType": "public.app-category.business",
        "LSMinimumSystemVersion": OLDEST,
        # Only in the menu bar, not in the Dock.
        "LSUIElement": True,
        # Nobody looks at it while it works: it must not be put to rest.
        "NSAppSleepDisabled": True,
        "LSAppNapIsDisabled": True,
        # Started from the Finder there is no shell that would set it.
        "LSEnvironment": {"LC_CTYPE": "UTF-8"},
        "NSHighResolutionCapable": True,
        "NSSupportsAutomaticGraphicsSwitching": True,
        "NSHumanReadableCopyright": f"MIT licence, {PUBLISHER}",
    }
