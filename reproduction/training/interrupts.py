"""Ctrl-C and a polite kill: finish the step, write the archive, then stop."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType
from typing import Any

from reproduction.stopping import REPEAT_S, Stopped

SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "a request to end (SIGTERM)"}


class Interrupts:
    """While entered, the first SIGINT or SIGTERM only sets `reason`; a second one interrupts at once.

    A key pressed twice within REPEAT_S is meant once.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._first_s = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.reason and time.monotonic() - self._first_s > REPEAT_S:
            raise Stopped
        if not self.reason:
            self._first_s = time.monotonic()
        self.reason = SIGNALS[signal.Signals(number)]
