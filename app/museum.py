"""Opens the desktop museum on archives of runs.

example: alexnet museum run.h5 --room filters
         alexnet museum --screenshots pictures
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOM_NAMES = ("entrance", "filters", "try-it", "training")


def parser() -> argparse.ArgumentParser:
    """The words that `alexnet museum` understands."""
    made = argparse.ArgumentParser(
        prog="alexnet museum", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "archives", nargs="*", type=Path, metavar="ARCHIVE", help="default: the shipped archives"
    )
    made.add_argument("--room", choices=ROOM_NAMES, default="entrance", help="the room to begin in")
    made.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="draw one PNG per room without a display, and exit"
    )
    made.add_argument("--all", action="store_true", help="with --screenshots: every size and theme")
    return made


def main(words: Sequence[str]) -> int:
    """Runs the museum until its window is closed; returns the exit status."""
    made = parser()
    arguments = made.parse_args(list(words))
    if arguments.all and arguments.screenshots is None:
        made.error("--all goes with --screenshots DIR")
    if arguments.screenshots is not None:
        from app.screenshots import take_all

        return take_all(arguments.archives, arguments.screenshots, everything=arguments.all)
    return show(arguments.archives, arguments.room)


def show(archives: Sequence[Path], room: str) -> int:
    """Opens the window in `room` and runs it."""
    from PySide6.QtWidgets import QApplication

    from app.document import Document, shipped_archives
    from app.main_window import MainWindow
    from app.settings import Settings
    from app.theme import Appearance
    from app.worker import Worker

    application = QApplication(sys.argv[:1])
    application.setApplicationName("AlexNet Archive")
    settings = Settings()
    appearance = Appearance(application)
    appearance.choose(settings.theme, settings.text_size)
    document, worker = Document(settings), Worker()
    window = MainWindow(document, worker, appearance)
    window.resize(1280, 800)
    open_all(document, archives or shipped_archives(), remember=bool(archives))
    window.visit(room)
    window.firstPainted.connect(report_time)
    window.firstPainted.connect(document.follow)
    window.firstPainted.connect(worker.start)
    window.show()
    return application.exec()


def open_all(document: object, archives: Sequence[Path], remember: bool) -> None:
    """Opens the archives and shows the first."""
    from app.document import Document

    assert isinstance(document, Document)
    for path in archives:
        document.open(path, remember=remember)
    if document.archives:
        document.select(document.archives[0])


def report_time() -> None:
    """Prints the clock at the first paint, for tests/app/measure_startup.py, which knows when we started."""
    if os.environ.get("ALEXNET_MUSEUM_TIMING"):
        print(f"first paint {time.time():.4f}", flush=True)
