"""Progress on stderr: one updating block on a terminal, plain lines when piped."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO


class Status:
    """A block of lines that is drawn over itself on a terminal; elsewhere its first line, now and then.

    `min_interval_s` limits how often the block is drawn, `piped_interval_s` how often a plain line is written
    when the stream is no terminal. `show(..., force=True)` ignores both. `note` writes a line that stays.
    """

    def __init__(
        self, stream: TextIO | None = None, min_interval_s: float = 0.1, piped_interval_s: float = 10.0
    ) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty()
        self.interval_s = min_interval_s if self.terminal else piped_interval_s
        self._drawn = 0
        self._last_s = float("-inf")

    def show(self, lines: Sequence[str], force: bool = False) -> None:
        """Draws `lines` in place of the last block (terminal), or writes them as one plain line (pipe)."""
        now_s = time.monotonic()
        if not force and now_s - self._last_s < self.interval_s:
            return
        self._last_s = now_s
        if self.terminal:
            self._erase()
            width = shutil.get_terminal_size().columns
            for line in lines:
                self.stream.write(line[: width - 1] + "\n")
            self._drawn = len(lines)
        else:
            self.stream.write("  ".join(line.strip() for line in lines) + "\n")
        self.stream.flush()

    def note(self, line: str) -> None:
        """Writes a line that stays; on a terminal it scrolls up above the block."""
        self._erase()
        self.stream.write(line + "\n")
        self.stream.flush()
        self._last_s = float("-inf") if self.terminal else self._last_s

    def _erase(self) -> None:
        if self._drawn:
            self.stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0


def duration(seconds: float) -> str:
    """`seconds` as a person says it: 48 s, 12 min 05 s, 3 h 07 min, 2 d 04 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def remaining(done: float, total: float, elapsed_s: float) -> str:
    """Time left at the mean rate so far, as a person says it; empty while nothing is known."""
    if done <= 0 or elapsed_s <= 0:
        return ""
    return duration((total - done) * elapsed_s / done)
