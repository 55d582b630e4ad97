"""Puts document, worker and window together and runs them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from app.ctrl_c import CtrlC
from app.document import Document, shipped_archives
from app.language import OWN, speak
from app.main_window import MainWindow
from app.room_list import ROOMS
from app.settings import Settings
from app.theme import Appearance
from app.watchdog import WatchedApplication
from app.worker import Worker

FIRST_SIZE = (1280, 860)
FIRST_SHOWN = "alexnet-200"  # of the shipped archives: the network of 2012, two columns, made small


def show(archives: Sequence[Path], room: str | None, language: str = OWN) -> int:
    """Opens the window in `room` on `archives` and runs it until it is closed.

    Where nothing is named it goes on where the last visit ended, and the first begins at the entrance.
    """
    application = make_application(language)
    settings = Settings()
    appearance = Appearance(application)
    appearance.choose(settings.theme, settings.text_size)
    document, worker = Document(settings), Worker()
    window = MainWindow(document, worker, appearance)
    window.resize(*FIRST_SIZE)
    open_all(document, archives or shipped_archives(), remember=bool(archives))
    go_on(window, settings, bool(archives))
    if room is not None or window.room is None:
        window.visit(room or ROOMS[0].name)
    window.firstPainted.connect(report_time)
    window.firstPainted.connect(document.follow)
    window.firstPainted.connect(worker.start)
    window.show()
    window.setFocus()  # the first Tab goes to the rail; until then nothing is framed
    with CtrlC(application.quit) as ctrl_c:
        status = application.exec()
        if isinstance(application, WatchedApplication):
            application.report(Path(os.environ["ALEXNET_MUSEUM_WATCHDOG"]))
        ctrl_c.check()
    return status


def go_on(window: MainWindow, settings: Settings, archives_named: bool) -> None:
    """Goes on with the last session; of one about other archives, only with its depth and controls."""
    session = window.sessions.keep_in(settings.session_path)
    if session is not None and archives_named:
        window.sessions.restore_controls(session)
    elif session is not None:
        window.sessions.restore(session)


def make_application(language: str = OWN) -> QApplication:
    """Qt's application, which speaks `language`; where the system names none, numbers are as in English."""
    watched = bool(os.environ.get("ALEXNET_MUSEUM_WATCHDOG"))
    application = WatchedApplication(sys.argv[:1]) if watched else QApplication(sys.argv[:1])
    application.setApplicationName("AlexNet Archive")
    if QLocale().language() is QLocale.Language.C:
        QLocale.setDefault(QLocale(QLocale.Language.English))
    speak(application, language)
    return application


def open_all(document: Document, archives: Sequence[Path], remember: bool) -> None:
    """Opens the archives and shows the first that could be opened; of the shipped ones, the museum's own."""
    for path in archives:
        document.open(path, remember=remember)
    if document.archives:
        first = next((archive for archive in document.archives if archive.path.stem == FIRST_SHOWN), None)
        document.select(document.archives[0] if remember or first is None else first)


def report_time() -> None:
    """Prints the clock at the first paint, for tests/app/measure_startup.py, which knows when we started."""
    if os.environ.get("ALEXNET_MUSEUM_TIMING"):
        print(f"first paint {time.time():.4f}", flush=True)
