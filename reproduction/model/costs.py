"""What the original reports of a batch: the value of the main cost, top-1 and top-k error, with its rules
for ties.

Original: cost.logreg first of all. Letters: N images, K classes. Sums over images, never means: the caller
divides. What is minimised in training: `losses`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from reproduction.definition.layers import BinaryCrossEntropy, ClassCrossEntropy, Cost
from reproduction.definition.parameters import CostParameters
from reproduction.model.losses import LOG_OF_ZERO, safe_log

# Classes that the third reported number may use where the parameter file does not say (paper: "top-5 error").
USUAL_TOP_K = 5


@dataclass(frozen=True)
class CostSums:
    """Sums over `images`: the value of the cost, which for cost.logreg is the negative log probability of the
    label (natural), top-1 and top-k errors. Where the cost knows no classes, the errors are 0."""

    images: int = 0
    logprob: float = 0.0
    top1: float = 0.0
    topk: float = 0.0

    def __add__(self, other: CostSums) -> CostSums:
        return CostSums(
            self.images + other.images,
            self.logprob + other.logprob,
            self.top1 + other.top1,
            self.topk + other.topk,
        )

    def means(self) -> tuple[float, float, float]:
        """logprob, top-1 error and top-k error per image (errors as fractions)."""
        count = max(1, self.images)
        return self.logprob / count, self.top1 / count, self.topk / count


def reported_top_k(top_k: int, classes: int) -> int:
    """k of the third number: the parameter file's, or 5 where it says none (1); at most `classes`."""
    return min(top_k if top_k > 1 else USUAL_TOP_K, classes)


def top_k_credit(probabilities: torch.Tensor, labels: torch.Tensor, k: int) -> torch.Tensor:
    """How right each image is among its `k` most probable classes, (N, K) and (N,) -> (N,) in 0 ... 1.

    The k places are given out from the top; classes that share one probability share what is left.
    For k = 1 that is 1 / (number of classes that share the maximum), as the original counts top-1.
    """
    own = probabilities.gather(1, labels[:, None])
    places = k - (probabilities > own).sum(dim=1)
    sharing = (probabilities == own).sum(dim=1)
    return (places.clamp(min=0) / sharing.clamp(min=1)).clamp(max=1)


def mean_over_views(views: Sequence[torch.Tensor]) -> torch.Tensor:
    """The mean of what each view gives: of probabilities whose logs these are (N, K), or of values (N,)."""
    return torch.stack(list(views)).mean(dim=0) if views[0].dim() == 1 else log_mean_probabilities(views)


def log_mean_probabilities(views: Sequence[torch.Tensor]) -> torch.Tensor:
    """Log of the mean over `views` of the probabilities whose logs (N, K) each view gives.

    Probabilities are averaged, not their logarithms (paper section 4.1; original: multi-view test).
    """
    if len(views) == 1:
        return views[0]
    return torch.logsumexp(torch.stack(list(views)), dim=0) - math.log(len(views))


def cost_sums(log_probs: torch.Tensor, labels: torch.Tensor, top_k: int) -> CostSums:
    """The three sums for one batch; errors are counted on float32 probabilities, as the original does."""
    probabilities = log_probs.exp()
    chosen = log_probs.double().gather(1, labels[:, None])
    count = len(labels)
    wrong = [count - top_k_credit(probabilities, labels, k).double().sum().item() for k in (1, top_k)]
    return CostSums(count, -chosen.sum().item(), wrong[0], wrong[1])


def measured_sums(
    cost: Cost, settings: CostParameters, measured: torch.Tensor, labels: torch.Tensor, top_k: int
) -> CostSums:
    """The three sums of any cost: `measured` are log probabilities (N, K), or its values (N,) where the cost
    knows no classes."""
    if measured.dim() == 1:
        return CostSums(len(labels), measured.double().sum().item())
    sums = cost_sums(measured, labels, top_k)
    if isinstance(cost, ClassCrossEntropy):
        own, probabilities = measured.gather(1, labels[:, None]), measured.exp()
        # Right is whoever is among the most probable classes, however many they are.
        wrong = probabilities.gather(1, labels[:, None])[:, 0] < probabilities.amax(dim=1)
        stated = torch.where(own.exp() == 0, LOG_OF_ZERO, own.double())
        return replace(sums, logprob=-stated.sum().item(), top1=float(wrong.sum().item()))
    if isinstance(cost, BinaryCrossEntropy):
        return replace(sums, logprob=_binary_value(measured, labels, settings.positive_weight))
    return sums


def _binary_value(logs: torch.Tensor, labels: torch.Tensor, positive_weight: float) -> float:
    """-log of the label's answer, weighed, and -log of 1 - answer of all other classes; log 0 is -50."""
    there = logs.gather(1, labels[:, None]).clamp(min=LOG_OF_ZERO).double().sum()
    absent = safe_log(1 - logs.exp()).scatter(1, labels[:, None], 0).double().sum()
    return -(positive_weight * there + absent).item()
