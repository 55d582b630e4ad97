"""What a parameter file says, as values: the update rule of every array, the numbers of norms and costs.

How they are read from a file: `parameter_reader`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reproduction.definition.schedule import Schedule


@dataclass(frozen=True)
class UpdateRule:
    """How one array moves: V <- momentum·V + rate·G - rate·decay·W; W <- W + V. Biases have decay 0.

    A rate of 0 freezes the array. `rate` is the one the file states; where there is a `schedule`, that of a
    step is `Parameters.at_progress`'s. After the step, constraints on each filter w (0 is off):
    `ball_radius`: |w| at most that (`ball_is_hard`: always that); `norm_limits` (least, most) of
    root(sum (w - mean)²) / number of weights in the filter. `super_epsilon`: V <- 0.9·V + rate·G / root(Q -
    (running mean of G)² + super_epsilon), Q that of G². `update_period`: minibatches an update (0: one).
    """

    rate: float
    momentum: float
    decay: float
    schedule: Schedule | None = None
    ball_radius: float = 0.0
    ball_is_hard: bool = False
    norm_limits: tuple[float, float] = (0.0, 0.0)
    super_epsilon: float = 0.0
    update_period: int = 0

    def at_progress(self, progress: float, draw: Callable[[], float]) -> UpdateRule:
        """The rule of one step; see `Parameters.at_progress`."""
        if self.schedule is None:
            return self
        rate = self.rate * self.schedule.factor_at(progress)
        if not self.schedule.noise:
            return replace(self, rate=rate)
        step, decay = (1 + abs(draw()) * self.schedule.noise for _ in range(2))
        return replace(self, rate=rate * step, decay=self.decay * decay / step)


@dataclass(frozen=True)
class NormParameters:
    """The numbers of a norm; `alpha` is the file's scale divided by the neighbourhood's size."""

    alpha: float
    power: float
    constant: float


@dataclass(frozen=True)
class CostParameters:
    """Weight of a cost in the objective, and the k of the top-k error it reports.

    A coefficient of 0 only reports. `positive_weight`: of cost.bce and cost.dce; `set_size`: of cost.msm.
    """

    coefficient: float
    top_k: int
    positive_weight: float = 1.0
    set_size: int = 0


@dataclass(frozen=True)
class Parameters:
    """What the parameter file says, by array name (rules) or layer name (the rest).

    `dropout`: whether a dropout layer is enabled. `pools`: the random pools that take the maximum instead.
    `output_dropout`: of any layer (2011's key dropout=d), before its activation: times 1[u > d] in training,
    times 1 - d at test. `keeps` and `coefficients` belong to layers: see `Network.with_numbers`.
    `packing`: layers whose (activations, gradients) passed between GPUs as "half"; no meaning for one device.
    """

    rules: Mapping[str, UpdateRule] = field(default_factory=dict)
    norms: Mapping[str, NormParameters] = field(default_factory=dict)
    costs: Mapping[str, CostParameters] = field(default_factory=dict)
    dropout: Mapping[str, bool] = field(default_factory=dict)
    output_dropout: Mapping[str, float] = field(default_factory=dict)
    pools: Mapping[str, bool] = field(default_factory=dict)
    keeps: Mapping[str, float] = field(default_factory=dict)
    coefficients: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    packing: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def at_progress(self, progress: float, draw: Callable[[], float]) -> Parameters:
        """The same with the rates of one step, `progress` being the part of the run that is over (0 to 1).

        `draw` gives a standard normal number for each evaluation of a noisy rate: the step and the decay
        draw their own, so a resolved rule may decay a little more or less than it says.
        """
        scheduled = {name: rule for name, rule in self.rules.items() if rule.schedule and rule.rate}
        if not scheduled:
            return self
        moved = {name: rule.at_progress(progress, draw) for name, rule in scheduled.items()}
        return replace(self, rules={**self.rules, **moved})
