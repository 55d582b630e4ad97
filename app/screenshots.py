"""`alexnet museum --screenshots DIR`: every room as a PNG, without a display."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

import assets
from app.ctrl_c import CtrlC
from app.document import Document, pictures_of, shipped_archives
from app.drops import sort_paths
from app.language import OWN
from app.main_window import MainWindow
from app.room import Room
from app.room_list import ROOMS
from app.settings import Settings
from app.start import make_application, open_all
from app.theme import Appearance
from app.worker import Worker

SIZES = ((1280, 800), (1920, 1080), (1080, 1920))
ROOM_LIMIT_S = 60.0  # torch may have to be read from a slow disk before the first prediction
SETTLE_S = 0.15


@dataclass(frozen=True)
class Shot:
    """One run through all rooms: window size, theme, and how the file names say so."""

    width: int
    height: int
    theme: str
    suffix: str


def shots(everything: bool) -> list[Shot]:
    """What is to be drawn: one size in the light theme, or all of them in both."""
    if not everything:
        return [Shot(*SIZES[0], "light", "")]
    return [
        Shot(width, height, theme, f"-{width}x{height}-{theme}")
        for width, height in SIZES
        for theme in ("light", "dark")
    ]


def take_all(archives: Sequence[Path], folder: Path, everything: bool, language: str = OWN) -> int:
    """Draws the rooms into `folder`; returns the exit status."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _complain(f"{folder}: cannot be made ({error.strerror})")
    application = make_application(language)
    with TemporaryDirectory() as scratch, CtrlC() as ctrl_c:
        # Settings of their own, so that the pictures do not depend on who takes them.
        document = Document(Settings(Path(scratch) / "settings.ini"))
        problems: list[str] = []
        document.problem.connect(problems.append)
        window = MainWindow(document, Worker(), Appearance(application))
        open_all(document, archives or shipped_archives(), remember=False)
        if problems and archives:
            window.close()
            return _complain(problems[0])
        try:
            status = _draw_rooms(window, folder, shots(everything), ctrl_c)
        finally:
            window.close()
    return status


def _complain(sentence: str) -> int:
    print(f"alexnet museum: {sentence}", file=sys.stderr)
    return 1


def _draw_rooms(window: MainWindow, folder: Path, wanted: Sequence[Shot], ctrl_c: CtrlC) -> int:
    window.document.show_pictures(pictures_of(_sample_pictures()[:1]))
    window.show()
    window.setFocus()
    status = 0
    for shot in wanted:
        window.appearance.choose(shot.theme, 100)
        window.resize(shot.width, shot.height)
        for entry in ROOMS:
            room = window.visit(entry.name)
            path = folder / f"{entry.name}{shot.suffix}.png"
            if not _wait_until_ready(window, room, ctrl_c):
                status = _complain(f"{entry.name} was not ready in time")
            if not window.grab().save(str(path)):
                return _complain(f"{path}: cannot be written")
            print(path)
            ctrl_c.check()
    return status


def _sample_pictures() -> list[Path]:
    return sort_paths([Path(assets.__file__ or "").parent / "pictures"]).pictures


def _wait_until_ready(window: MainWindow, room: Room, ctrl_c: CtrlC) -> bool:
    """Lets the room work until nothing is asked of the workers and it says that it is ready."""
    end_s = time.monotonic() + ROOM_LIMIT_S
    _let_work(SETTLE_S)
    while not _at_rest(window, room) and time.monotonic() < end_s:
        _let_work(0.05)
        ctrl_c.check()
    _let_work(SETTLE_S)
    return _at_rest(window, room)


def _at_rest(window: MainWindow, room: Room) -> bool:
    return not window.worker.busy and not window.researcher.busy and room.ready()


def _let_work(seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)
