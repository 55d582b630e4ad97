"""Which language the museum speaks: the system's where it is translated, or the one that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

import assets

FOLDER = Path(assets.__file__ or "").parent / "translations"
OWN = "en"  # what is written in the source


def languages(folder: Path = FOLDER) -> list[str]:
    """The codes of all languages that can be asked for."""
    return sorted({OWN, *(path.stem.removeprefix("museum_") for path in folder.glob("museum_*.qm"))})


def chosen(wanted: str | None, known: Sequence[str]) -> str | None:
    """The language to speak: `wanted`, or the first of the system's that is known, or our own.

    None when `wanted` is not known.
    """
    if wanted is not None:
        return wanted if wanted in known else None
    for name in QLocale.system().uiLanguages():
        parts = name.replace("-", "_").split("_")
        for length in range(len(parts), 0, -1):
            if "_".join(parts[:length]) in known:
                return "_".join(parts[:length])
    return OWN


def speak(application: QApplication, language: str, folder: Path = FOLDER) -> list[QTranslator]:
    """Says everything that is made from now on in this language, in its direction; numbers and dates too."""
    installed: list[QTranslator] = []
    if language == OWN:
        return installed
    for name, where in (
        (f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        (f"museum_{language}", str(folder)),  # the last one is asked first
    ):
        translator = QTranslator(application)
        if translator.load(name, where):
            application.installTranslator(translator)
            installed.append(translator)
    locale = QLocale(language)
    if locale.language() is not QLocale.Language.C:
        QLocale.setDefault(locale)
    return installed
