"""Measures how long the window's own thread computes for each event, and names the longest.

Only where ALEXNET_MUSEUM_WATCHDOG names a file; what was found is written there as JSON when the museum is
closed. CPU time of the thread is measured, so a busy machine does not count. Everything that happens in the
window begins with an event: a slot, a timer, an answer of a worker, a paint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

LIMIT_S = 0.016  # one picture of sixty in a second
KEPT = 40  # so many of the longest are told


@dataclass
class Slow:
    """One event: who got it, which, how long it took, and the errand that excuses it, if there was one."""

    receiver: str
    event: str
    seconds: float
    errand: str


_errand = ""


@contextmanager
def errand(name: str) -> Iterator[None]:
    """Names what is being done, where it may take longer than one picture: once, and on somebody's wish."""
    global _errand
    try:
        yield
    finally:
        _errand = name  # is told with the event that is being handled, and forgotten after it


class WatchedApplication(QApplication):
    """An application that measures its events."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(list(words))
        self.slow: list[Slow] = []
        self.events = 0
        self._inside = False

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        """Qt's own, measured; events that an event sends are part of it."""
        global _errand
        if self._inside:
            return super().notify(receiver, event)
        self._inside, _errand = True, ""
        name, kind = receiver.metaObject().className(), event.type().name
        started = time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            self._inside = False
            self._note(f"{name} {receiver_name(receiver)}".strip(), kind, time.thread_time() - started)

    def _note(self, receiver: str, kind: str, seconds: float) -> None:
        self.events += 1
        if seconds > LIMIT_S:
            self.slow.append(Slow(receiver, kind, round(seconds, 4), _errand))

    def report(self, path: Path) -> None:
        """Writes the longest events, longest first."""
        longest = sorted(self.slow, key=lambda slow: -slow.seconds)[:KEPT]
        found = {"events": self.events, "limit_s": LIMIT_S, "slow": [asdict(slow) for slow in longest]}
        path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def receiver_name(receiver: QObject) -> str:
    """The object's own name; nothing for one that the event has deleted."""
    try:
        return receiver.objectName()
    except RuntimeError:
        return ""
