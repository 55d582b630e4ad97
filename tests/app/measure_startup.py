"""How long from the start of the `alexnet museum` process to its first paint, against a bare Qt window.

    python tests/app/measure_startup.py [TIMES [ARCHIVE ...]]

Both are started alternately in the same run and timed by this process's clock, offscreen and, where
DISPLAY is set, on the real display too. The museum opens the archives it is given (default: the shipped
ones), and has its settings in a folder of its own. Python may keep its bytecode, as on anyone's machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BARE = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
class Label(QLabel):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: print(f"first paint {time.time():.4f}", flush=True))
application = QApplication([])
label = Label("bare")
label.resize(1280, 860)
label.show()
application.exec()
"""
PROGRAMS = {
    "bare Qt window": [sys.executable, "-c", BARE],
    "museum": [sys.executable, "-m", "app", "museum", *sys.argv[2:]],
}


def first_paint_s(command: list[str], environment: dict[str, str]) -> float:
    """Seconds from the start of the process until its line says that it painted; it is then ended."""
    start_s = time.time()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("first paint"):
                process.terminate()
                return float(line.split()[-1]) - start_s
    raise SystemExit(f"{command[:4]} ended without a first paint")


def measure(platform: str, times: int, scratch: str) -> None:
    """Prints median and 90th percentile of each program, and the ratio of the medians."""
    environment = {**os.environ, "QT_QPA_PLATFORM": platform, "ALEXNET_MUSEUM_TIMING": "1"}
    environment |= {"XDG_CONFIG_HOME": scratch}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for turn in range(times + 1):
        for name, command in PROGRAMS.items():
            seconds = first_paint_s(command, environment)
            if turn:  # the first start of each warms the disk's cache and is not counted
                taken[name].append(seconds)
    for name, values in taken.items():
        ninth = sorted(values)[min(len(values) - 1, round(0.9 * (len(values) - 1)))]
        print(f"{platform:<10}{name:<16}median {statistics.median(values):.3f} s   p90 {ninth:.3f} s")
    medians = [statistics.median(values) for values in taken.values()]
    print(f"{platform:<10}{'ratio':<16}{medians[1] / medians[0]:.2f}")


def main() -> None:
    """Measures on every platform there is."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as scratch:
        for platform in ["offscreen", *(["xcb"] if os.environ.get("DISPLAY") else [])]:
            measure(platform, times, scratch)


if __name__ == "__main__":
    main()
