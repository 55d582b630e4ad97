"""How a learning rate changes over a run: the schedules of all generations of the parameter files.

p is the training progress from 0 to 1, f the factor by which the rate falls in all (`tgtFactor`):
linear from e to e/f · exp e·f^-p · dexp the same in `steps` levels · jdexp as dexp, but the second half of
each interval (0.2 < p < 0.9) stands at the mean of its level and the one before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

KINDS = ("linear", "exp", "dexp", "jdexp")


@dataclass(frozen=True)
class Schedule:
    """A factor on the learning rate as a function of the progress.

    With `noise` > 0 the rate is also multiplied by 1 + |z|·noise, z drawn anew at every evaluation (2012).
    """

    kind: str
    factor: float
    steps: int = 1
    noise: float = 0.0

    def factor_at(self, progress: float) -> float:
        """What the rate is multiplied by at `progress` (0 ... 1), noise apart."""
        if self.kind == "linear":
            return 1 - progress + progress / self.factor
        if self.kind == "exp":
            return self._power(progress)
        level = max(0, math.ceil(progress * self.steps) - 1)  # the first i with progress <= (i + 1) / steps
        jumps = self.kind == "jdexp" and level > 0 and 0.2 < progress < 0.9
        if jumps and progress * self.steps > level + 0.5:
            return math.sqrt(self._level(level) * self._level(level - 1))
        return self._level(level)

    def _level(self, index: int) -> float:
        return self._power(index / (self.steps - 1)) if self.steps > 1 else 1.0

    def _power(self, exponent: float) -> float:
        return math.pow(self.factor, -exponent)

    def __str__(self) -> str:
        numbers = [f"tgtFactor={self.factor:.12g}"]
        numbers += [f"noiseStdev={self.noise:.12g}"] if self.noise else []
        numbers += [f"numSteps={self.steps}"] if self.kind.endswith("dexp") else []
        return f"{self.kind}[{','.join(numbers)}]"
