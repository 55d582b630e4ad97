"""The watchdog names what keeps the window waiting, by the thread's own time, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, sys, time
from pathlib import Path
from PySide6.QtCore import QObject, QTimer
from app.start import make_application
from app.watchdog import errand

application = make_application()

class Busy(QObject):
    def work(self, seconds):
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def timerEvent(self, event):
        self.killTimer(event.timerId())
        self.work(0.06)

busy, excused = Busy(objectName="too long"), Busy(objectName="excused")

def excuse():
    with errand("counting to a million"):
        busy.work(0.04)

busy.startTimer(1)
QTimer.singleShot(20, excuse)
QTimer.singleShot(40, lambda: busy.work(0.002))
QTimer.singleShot(60, lambda: time.sleep(0.1))
QTimer.singleShot(250, application.quit)
application.exec()
application.report(Path(os.environ["ALEXNET_MUSEUM_WATCHDOG"]))
"""


def found(folder: Path) -> dict[str, Any]:
    path = folder / "slow.json"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "ALEXNET_MUSEUM_WATCHDOG": str(path)}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, check=True, timeout=60)
    words: dict[str, Any] = json.loads(path.read_text())
    return words


def test_what_computes_too_long_is_named_and_what_only_waits_is_not(tmp_path: Path) -> None:
    words = found(tmp_path)
    assert words["events"] >= 4
    slow = words["slow"]
    assert [entry["receiver"] for entry in slow if not entry["errand"]] == ["Busy too long"]
    assert slow[0]["event"] == "Timer" and slow[0]["seconds"] >= 0.06
    assert [entry["errand"] for entry in slow if entry["errand"]] == ["counting to a million"]
