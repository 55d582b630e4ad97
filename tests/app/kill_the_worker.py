"""Kills the processes that compute, at random moments of questions, while somebody walks through the museum.

    python tests/app/kill_the_worker.py [ARCHIVE] [--kills 50] [--seed 1]

After each kill the museum must say what happened, the room must show its answer all the same, and another
question must be answered. Fails on any exception, warning of Qt, or room that is not ready in time.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from monkey import Monkey
from PySide6.QtTest import QTest

from app import questions
from app.document import pictures_of, shipped_archives
from app.main_window import MainWindow
from app.room import DEPTHS
from app.room_list import ROOMS
from app.worker import Worker

LIMIT_S = 120.0
LATEST_MS = 2500  # after a question: torch is being loaded, a picture decoded, an answer computed
SHOWING = ("try-it", "inside")  # rooms that have a figure once the picture is answered, whatever the archive


class Killer:
    """Walks, asks, kills; `troubles` is what went wrong, `done` in which room how often."""

    def __init__(self, window: MainWindow, seed: int, folder: Path, rooms: Sequence[str] = ()) -> None:
        self.window, self.rooms = window, rooms or tuple(entry.name for entry in ROOMS)
        self.monkey = Monkey(window, seed, folder, [])
        self.chance, self.troubles = self.monkey.chance, self.monkey.troubles
        self.pictures = pictures_of(sorted(folder.glob("picture *.png"))[:2])
        self.done: Counter[str] = Counter()
        self.said: list[str] = []
        for worker in (window.worker, window.researcher):
            worker.stopped.connect(self.said.append)

    def play(self, kills: int, latest_ms: int = LATEST_MS) -> None:
        """So many kills; stops at the first trouble."""
        with self.monkey.watched():
            while self.done.total() < kills and not self.troubles:
                self._ask_something()
                QTest.qWait(self.chance.randrange(latest_ms))
                self._kill()

    def _ask_something(self) -> None:
        window = self.window
        window.choose_depth(self.chance.choice(DEPTHS))
        window.visit(self.chance.choice(self.rooms))
        window.document.show_pictures(self.chance.sample(self.pictures, len(self.pictures)))

    def _kill(self) -> None:
        running = [worker for worker in (self.window.worker, self.window.researcher) if worker.process_id]
        if not running:
            return
        worker, before = self.chance.choice(running), len(self.said)
        os.kill(worker.process_id, signal.SIGKILL)
        room = self.window.room
        assert room is not None
        self.done[room.NAME] += 1
        self._wait(f"a sentence in {room.NAME}", lambda: len(self.said) > before)
        self._wait(f"{room.NAME} after a kill", lambda: room.ready() and not self._busy())
        if room.NAME in SHOWING and not room.figures():
            self.troubles.append(f"{room.NAME} shows no answer after a kill")
        self._ask_the_next(worker)

    def _busy(self) -> bool:
        return self.window.worker.busy or self.window.researcher.busy

    def _ask_the_next(self, worker: Worker) -> None:
        """Another question to the process that was killed."""
        archive = self.window.document.current
        assert archive is not None
        answered: list[object] = []
        message, arrays = questions.preview(self.chance.choice(self.pictures), str(archive.path))
        worker.request("next", message, lambda *_: answered.append(True), self.troubles.append, arrays)
        self._wait("the next question", lambda: bool(answered or self.troubles))

    def _wait(self, what: str, fulfilled: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT_S
        while not fulfilled():
            QTest.qWait(20)
            if time.monotonic() > end:
                self.troubles.append(f"{what}: waited for {LIMIT_S:.0f} s")
                return


def main(words: Sequence[str]) -> int:
    """Kills as often as the command line says; returns the exit status."""
    from app.document import Document
    from app.settings import Settings
    from app.start import make_application
    from app.theme import Appearance

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", nargs="?", type=Path, default=shipped_archives()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(list(words))
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        document = Document(Settings(Path(scratch) / "museum.ini"))
        window = MainWindow(document, Worker(), Appearance(application))
        document.open(chosen.archive, remember=False)
        window.resize(1280, 800)
        window.show()
        window.worker.start()
        killer, began = Killer(window, chosen.seed, Path(scratch)), time.monotonic()
        killer.play(chosen.kills)
        print(f"{killer.done.total()} kills in {time.monotonic() - began:.0f} s: {dict(killer.done)}")
        print(f"said {len(killer.said)} times: {sorted(set(killer.said))}")
        print(*killer.troubles, sep="\n")
        window.close()
    return 1 if killer.troubles else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
