"""What the original reports of a batch: logprob, top-1 and top-k error, with its rules for ties.

Original: cost.logreg. Letters: N images, K classes. Sums over images, never means: the caller divides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

# Classes that the third reported number may use where the parameter file does not say (paper: "top-5 error").
USUAL_TOP_K = 5


@dataclass(frozen=True)
class CostSums:
    """Sums over `images`: negative log probability of the label (natural), top-1 and top-k errors."""

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


def log_probabilities(scores: torch.Tensor) -> torch.Tensor:
    """Logarithm of the softmax of `scores` (N, K), without the detour over probabilities that may be zero."""
    return F.log_softmax(scores, dim=1)


def log_mean_probabilities(views: Sequence[torch.Tensor]) -> torch.Tensor:
    """Log of the mean over `views` of the probabilities whose logs (N, K) each view gives.

    Probabilities are averaged, not their logarithms (paper section 4.1; original: multi-view test).
    """
    if len(views) == 1:
        return views[0]
    return torch.logsumexp(torch.stack(list(views)), dim=0) - math.log(len(views))


def log_loss(log_probs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sum over images of the negative log probability of the label; gradient: probability minus label."""
    return F.nll_loss(log_probs, labels, reduction="sum")


def cost_sums(log_probs: torch.Tensor, labels: torch.Tensor, top_k: int) -> CostSums:
    """The three sums for one batch; errors are counted on float32 probabilities, as the original does."""
    probabilities = log_probs.exp()
    chosen = log_probs.double().gather(1, labels[:, None])
    count = len(labels)
    wrong = [count - top_k_credit(probabilities, labels, k).double().sum().item() for k in (1, top_k)]
    return CostSums(count, -chosen.sum().item(), wrong[0], wrong[1])
