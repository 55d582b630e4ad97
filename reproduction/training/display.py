"""How training shows itself on stderr: one updating block on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections import deque

from reproduction.console import Status, remaining
from reproduction.model.costs import CostSums
from reproduction.training.evaluation import Evaluation
from reproduction.training.trainer import Progress

# The rate is that of the steps of this long: steady to read, and it follows a change of load.
RATE_WINDOW_S = 10.0


class Display:
    """Shows one run, called `title`, that is to take `epochs`."""

    def __init__(
        self, title: str, epochs: int, status: Status | None = None, steps: int | None = None
    ) -> None:
        self.title = title
        self.epochs = epochs
        self._steps_left = steps  # of a run that is to stop after so many, whatever its epochs
        self.status = Status() if status is None else status
        self.pictures_per_second = 0.0
        self._steps: deque[tuple[float, int, float]] = deque()  # (seconds of training, images, epoch)
        self._seconds = 0.0
        self._first: tuple[float, float] | None = None  # epoch and seconds after the first step
        self._recent = CostSums()
        self._last_test = ""

    def stepped(self, progress: Progress, seconds: float) -> None:
        """Takes in a step that took `seconds` and draws."""
        self._seconds += seconds
        if self._first is None:
            self._first = progress.epoch, self._seconds
        self._steps.append((self._seconds, progress.sums.images, progress.epoch))
        while len(self._steps) > 2 and self._seconds - self._steps[1][0] > RATE_WINDOW_S:
            self._steps.popleft()
        self._recent = progress.sums if self._recent.images > 2000 else self._recent + progress.sums
        self._measure(seconds)
        end = float(self.epochs)
        if self._steps_left is not None:
            self._steps_left = max(0, self._steps_left - 1)
            end = min(end, progress.epoch * (1 + self._steps_left / progress.position.step))
        self.status.show([self.title, self._where(progress.epoch, end), self._how()])

    def _measure(self, seconds: float) -> None:
        first, last = self._steps[0], self._steps[-1]
        images = sum(step[1] for step in list(self._steps)[1:])
        span_s = last[0] - first[0]
        self.pictures_per_second = images / span_s if span_s > 0 else first[1] / max(seconds, 1e-9)

    def _where(self, epoch: float, end: float) -> str:
        begun, begun_s = self._first or (epoch, self._seconds)
        left = remaining(epoch - begun, end - begun, self._seconds - begun_s)
        ending = f"   {left} left" if left and epoch < end else ""
        return f"epoch {epoch:.2f} of {self.epochs}   {self.pictures_per_second:,.0f} pictures/s{ending}"

    def _how(self) -> str:
        loss, top1, _ = self._recent.means()
        return f"loss {loss:.4f}   error {100 * top1:.1f} %{self._last_test}"

    def testing(self, done: int, total: int) -> None:
        """Draws how far a test has come."""
        self.status.show([self.title, f"testing: {done:,} of {total:,} pictures"])

    def tested(self, result: Evaluation, epoch: float) -> None:
        """Writes a line about a test, which stays."""
        loss, top1, topk = result.sums.means()
        self._last_test = f"   last test {100 * top1:.2f} %"
        self.status.note(
            f"epoch {epoch:.2f}: test error {100 * top1:.2f} %, top-{result.top_k} {100 * topk:.2f} %, "
            f"loss {loss:.4f} ({result.sums.images:,} {result.split} pictures, {time.strftime('%H:%M:%S')})"
        )

    def note(self, line: str) -> None:
        """Writes a line that stays."""
        self.status.note(line)
