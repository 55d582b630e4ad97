"""What is minimised: the value of every cost for each image, with the original's gradient.

A value here is the original's reported one, except that logarithms are taken before a probability can become
zero wherever softmax or logistic function and cost stand together; the original differentiated such pairs
jointly too. Letters: N images, K classes; t labels given as one number for each class, y the answers.

Departures from the original: cost.crossent sent back what an unwritten buffer held, here it is the true
gradient; 2012's cost.crossent2 over other than logistic layers had the sign of the second term wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.definition.layers import (
    BinaryCrossEntropy,
    ClassCrossEntropy,
    Cost,
    CrossEntropy,
    GatedSumOfSquares,
    MultiSoftmax,
    RobustSquares,
    SumOfSquares,
    TopographicCost,
)
from reproduction.definition.parameters import CostParameters
from reproduction.model.multi_softmax import log_marginals, multi_softmax_losses

# What stands for log 0, as in the original.
LOG_OF_ZERO = -50.0


@dataclass(frozen=True)
class Judged:
    """What one cost sees of a minibatch.

    `answers` is its last input as the network computed it; `scores` what the softmax or the logistic function
    that made the answers was applied to, None where it was neither. `labels` are class numbers (N,), and
    `targets` the first input of a cost that has two: labels as one number for each class, or a gate (N, 1).
    """

    answers: Tensor
    scores: Tensor | None
    labels: Tensor
    targets: Tensor | None

    @property
    def given(self) -> Tensor:
        """The first input, which a cost of two inputs has."""
        assert self.targets is not None
        return self.targets.flatten(1)


def losses(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    """The value of `cost` for each image (N,), without its coefficient."""
    return _LOSSES[type(cost)](cost, settings, judged)


def log_answers(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    """Log of the probability of each class (N, K), as the answers that `cost` judges have it."""
    if isinstance(cost, MultiSoftmax):
        return log_marginals(judged.answers.flatten(1).double(), settings.set_size).to(judged.answers)
    if judged.scores is None:
        return safe_log(judged.answers.flatten(1))
    if isinstance(cost, BinaryCrossEntropy):
        return F.logsigmoid(judged.scores.flatten(1))
    return F.log_softmax(judged.scores.flatten(1), dim=1)


def judges_classes(cost: Cost) -> bool:
    """Whether answers are probabilities of classes, so that there are right and wrong ones."""
    return isinstance(cost, CrossEntropy | ClassCrossEntropy | BinaryCrossEntropy | MultiSoftmax)


def safe_log(values: Tensor) -> Tensor:
    """log, of which 0 is -50 (and passes no gradient on)."""
    return values.clamp(min=math.exp(LOG_OF_ZERO)).log()


def _cross_entropy(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    return F.nll_loss(log_answers(cost, settings, judged), judged.labels, reduction="none")


def _class_cross_entropy(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    return -(judged.given * log_answers(cost, settings, judged)).sum(dim=1)


def _binary_cross_entropy(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    if judged.scores is None:
        answers = judged.answers.flatten(1)
        there, absent = safe_log(answers), safe_log(1 - answers)
    else:
        scores = judged.scores.flatten(1)
        there, absent = F.logsigmoid(scores), F.logsigmoid(-scores)
    targets = judged.given
    return -(settings.positive_weight * targets * there + (1 - targets) * absent).sum(dim=1)


def _multi_softmax(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    energies = judged.answers.flatten(1).double()
    return multi_softmax_losses(energies, judged.labels, settings.set_size).to(judged.answers)


def _sum_of_squares(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    return judged.answers.flatten(1).square().sum(dim=1)


def _gated_sum_of_squares(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    return judged.given[:, 0] * judged.answers.flatten(1).square().sum(dim=1)


def _robust_squares(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    return (judged.answers.flatten(1) - judged.given).square().log1p().sum(dim=1)


def _topographic(cost: Cost, settings: CostParameters, judged: Judged) -> Tensor:
    assert isinstance(cost, TopographicCost)
    pictures = judged.answers.reshape(len(judged.answers), *cost.input_shapes[-1])
    values: Tensor = _Topographic.apply(pictures, cost.size)  # type: ignore[no-untyped-call]
    return values


class _Topographic(torch.autograd.Function):
    """Sum of s = 1 / (0.001 + root of the sum of x^2 over the window); backward x times the sum of s over the
    window, which is the original's rule and not the derivative of that value."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, size: int) -> Tensor:
        activity = 1 / (0.001 + _window_sums(pictures.square(), size).sqrt())
        ctx.save_for_backward(pictures, activity)
        ctx.size = size
        return activity.flatten(1).sum(dim=1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        pictures, activity = ctx.saved_tensors
        return pictures * _window_sums(activity, ctx.size) * gradient[:, None, None, None], None


def _window_sums(pictures: Tensor, size: int) -> Tensor:
    """Sums over size x size pixels from size // 2 before each, cut at the borders; same shape."""
    before, after = size // 2, size - 1 - size // 2
    padded = F.pad(pictures, (before, after, before, after))
    return F.avg_pool2d(padded, size, stride=1, divisor_override=1)


_LOSSES: dict[type[Cost], Callable[[Cost, CostParameters, Judged], Tensor]] = {
    CrossEntropy: _cross_entropy,
    ClassCrossEntropy: _class_cross_entropy,
    BinaryCrossEntropy: _binary_cross_entropy,
    MultiSoftmax: _multi_softmax,
    SumOfSquares: _sum_of_squares,
    GatedSumOfSquares: _gated_sum_of_squares,
    RobustSquares: _robust_squares,
    TopographicCost: _topographic,
}
