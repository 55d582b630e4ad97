"""Questions to several runs, and to one run over time: T7 and T8.

What can be claimed of a kind of network, rather than of one trained network, needs several runs: filters in
one network are trained together, runs are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from reproduction.analysis.comparison import DRAWS, Labels, aucs, ranks, shuffled_labels
from reproduction.analysis.patterns import Values

LEAST_RUNS = 4  # a side: with fewer no p below 0.05 is possible two-sided, and none is given
MOST_DEALS = 20_000  # counted one by one; more are drawn
SPLIT_QUANTILE = 0.99


@dataclass(frozen=True)
class RunComparison:
    """How far apart the halves are in R runs with columns and in R' without."""

    separations: Values
    """(R,): max(AUC, 1 - AUC) of each run; columns are not aligned between runs."""
    controls: Values
    """(R',): the same of runs without columns, halved by an arbitrary label."""
    auc: float
    """P(a run's separation is above a control's), ties counting half."""
    p: float
    """Mann-Whitney, two-sided, exact; NaN with fewer than four runs on either side: description only."""


def compare_runs(separations: Values, controls: Values, seed: int = 0) -> RunComparison:
    """T7 on the level of runs; values that are not finite are left out."""
    runs, others = (np.asarray(values)[np.isfinite(values)] for values in (separations, controls))
    if not len(runs) or not len(others):
        return RunComparison(runs, others, float("nan"), float("nan"))
    place = ranks(np.concatenate([others, runs]))
    labels = np.repeat([0, 1], [len(others), len(runs)])
    found = float(aucs(place, labels[None])[0])
    if min(len(runs), len(others)) < LEAST_RUNS:
        return RunComparison(runs, others, found, float("nan"))
    return RunComparison(runs, others, found, _mann_whitney(place, labels, seed))


def _mann_whitney(place: Values, labels: Labels, seed: int) -> float:
    """p of the rank sum's distance from its mean over all deals, or over drawn ones where they are many."""
    total, size = len(labels), int(labels.sum())
    if comb(total, size) <= MOST_DEALS:
        sums = np.array([place[list(chosen)].sum() for chosen in combinations(range(total), size)])
        spare = 0
    else:
        sums = (shuffled_labels(labels, MOST_DEALS, seed) == 1) @ place
        spare = 1
    mean = size * place.mean()
    as_far = np.abs(sums - mean) >= abs(place[labels == 1].sum() - mean) - 1e-9
    return float((as_far.sum() + spare) / (len(sums) + spare))


@dataclass(frozen=True)
class Onset:
    """How the halves came apart: one value a snapshot, (S,) each."""

    separations: Values
    """max(AUC, 1 - AUC)."""
    limits: Values
    """What 99 % of random teams stay below at that snapshot."""
    split: int
    """The first snapshot from which on the separation stays above the limit; -1 where it does not."""


def onset(values: Sequence[Values], labels: Labels, *, draws: int = DRAWS, seed: int = 0) -> Onset:
    """T8 from a measure's values (n,) at each snapshot. Values that are not finite are left out."""
    found = [_separation(at_once, labels, draws, seed) for at_once in values]
    separations, limits = np.array(found, np.float64).reshape(-1, 2).T
    above = separations > limits
    split = len(above)
    while split and above[split - 1]:
        split -= 1
    return Onset(separations, limits, split if split < len(above) else -1)


def _separation(values: Values, labels: Labels, draws: int, seed: int) -> tuple[float, float]:
    known = np.isfinite(values)
    values, labels = values[known], labels[known]
    if min((labels == 0).sum(), (labels == 1).sum()) < 2:
        return float("nan"), float("nan")
    null = aucs(values, shuffled_labels(labels, draws, seed))
    true = float(aucs(values, labels[None])[0])
    return max(true, 1 - true), float(np.quantile(np.maximum(null, 1 - null), SPLIT_QUANTILE))
