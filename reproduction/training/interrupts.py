"""Ctrl-C, a polite kill, and the end of whoever looks on: finish the step, write the archive, then stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from reproduction.stopping import REPEAT_S, Stopped

SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "a request to end (SIGTERM)"}


def stop_when_input_ends() -> None:
    """From now on the end of standard input is a Ctrl-C: the program that started this one has gone, or asks
    it to stop in a way that every system knows.
    """
    threading.Thread(target=_interrupt_at_end_of_input, daemon=True).start()


def _interrupt_at_end_of_input() -> None:
    # Read below Python's buffer: its lock must not be held when the process ends.
    while os.read(0, 1):
        pass
    signal.raise_signal(signal.SIGINT)


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
