"""A screen that nobody sees, and a hand that moves its mouse and presses its keys through the X server."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = ("Xvfb", "xdotool")


@contextmanager
def display(width: int = 1280, height: int = 940) -> Iterator[dict[str, str]]:
    """A screen that nobody sees; the environment of programs that shall use it."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    try:
        yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    finally:
        server.terminate()
        server.wait()


def xdotool(environment: dict[str, str], *words: str | int) -> str:
    """One xdotool command; its output."""
    command = ["xdotool", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def drag(environment: dict[str, str], target: tuple[int, int], start: tuple[int, int] = (60, 50)) -> None:
    """Drags from the source's window to a point, slowly enough for the protocol's messages."""
    xdotool(environment, "search", "--sync", "--name", "drag-source")
    time.sleep(1)
    xdotool(environment, "mousemove", *start, "mousedown", 1)
    for share in (0.05, 0.3, 0.6, 0.9, 1.0, 1.0):
        time.sleep(0.25)
        point = [round(a + share * (b - a)) for a, b in zip(start, target, strict=True)]
        xdotool(environment, "mousemove", *point)
    time.sleep(0.3)
    xdotool(environment, "mouseup", 1)
