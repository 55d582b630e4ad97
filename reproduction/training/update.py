"""The original's weight update (paper section 5), one array at a time and in place.

    V <- momentum V + rate G,    V <- V - rate decay W,    W <- W + V

G is the mean over the minibatch of the gradient of what is maximised. An array whose rate is 0 is frozen: no
gradient, no decay, and V is kept but not applied.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from reproduction.definition.parameters import UpdateRule
from reproduction.training.constraints import constrain


def update(weights: torch.Tensor, velocity: torch.Tensor, descent: torch.Tensor, rule: UpdateRule) -> None:
    """Moves `weights` and `velocity` in place; `descent` is the mean gradient of the cost (that is, -G)."""
    if rule.rate == 0:
        return
    velocity.mul_(rule.momentum).sub_(descent, alpha=rule.rate)
    if rule.decay > 0:
        velocity.sub_(weights, alpha=rule.rate * rule.decay)
    weights.add_(velocity)


class Momentum:
    """The velocities V of all arrays of a model, by array name; zero before the first step."""

    def __init__(self, arrays: Mapping[str, torch.Tensor]) -> None:
        self.velocities = {name: torch.zeros_like(array) for name, array in arrays.items()}

    @torch.no_grad()
    def step(
        self,
        arrays: Mapping[str, torch.Tensor],
        descents: Mapping[str, torch.Tensor],
        rules: Mapping[str, UpdateRule],
    ) -> None:
        """One update of every array that has a gradient in `descents`."""
        for name, descent in descents.items():
            update(arrays[name], self.velocities[name], descent, rules[name])
            constrain(arrays[name], rules[name])
