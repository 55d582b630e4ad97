"""A file really dragged from one program to the museum, by X11's own protocol, gives five guesses.

The same can be watched or photographed: python tests/app/test_real_drop.py ARCHIVE PICTURE SCREENSHOT
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageGrab
from x_display import NEEDED, ROOT, display, drag, xdotool

HERE = Path(__file__).parent
# The museum's window with the service of these tests instead of torch, or with the real one.
MUSEUM = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.document import Document
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import Appearance
from app.worker import Worker

archive, folder, *command = sys.argv[1:]
application = QApplication(sys.argv[:1])
appearance = Appearance(application)
appearance.choose("light", 100)
document, worker = Document(Settings(Path(folder) / "museum.ini")), Worker(command=command or None)
window = MainWindow(document, worker, appearance)
document.open(Path(archive), remember=False)
room = window.visit("try-it")
look = QTimer(interval=100)
look.timeout.connect(lambda: room.bars.guesses and print("GUESSES", len(room.bars.guesses), flush=True))
look.start()
window.setGeometry(0, 120, 1280, 800)
window.show()
application.exec()
"""


def drop_and_look(archive: Path, picture: Path, folder: Path, command: list[str], shot: Path) -> list[str]:
    """Drops `picture` on the museum's window; what the museum said, and a screenshot."""
    with display() as environment:
        museum = subprocess.Popen(
            [sys.executable, "-c", MUSEUM, str(archive), str(folder), *command],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        source = subprocess.Popen(
            [sys.executable, str(HERE / "drag_source.py"), str(picture)],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            xdotool(environment, "search", "--sync", "--name", "AlexNet Archive")
            drag(environment, (600, 420))
            lines = _lines_until(museum, "GUESSES")
            time.sleep(1)
            ImageGrab.grab(xdisplay=environment["DISPLAY"]).save(shot)
        finally:
            for process in (source, museum):
                process.terminate()
        said = source.communicate(timeout=20)[0]
        museum.communicate(timeout=20)
        return [*lines, *said.splitlines()]


def _lines_until(process: subprocess.Popen[str], word: str, limit_s: float = 60) -> list[str]:
    """The lines that a process prints, up to the first that starts with `word`."""
    lines: list[str] = []
    ends = time.monotonic() + limit_s
    assert process.stdout is not None
    while time.monotonic() < ends:
        line = process.stdout.readline().strip()
        lines.append(line)
        if line.startswith(word):
            break
    return lines


@pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason="needs Xvfb and xdotool (Debian: apt-get install xvfb xdotool)"
)
def test_a_file_dragged_from_another_program_is_guessed(tmp_path: Path) -> None:
    from sample_runs import ONE_COLUMN, sample_run

    from archive import write_archive

    write_archive(tmp_path / "sample.h5", sample_run(ONE_COLUMN))
    Image.new("RGB", (120, 80), (30, 40, 200)).save(tmp_path / "sea.png")
    service = [sys.executable, str(HERE / "small_service.py")]
    said = drop_and_look(
        tmp_path / "sample.h5", tmp_path / "sea.png", tmp_path, service, tmp_path / "shot.png"
    )
    assert "CopyAction" in said and "GUESSES 3" in said
    assert (tmp_path / "shot.png").stat().st_size > 10_000


if __name__ == "__main__":
    print(drop_and_look(Path(sys.argv[1]), Path(sys.argv[2]), Path("."), [], Path(sys.argv[3])))
