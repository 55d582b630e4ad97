"""Do two groups of filters differ in a measure? Permutation tests, effect sizes, and many questions at once.

Filters in one network are trained together, so that what is tested here is whether its two halves differ more
than random halves of the same network would; whether such networks differ in general is a question to several
runs (see `runs`). Which half is called 0 never matters. Measures that are angles modulo 180 degrees are
compared as directions. All draws come from a seed: the same question has the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.patterns import Values

Labels = NDArray[np.integer]

DRAWS = 9999
RESAMPLES = 2000
INTERVAL = 0.95


@dataclass(frozen=True)
class Difference:
    """Two groups compared in one measure; NaN where fewer than two filters a group have a value."""

    counts: tuple[int, int]
    """Filters with a value in group 0 and 1."""
    means: tuple[float, float]
    """For angles, mean directions."""
    statistic: float
    """|mean_0 - mean_1|; for angles, the distance of the mean vectors on the doubled circle, 0 to 2."""
    auc: float
    """P(a value of group 1 is above one of group 0), ties counting half; NaN for angles."""
    low: float
    """With `high`: where 95 % of the bootstrap's AUCs lie."""
    high: float
    p: float

    @property
    def delta(self) -> float:
        """Cliff's delta, 2 AUC - 1: from -1 to 1, positive where group 1 has the larger values."""
        return 2 * self.auc - 1

    @property
    def separation(self) -> float:
        """max(AUC, 1 - AUC), which does not depend on the groups' names: 0.5 to 1."""
        return max(self.auc, 1 - self.auc) if self.auc == self.auc else self.auc


def compare(
    values: Values, labels: Labels, *, circular: bool = False, draws: int = DRAWS, seed: int = 0
) -> Difference:
    """Compares `values` (n,) between `labels` (n,) 0 and 1; NaN values are left out.

    With `draws` 0 only effect sizes are computed, in an instant: p is 1 and there is no interval.
    """
    known = np.isfinite(values)
    values, labels = values[known].astype(np.float64), labels[known]
    counts = int((labels == 0).sum()), int((labels == 1).sum())
    if min(counts) < 2:
        nan = float("nan")
        return Difference(counts, (nan, nan), nan, nan, nan, nan, nan)
    vectors = np.exp(2j * np.radians(values)) if circular else values
    statistic, p = permutation_test(vectors, labels, draws=draws, seed=seed)
    sides = [vectors[labels == side].mean() for side in (0, 1)]
    if circular:
        means = [float(np.degrees(np.angle(side)) / 2 % 180) for side in sides]
        return Difference(counts, (means[0], means[1]), statistic, *(float("nan"),) * 3, p)
    low, high = bootstrap_interval(values, labels, seed=seed) if draws else (float("nan"),) * 2
    return Difference(
        counts, (float(sides[0]), float(sides[1])), statistic, auc(values, labels), low, high, p
    )


def shuffled_labels(labels: Labels, draws: int, seed: int = 0) -> Labels:
    """`draws` random deals of the same teams: (draws, n)."""
    return _deals(labels.astype(np.int8).tobytes(), draws, seed)


@lru_cache(maxsize=16)
def _deals(labels: bytes, draws: int, seed: int) -> Labels:
    """Many questions are asked of the same teams: their deals are drawn once. Not to be written to."""
    random = np.random.default_rng(seed)
    deals = random.permuted(np.tile(np.frombuffer(labels, np.int8), (draws, 1)), axis=1)
    deals.flags.writeable = False
    return deals


def permutation_test(
    values: NDArray[np.inexact],
    labels: Labels,
    *,
    median: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """T2: |mean_0 - mean_1| (or of the medians) and how rarely random teams differ as much.

    p = (b + 1) / (draws + 1) with b of `draws` deals at least as far apart (Phipson and Smyth 2010): never 0.
    `values` may be complex, for directions.
    """
    null = _distances(values, shuffled_labels(labels, draws, seed), median)
    statistic = float(_distances(values, labels[None], median)[0])
    # A deal that equals the true one up to rounding counts as equal.
    as_far = null >= statistic * (1 - 1e-9) - 1e-300
    return statistic, float((as_far.sum() + 1) / (draws + 1))


def _distances(values: NDArray[np.inexact], labels: Labels, median: bool) -> Values:
    """Distance of the two groups for each row of labels (B, n)."""
    if median:
        sides = [np.nanmedian(np.where(labels == side, values, np.nan), axis=1) for side in (0, 1)]
        return np.asarray(np.abs(sides[0] - sides[1]))
    ones = labels == 1
    in_one, count_one = ones @ values, ones.sum(axis=1)
    in_zero = values.sum() - in_one
    return np.asarray(np.abs(in_zero / (labels.shape[1] - count_one) - in_one / count_one))


def ranks(values: Values) -> Values:
    """Ranks from 1, ties sharing their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places], np.float64)


def aucs(values: Values, labels: Labels) -> Values:
    """AUC for each row of labels (B, n)."""
    ones = labels == 1
    count_one = ones.sum(axis=1)
    above = ones @ ranks(values) - count_one * (count_one + 1) / 2
    return np.asarray(above / (count_one * (labels.shape[1] - count_one)))


def auc(values: Values, labels: Labels) -> float:
    """T3: P(value of group 1 > value of group 0) + P(equal) / 2."""
    return float(aucs(values, labels[None])[0])


def bootstrap_interval(
    values: Values, labels: Labels, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Ends of the interval that holds 95 % of the AUCs of filters drawn anew, with repeats, in each group."""
    zero, one = values[labels == 0], values[labels == 1]
    wins = (one[None, :] > zero[:, None]) + 0.5 * (one[None, :] == zero[:, None])
    drawn = _resampled(len(zero), resamples, seed), _resampled(len(one), resamples, seed + 1)
    found = ((drawn[0] @ wins) * drawn[1]).sum(axis=1) / (len(zero) * len(one))
    low, high = np.quantile(found, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(low), float(high)


@lru_cache(maxsize=16)
def _resampled(count: int, resamples: int, seed: int) -> Values:
    """How often each of `count` filters is drawn, in each of the resamples. Not to be written to."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float64)
    drawn.flags.writeable = False
    return drawn


def q_values(p: Values) -> Values:
    """T9: Benjamini and Hochberg's q of each p (n,); NaN stays NaN and counts for nothing."""
    found = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(-p[known], kind="stable")]
    raised = p[order] * len(known) / np.arange(len(known), 0, -1)
    found[order] = np.minimum(1.0, np.minimum.accumulate(raised)) if len(known) else raised
    return found


def arbitrary_halves(count: int) -> Labels:
    """0 for the first half of `count` filters, 1 for the second: for networks with one column."""
    return np.asarray(np.arange(count) >= (count + 1) // 2, np.int64)


def deal_teams(labels: Labels, seed: int) -> Labels:
    """The same teams dealt at random, for the shuffle button: another seed, another deal."""
    return np.random.default_rng(seed).permutation(labels)
