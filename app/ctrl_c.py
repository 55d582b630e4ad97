"""Ctrl-C in a Qt program: what a handler raises within a slot is lost there, so it is noted and asked for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from reproduction.stopping import Stopped


class CtrlC:
    """While entered, Ctrl-C calls `act`, and `check` raises `Stopped` from then on."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self._act = act
        self._pressed = False
        self._before: Any = None

    def __enter__(self) -> CtrlC:
        self._before = signal.getsignal(signal.SIGINT)
        if callable(self._before):  # else it is to be ignored
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raises `Stopped` if Ctrl-C was pressed."""
        if self._pressed:
            raise Stopped

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._pressed = True
        self._act()
