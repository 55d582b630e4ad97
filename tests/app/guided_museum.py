"""The museum with a guide, for the scripted visit: on its standard input it is asked what is where.

usage: guided_museum.py ARCHIVE FOLDER [SERVICE ...]

Questions and answers are lines of JSON. What Qt warns of, and exceptions, are lines of their own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSocketNotifier, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QScrollArea, QWidget

from app.document import Document
from app.main_window import MainWindow
from app.settings import Settings
from app.start import make_application
from app.theme import Appearance
from app.watchdog import WatchedApplication
from app.worker import Worker

PATIENCE_S = 180  # a museum that nobody has asked anything for so long has been left alone
CLOSING_S = 30


def say(**words: Any) -> None:
    """One line of JSON."""
    print(json.dumps(words), flush=True)


def place_of(widget: QWidget) -> list[int]:
    """Where the seen part of a widget is on the screen: left, top, width, height."""
    area = widget.visibleRegion().boundingRect()
    corner = widget.mapToGlobal(area.topLeft())
    return [corner.x(), corner.y(), area.width(), area.height()]


class Guide:
    """Answers questions about a window."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.notifier = QSocketNotifier(0, QSocketNotifier.Type.Read)
        self.notifier.activated.connect(self.answer)

    def answer(self) -> None:
        """Answers one question; whatever keeps the window busy, the system ends a museum nobody asks."""
        signal.alarm(PATIENCE_S)
        line = sys.stdin.readline()
        if not line:  # the visitor is gone
            signal.alarm(CLOSING_S)
            self.notifier.setEnabled(False)
            self.window.close()
            return
        question = json.loads(line)
        if question.get("ask") == "find":
            say(answer=self.find(question["name"]))
        elif question.get("ask") == "reveal":
            say(answer=self.reveal(question["name"]))
        else:
            say(answer=self.state())

    def find(self, name: str) -> list[list[int]]:
        """Places of the shown widgets of that accessible name, of dialogs first."""
        tops = [self.window, *(top for top in QApplication.topLevelWidgets() if top is not self.window)]
        widgets = [widget for top in reversed(tops) for widget in [top, *top.findChildren(QWidget)]]
        named = [widget for widget in widgets if widget.isVisible() and name in names_of(widget)]
        return [place_of(widget) for widget in named if not widget.visibleRegion().isEmpty()]

    def reveal(self, name: str) -> list[int] | None:
        """Scrolls to the figure of that name; its place, or None where there is none now."""
        room = self.window.room
        figures = room.figures() if room is not None else []
        widget = next((figure.widget for figure in figures if figure.name == name), None)
        if widget is None or not widget.isVisible():
            return None
        area = widget.parentWidget()
        while area is not None:
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(widget)
            area = area.parentWidget()
        return place_of(widget)

    def state(self) -> dict[str, Any]:
        """Where the visitor is."""
        window, room = self.window, self.window.room
        figures = room.figures() if room is not None else []
        return {
            "shown": window.windowHandle() is not None and window.windowHandle().isExposed(),
            "room": room.NAME if room is not None else "",
            "depth": room.shown_depth if room is not None else "",
            "ready": room.ready() and not window.worker.busy if room is not None else False,
            "message": window.messages.text,
            "theme": window.appearance.theme.name,
            "text_size": window.appearance.text_size,
            "palette": window.menus.palette.isVisible(),
            "picture": window.document.picture.name if window.document.picture else "",
            "dialog": top.windowTitle() if (top := QApplication.activeModalWidget()) else "",
            "menu": QApplication.activePopupWidget() is not None,
            "writing": window.figure_desk.writing,
            "figures": [
                {"name": figure.name, "title": figure.title, "place": place_of(figure.widget)}
                for figure in figures
                if figure.widget is not None and figure.widget.isVisible()
            ],
        }


def names_of(widget: QWidget) -> list[str]:
    """What a widget is called: for the ear, and what is written on it."""
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel | QLineEdit) else ""
    return [widget.accessibleName(), text.strip(), widget.objectName()]


def main(words: list[str]) -> int:
    """Runs the museum until its window is closed."""
    archive, folder, *service = words
    application = make_application()
    qInstallMessageHandler(
        lambda kind, _context, text: say(warning=text) if kind is not QtMsgType.QtDebugMsg else None
    )
    sys.excepthook = lambda *error: say(exception="".join(traceback.format_exception(*error)))
    appearance = Appearance(application)
    appearance.choose("light", 100)
    document = Document(Settings(Path(folder) / "museum.ini"))
    workers = [Worker(command=service or None) for _ in range(2)]
    window = MainWindow(document, workers[0], appearance, workers[1])
    document.open(Path(archive), remember=False)
    window.sessions.keep_in(document.settings.session_path)
    window.setGeometry(0, 120, 1280, 820)
    window.visit("entrance")
    window.show()
    window.activateWindow()
    window.setFocus()
    window.guide = Guide(window)  # type: ignore[attr-defined]
    status = application.exec()
    if isinstance(application, WatchedApplication):
        application.report(Path(os.environ["ALEXNET_MUSEUM_WATCHDOG"]))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
