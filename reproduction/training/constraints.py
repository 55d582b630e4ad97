"""What binds the filters of an array after each step: the norm limits and the ball of the parameter file.

A filter is all that one output sees: w[f] of a convolution (F, C, k, k) or a fully connected layer (outputs,
inputs), w[p, f] of a locally connected one (P, F, C, k, k). Original: wcNormMin and wcNormMax, wball.
"""

from __future__ import annotations

import torch

from reproduction.definition.parameters import UpdateRule


def constrain(weights: torch.Tensor, rule: UpdateRule) -> None:
    """Scales the filters of `weights` in place as the rule says, the norm limits first."""
    least, most = rule.norm_limits
    if rule.rate == 0 or not (most > 0 or rule.ball_radius > 0):
        return
    filters = weights.flatten(2 if weights.dim() == 5 else 1)
    if most > 0:
        deviation = filters - filters.mean(dim=-1, keepdim=True)
        spread = deviation.norm(dim=-1, keepdim=True) / filters.shape[-1]
        filters = filters * _factor(spread, spread.clamp(least, most))
    if rule.ball_radius > 0:
        length = filters.norm(dim=-1, keepdim=True)
        radius = torch.full_like(length, rule.ball_radius)
        filters = filters * _factor(length, radius if rule.ball_is_hard else length.minimum(radius))
    weights.copy_(filters.reshape(weights.shape))


def _factor(size: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """wanted / size; 1 where there is nothing to scale."""
    return torch.where(size > 0, wanted / size.clamp_min(1e-38), torch.ones_like(size))
