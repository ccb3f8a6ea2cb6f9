"""Which language the application speaks, and how it writes dates and numbers."""

from __future__ import annotations

from importlib.resources import as_file, files

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from tray_connector.config.preferences import Language

OURS = "tray_connector"
KNOWN = ("de", "en")


class Speech(QObject):
    """The translators in force. Texts that are shown already stay as they are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.language = ""
        """Two letters."""
        self._translators: list[QTranslator] = []

    def speak(self, wanted: Language, system: QLocale | None = None) -> bool:
        """Speak it from now on; False when that changes nothing. An unknown language of the system means English."""
        here = system or QLocale.system()
        language = wanted if wanted != "system" else here.name().partition("_")[0]
        language = language if language in KNOWN else "en"
        if language == self.language:
            return False
        # The region decides how dates look: a German program in Vienna writes them as Vienna does.
        QLocale.setDefault(here if here.name().startswith(language) else QLocale(language))
        self.silence()
        self.language = language
        self._translators = [self._own(language), self._qt(language)]
        for translator in self._translators:
            QCoreApplication.installTranslator(translator)
        return True

    def silence(self) -> None:
        """Take the translators away: texts are those of the source."""
        for translator in self._translators:
            QCoreApplication.removeTranslator(translator)
        self._translators, self.language = [], ""

    def _own(self, language: str) -> QTranslator:
        """English has one as well: for its plurals."""
        translator = QTranslator(self)
        name = f"{OURS}_{language}.qm"
        with as_file(files("tray_connector.ui").joinpath("resources", "translations")) as folder:
            translator.load(name, str(folder))
        return translator

    def _qt(self, language: str) -> QTranslator:
        """The words of Qt's own dialogs."""
        translator = QTranslator(self)
        translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        return translator
