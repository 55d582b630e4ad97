"""A monkey at the museum: random clicks, keys, wheels, drops, sizes and themes, as many as one likes.

python tests/app/monkey.py [ARCHIVE ...] --events 10000 --seed 1

Fails on any exception and any warning of Qt; says how much memory grew once every room had been seen.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QtMsgType, QUrl, qInstallMessageHandler
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from app.document import shipped_archives
from app.main_window import MainWindow
from app.room import DEPTHS
from app.room_list import ROOMS

LETTERS = [Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape]
LETTERS += [
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
]
LETTERS += [Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_A, Qt.Key.Key_1, Qt.Key.Key_Delete]
SIZES = ((1280, 800), (1024, 600), (1920, 1080), (700, 500), (1080, 1920))
LEFT_ALONE = {"quit", "full-screen", "close-archive", "forget"}  # they would end the visit, or its pictures
HARMLESS = ("This plugin does not support",)  # said by the platform without a display


def memory_mb() -> float:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        words = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0.0
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Monkey:
    """Does things to a window, each one chosen by chance; `troubles` are what went wrong."""

    def __init__(self, window: MainWindow, seed: int, folder: Path, archives: Sequence[Path]) -> None:
        self.window, self.chance, self.folder = window, random.Random(seed), folder
        self.archives = list(archives)
        self.troubles: list[str] = []
        self.done: Counter[str] = Counter()
        self._closing = QTimer(interval=40)
        self._closing.timeout.connect(close_popups)
        self._pictures = self._make_pictures()

    def _make_pictures(self) -> list[Path]:
        paths = []
        for place, (width, height) in enumerate(((64, 48), (500, 375), (3, 900))):
            image = QImage(width, height, QImage.Format.Format_RGB32)
            image.fill(Qt.GlobalColor(7 + place))
            paths.append(self.folder / f"picture {place}.png")
            image.save(str(paths[-1]))
        (self.folder / "no picture.txt").write_text("words")
        (self.folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
        return [*paths, self.folder / "no picture.txt", self.folder / "broken.png"]

    def play(self, events: int) -> None:
        """Does so many things; stops at the first trouble."""
        weights: dict[Callable[[], None], int] = {
            self.click: 40, self.key: 30, self.wheel: 6, self.visit: 6, self.depth: 4, self.action: 8,
            self.drop: 3, self.resize: 1, self.look_at_archive: 2,
        }  # fmt: skip
        things, counts = list(weights), list(weights.values())
        with self.watched():
            for _ in range(events):
                thing = self.chance.choices(things, counts)[0]
                self.done[thing.__name__] += 1
                thing()
                QApplication.processEvents()
                if self.troubles:
                    break
            close_popups()
            QTest.qWait(200)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Takes down exceptions and Qt's warnings, and answers every file dialog."""
        dialogs = {name: getattr(QFileDialog, name) for name in ("getOpenFileNames", "getOpenFileName")}
        dialogs["getSaveFileName"] = QFileDialog.getSaveFileName
        QFileDialog.getOpenFileNames = lambda *_: ([str(path) for path in self._pictures], "")  # type: ignore[assignment,method-assign]
        QFileDialog.getOpenFileName = lambda *_: (str(self._pictures[3]), "")  # type: ignore[method-assign]
        QFileDialog.getSaveFileName = self._save_name  # type: ignore[method-assign]
        hook, handler = sys.excepthook, qInstallMessageHandler(self._on_message)
        sys.excepthook = self._on_exception
        self._closing.start()
        try:
            yield
        finally:
            self._closing.stop()
            sys.excepthook = hook
            qInstallMessageHandler(handler)
            for name, function in dialogs.items():
                setattr(QFileDialog, name, function)

    def _save_name(self, *_words: object) -> tuple[str, str]:
        suffix = self.chance.choice([".png", ".svg", ".pdf", ".csv", ".json", "", ".txt"])
        return str(self.folder / f"saved{suffix}"), ""

    def _on_message(self, kind: QtMsgType, _context: object, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and not any(word in text for word in HARMLESS):
            self.troubles.append(text)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.troubles.append("".join(traceback.format_exception(kind, error, trace)))

    # What it does

    def _target(self) -> QWidget:
        """A widget that is shown, of the dialog that is open or of the window."""
        top = QApplication.activeModalWidget() or self.window
        shown = [widget for widget in top.findChildren(QWidget) if widget.isVisible() and widget.isEnabled()]
        return self.chance.choice(shown or [top])

    def click(self) -> None:
        widget = self._target()
        area = widget.visibleRegion().boundingRect()
        if not area.isEmpty():
            point = QPoint(
                area.left() + self.chance.randrange(area.width()),
                area.top() + self.chance.randrange(area.height()),
            )
            QTest.mouseMove(widget, point)
            button = Qt.MouseButton.RightButton if self.chance.random() < 0.1 else Qt.MouseButton.LeftButton
            act = QTest.mouseDClick if self.chance.random() < 0.1 else QTest.mouseClick
            act(widget, button, Qt.KeyboardModifier.NoModifier, point)

    def key(self) -> None:
        shift = Qt.KeyboardModifier.ShiftModifier
        modifier = shift if self.chance.random() < 0.1 else Qt.KeyboardModifier.NoModifier
        widget = QApplication.focusWidget() or QApplication.activeModalWidget() or self.window
        QTest.keyClick(widget, self.chance.choice(LETTERS), modifier)

    def wheel(self) -> None:
        widget = self._target()
        point = QPointF(widget.rect().center())
        turn = QPoint(0, self.chance.choice([-120, 120, 15, -240]))
        none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        place = QPointF(widget.mapToGlobal(point.toPoint()))
        event = QWheelEvent(point, place, QPoint(), turn, Qt.MouseButton.NoButton, none, phase, False)
        QApplication.sendEvent(widget, event)

    def visit(self) -> None:
        self.window.visit(self.chance.choice(ROOMS).name)

    def depth(self) -> None:
        self.window.choose_depth(self.chance.choice(DEPTHS))

    def action(self) -> None:
        offered = [entry for entry in self.window.menus.actions.offered() if entry.name not in LEFT_ALONE]
        self.chance.choice(offered).action.trigger()

    def drop(self) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in self.chance.sample(self._pictures, 2)])
        place, copy = QPointF(self.window.rect().center()), Qt.DropAction.CopyAction
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(place.toPoint(), copy, mime, left, none)
        QApplication.sendEvent(self.window, enter)
        if enter.isAccepted():
            QApplication.sendEvent(self.window, QDragMoveEvent(place.toPoint(), copy, mime, left, none))
            QApplication.sendEvent(self.window, QDropEvent(place, copy, mime, left, none))

    def resize(self) -> None:
        self.window.resize(*self.chance.choice(SIZES))

    def look_at_archive(self) -> None:
        self.window.document.open(self.chance.choice(self.archives), remember=False)


def close_popups() -> None:
    """Closes menus and dialogs that wait for somebody, so that the monkey goes on."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()


def see_everything(window: MainWindow) -> None:
    """Visits every room at every depth, so that what is kept in memory is there."""
    for entry in ROOMS:
        for depth in DEPTHS:
            window.choose_depth(depth)
            window.visit(entry.name)
            QTest.qWait(50)


def main(words: Sequence[str]) -> int:
    """Plays as the command line says; returns the exit status."""
    from app.document import Document
    from app.settings import Settings
    from app.start import make_application
    from app.theme import Appearance
    from app.worker import Worker

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archives", nargs="*", type=Path)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(list(words))
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        archives = chosen.archives or shipped_archives()
        document = Document(Settings(Path(scratch) / "museum.ini"))
        window = MainWindow(document, Worker(), Appearance(application))
        document.open(archives[0], remember=False)
        window.resize(1280, 800)
        window.show()
        monkey = Monkey(window, chosen.seed, Path(scratch), archives)
        see_everything(window)
        monkey.play(chosen.events // 10)  # archives, fonts, writers of files: what is loaded once
        before, began, grown = memory_mb(), time.monotonic(), []
        for _ in range(10):
            monkey.play(chosen.events // 10)
            gc.collect()
            grown.append(round(memory_mb() - before))
        print(f"{chosen.events} events in {time.monotonic() - began:.0f} s: {dict(monkey.done)}")
        print(f"memory {before:.0f} MB, grown after each tenth by {grown} MB")
        print(*monkey.troubles, sep="\n")
        window.close()
    return 1 if monkey.troubles else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
