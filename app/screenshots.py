"""`alexnet museum --screenshots DIR`: every room as a PNG, without a display."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

import assets
from app.ctrl_c import CtrlC
from app.document import Document, pictures_of, shipped_archives
from app.drops import sort_paths
from app.language import OWN
from app.main_window import MainWindow
from app.room import DEPTHS, Room
from app.room_list import ROOMS
from app.settings import Settings
from app.start import make_application, open_all
from app.theme import Appearance
from app.worker import Worker

ROOM_LIMIT_S = 60.0  # torch may have to be read from a slow disk before the first prediction
SETTLE_S = 0.1


@dataclass(frozen=True)
class Size:
    """A screen: its pixels, and how many of them make one of the window's."""

    width: int
    height: int
    scale: int = 1


SMALL, USUAL, SMALLEST, LARGEST = Size(1280, 800), Size(1920, 1080), Size(1024, 600), Size(3840, 2160, 2)


@dataclass(frozen=True)
class Shot:
    """One run through all rooms: screen, theme, depth, and how the file names say so."""

    size: Size
    theme: str
    depth: str
    suffix: str


def shots(everything: bool) -> list[Shot]:
    """What is to be drawn: one size in the light theme, or every size, theme and depth."""
    if not everything:
        return [Shot(SMALL, "light", DEPTHS[-1], "")]
    return [
        Shot(size, theme, depth, f"-{depth}-{size.width}x{size.height}-{theme}")
        for size in (USUAL, SMALLEST, LARGEST)
        for theme in ("light", "dark")
        for depth in DEPTHS
    ]


def use_screens_of_every_scale(folder: Path) -> None:
    """Makes Qt offer, before it starts, screens without a display: one a scale, side by side."""
    scales = sorted({size.scale for size in (SMALL, USUAL, SMALLEST, LARGEST)})
    screens = [
        {"name": f"x{scale}", "x": 8000 * place, "y": 0, "width": 3840, "height": 2160, "logicalDpi": 96}
        | {"logicalBaseDpi": 96, "dpr": 1}
        for place, scale in enumerate(scales)
    ]
    (folder / "screens.json").write_text(json.dumps({"screens": screens}))
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={folder / 'screens.json'}"
    os.environ["QT_SCREEN_SCALE_FACTORS"] = ";".join(f"x{scale}={scale}" for scale in scales)


def take_all(archives: Sequence[Path], folder: Path, everything: bool, language: str = OWN) -> int:
    """Draws the rooms into `folder`; returns the exit status."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _complain(f"{folder}: cannot be made ({error.strerror})")
    with TemporaryDirectory() as scratch:
        use_screens_of_every_scale(Path(scratch))
        application = make_application(language)
        return _take(application, Path(scratch), archives, folder, shots(everything))


def _take(
    application: QApplication, scratch: Path, archives: Sequence[Path], folder: Path, wanted: Sequence[Shot]
) -> int:
    with CtrlC() as ctrl_c:
        # Settings of their own, so that the pictures do not depend on who takes them.
        document = Document(Settings(scratch / "settings.ini"))
        problems: list[str] = []
        document.problem.connect(problems.append)
        window = MainWindow(document, Worker(), Appearance(application))
        open_all(document, archives or shipped_archives(), remember=False)
        if problems and archives:
            window.close()
            return _complain(problems[0])
        try:
            status = _draw_rooms(window, folder, wanted, ctrl_c)
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
    window.worker.start()  # as at every start: the entrance waits for it
    status = 0
    for shot in wanted:
        window.appearance.choose(shot.theme, 100)
        window.choose_depth(shot.depth)
        _place(window, shot.size)
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


def _place(window: MainWindow, size: Size) -> None:
    """Puts the window on the screen of that scale and fills so many of its pixels."""
    screen = next(screen for screen in QGuiApplication.screens() if screen.devicePixelRatio() == size.scale)
    if window.screen() is not screen:
        window.setScreen(screen)
        window.move(screen.geometry().topLeft())
        _let_work(SETTLE_S)
    window.resize(size.width // size.scale, size.height // size.scale)


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
