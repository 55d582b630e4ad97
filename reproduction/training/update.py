"""The original's weight update (paper section 5), all arrays at a time and in place.

    V <- momentum V + rate G,    V <- V - rate decay W,    W <- W + V

G is the mean over the minibatch of the gradient of what is maximised. An array whose rate is 0 is frozen: no
gradient, no decay, and V is kept but not applied.

Of a class tree (2012), rate and decay of a row are both divided by the number of classes below its node. An
array with an update period (2014) moves at the end of every so many minibatches: V takes in momentum at the
first, rate G / period at each, decay at the last.

With a superEps (2012, used in no released file), G comes divided by its running deviation:

    m <- momentum m + (1 - momentum) G,    q <- momentum q + (1 - momentum) G^2
    V <- 0.9 V + rate G / sqrt(q - m^2 + superEps),    then decay and W as above

The original took m for m^2 there, against its own comment; that root could be of a negative number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from reproduction.definition.parameters import UpdateRule
from reproduction.kernels import weight_update
from reproduction.kernels.weight_update import Move
from reproduction.training.constraints import constrain

NORMALISED_MOMENTUM = 0.9  # of V, where G is divided by its running deviation; the rule's is that of m and q


def update(
    weights: torch.Tensor,
    velocity: torch.Tensor,
    descent: torch.Tensor,
    rule: UpdateRule,
    *,
    step: int = 0,
    momentum: float | None = None,
    divisors: torch.Tensor | None = None,
) -> None:
    """Moves `weights` and `velocity` in place; `descent` is the mean gradient of the cost (that is, -G).

    `step` counts minibatches from 0, for arrays with an update period. `momentum` stands in for the rule's.
    `divisors` (rows, 1) divide rate and decay of the rows of a class tree.
    """
    if rule.rate == 0:
        return
    move = _move(rule, step, momentum)
    if divisors is None:
        weight_update.update([weights], [velocity], [descent], [move])
    else:
        _move_rows(weights, velocity, descent, move, divisors)
    if move.moves:
        constrain(weights, rule)


def _move(rule: UpdateRule, step: int, momentum: float | None) -> Move:
    """What minibatch number `step` does to an array."""
    period = max(1, rule.update_period)
    begins, ends = step % period == 0, (step + 1) % period == 0
    return Move(
        momentum=(rule.momentum if momentum is None else momentum) if begins else 1.0,
        rate=rule.rate / period,
        decay=rule.rate * rule.decay if ends and rule.decay > 0 else 0.0,
        moves=ends,
    )


def _move_rows(
    weights: torch.Tensor, velocity: torch.Tensor, descent: torch.Tensor, move: Move, divisors: torch.Tensor
) -> None:
    """The same for the rows of a class tree."""
    velocity.mul_(move.momentum)
    velocity.sub_(descent / divisors, alpha=move.rate)
    if move.decay != 0:
        velocity.sub_(weights / divisors**2, alpha=move.decay)
    if move.moves:
        weights.add_(velocity)


@dataclass
class RunningAverages:
    """m and q of one array with a superEps: running averages of G and of its square."""

    mean: torch.Tensor
    square: torch.Tensor

    def normalised(self, descent: torch.Tensor, rule: UpdateRule) -> torch.Tensor:
        """`descent` divided by its running deviation, after taking it in."""
        self.mean.lerp_(descent, 1 - rule.momentum)
        self.square.lerp_(descent * descent, 1 - rule.momentum)
        variance = (self.square - self.mean * self.mean).clamp_(min=0)
        return descent / (variance + rule.super_epsilon).sqrt()


class Momentum:
    """The velocities V of all arrays of a model, by array name; zero before the first step.

    `divisors`: see `update`. `averages` are there for arrays with a superEps once they have moved.
    """

    def __init__(
        self, arrays: Mapping[str, torch.Tensor], divisors: Mapping[str, torch.Tensor] | None = None
    ) -> None:
        self.velocities = {name: torch.zeros_like(array) for name, array in arrays.items()}
        self.averages: dict[str, RunningAverages] = {}
        self._divisors = {name: rows.to(arrays[name].device) for name, rows in (divisors or {}).items()}

    @torch.no_grad()
    def step(
        self,
        arrays: Mapping[str, torch.Tensor],
        descents: Mapping[str, torch.Tensor],
        rules: Mapping[str, UpdateRule],
        step: int = 0,
    ) -> None:
        """One update, after minibatch number `step`, of every array that has a gradient in `descents`."""
        together: list[str] = []
        moves: list[Move] = []
        given = dict(descents)
        for name, descent in descents.items():
            rule, momentum = rules[name], None
            if rule.super_epsilon > 0:
                given[name], momentum = self._averages(name).normalised(descent, rule), NORMALISED_MOMENTUM
            divisors = self._divisors.get(name)
            if divisors is not None:
                one = arrays[name], self.velocities[name], given[name], rule
                update(*one, step=step, momentum=momentum, divisors=divisors)
            elif rule.rate != 0:
                together.append(name)
                moves.append(_move(rule, step, momentum))
        weights, velocities, moving = (
            [each[name] for name in together] for each in (arrays, self.velocities, given)
        )
        weight_update.update(weights, velocities, moving, moves)
        for name, move in zip(together, moves, strict=True):
            if move.moves:
                constrain(arrays[name], rules[name])

    def stacked_averages(self) -> dict[str, torch.Tensor]:
        """Array name -> m and q one after the other (2, ...), for the archive."""
        return {name: torch.stack([pair.mean, pair.square]) for name, pair in self.averages.items()}

    def take_averages(self, stacked: Mapping[str, torch.Tensor]) -> None:
        """Goes on with averages that an archive has kept."""
        for name, (mean, square) in stacked.items():
            own = self._averages(name)
            own.mean.copy_(mean)
            own.square.copy_(square)

    def _averages(self, name: str) -> RunningAverages:
        if name not in self.averages:
            velocity = self.velocities[name]
            self.averages[name] = RunningAverages(torch.zeros_like(velocity), torch.zeros_like(velocity))
        return self.averages[name]
