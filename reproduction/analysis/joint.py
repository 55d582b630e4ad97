"""T5: can a filter's column be told from all of its measures together?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.comparison import Labels, shuffled_labels
from reproduction.analysis.patterns import Values

DRAWS = 999
NUMBERS_AT_ONCE = 1_000_000  # in memory, times a dozen arrays


@dataclass(frozen=True)
class Joint:
    """How often a linear discriminant that has not seen a filter names its column."""

    accuracy: float
    chance: float
    """Mean accuracy over random teams: below one half, because the one left out tips the balance."""
    unusual: float
    """The accuracy that 95 % of random teams stay below."""
    p: float


def joint_test(features: Values, labels: Labels, *, draws: int = DRAWS, seed: int = 0) -> Joint:
    """Leave-one-out linear discriminant on features (n, m), against the same with random teams.

    Filters with a feature that is not finite are left out, and features that are the same everywhere. NaN
    with fewer than m + 3 filters a group.
    """
    known = np.isfinite(features).all(axis=1)
    features, labels = features[known].astype(np.float64), labels[known]
    features = features[:, np.ptp(features, axis=0) > 1e-12] if len(features) else features
    if min((labels == 0).sum(), (labels == 1).sum()) < features.shape[1] + 3 or not features.shape[1]:
        return Joint(*(float("nan"),) * 4)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    true = float(accuracies(features, labels[None])[0])
    null = accuracies(features, shuffled_labels(labels, draws, seed))
    return Joint(
        true,
        float(null.mean()),
        float(np.quantile(null, 0.95)),
        float(((null >= true - 1e-9).sum() + 1) / (draws + 1)),
    )


def accuracies(features: Values, labels: Labels) -> Values:
    """Leave-one-out accuracy for each row of labels (B, n); the groups' sizes count as prior odds.

    No discriminant is made anew: leaving x out of its group g of n_g changes that group's mean by
    (x - m_g) / (n_g - 1) and the scatter by a multiple of (x - m_g)(x - m_g)^T, whose inverse follows by
    Sherman and Morrison's formula.
    """
    most = max(1, NUMBERS_AT_ONCE // features.size)
    parts = [_accuracies(features, labels[k : k + most] == 1) for k in range(0, len(labels), most)]
    return np.concatenate(parts)


def _accuracies(features: Values, one: NDArray[np.bool_]) -> Values:
    count = np.where(one, one.sum(axis=1, keepdims=True), (~one).sum(axis=1, keepdims=True))
    other_count = len(features) - count
    means = [side @ features / side.sum(axis=1, keepdims=True) for side in (~one, one)]
    own = np.where(one[:, :, None], means[1][:, None], means[0][:, None])
    other = np.where(one[:, :, None], means[0][:, None], means[1][:, None])
    apart = features - own
    inverse = np.linalg.pinv(apart.transpose(0, 2, 1) @ apart, hermitian=True)
    without = own - apart / (count - 1)[:, :, None]
    # The discriminant is w (x - middle) + log odds with w = C^-1 (own' - other), C = S' / (n - 3).
    across, beyond = without - other, features - (without + other) / 2
    share = count / (count - 1)
    solved = apart @ inverse
    lost = share / np.maximum(1 - share * (solved * apart).sum(axis=2), 1e-9)
    score = ((across @ inverse) * beyond).sum(axis=2)
    score += lost * (solved * across).sum(axis=2) * (solved * beyond).sum(axis=2)
    score = (len(features) - 3) * score + np.log((count - 1) / other_count)
    return np.asarray((score > 0).mean(axis=1))
