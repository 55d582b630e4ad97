"""Tests on counts: how many coloured filters sit on one column, and how much a column says about colour."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.comparison import DRAWS, Labels, shuffled_labels
from reproduction.analysis.patterns import Values


def hypergeometric_tail(total: int, marked: int, drawn: int, found: int) -> float:
    """P(X >= found) of the marked among `drawn` of `total` filters, `marked` of them marked; exact."""
    first, last = max(found, 0, drawn - (total - marked)), min(marked, drawn)
    ways = sum(comb(marked, k) * comb(total - marked, drawn - k) for k in range(first, last + 1))
    return float(Fraction(ways, comb(total, drawn)))


def count_test(marked: NDArray[np.bool_], labels: Labels) -> tuple[int, int, float]:
    """T1: marked filters in group 0 and in group 1, and p of so lopsided a deal.

    Two-sided by doubling the smaller tail, at most 1, because the groups are interchangeable.
    """
    total, size = len(labels), int((labels == 0).sum())
    all_marked = int(marked.sum())
    zero = int(marked[labels == 0].sum())
    upper = hypergeometric_tail(total, all_marked, size, zero)
    lower = hypergeometric_tail(total, all_marked, total - size, all_marked - zero)
    return zero, all_marked - zero, min(1.0, 2 * min(upper, lower))


def information_bits(classes: Labels, labels: Labels) -> float:
    """Mutual information of class and group, from their table of counts, in bits."""
    return float(_information(classes, labels[None])[0])


def information_test(
    classes: Labels, labels: Labels, *, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """T4: information in bits above what random teams have on average, and p as in the permutation test."""
    true = information_bits(classes, labels)
    null = _information(classes, shuffled_labels(labels, draws, seed))
    return float(true - null.mean()), float(((null >= true - 1e-12).sum() + 1) / (draws + 1))


def _information(classes: Labels, labels: Labels) -> Values:
    """Bits for each row of labels (B, n)."""
    count = labels.shape[1]
    ones = (labels == 1).astype(np.float64)
    bits = np.zeros(len(labels))
    for kind in np.unique(classes):
        of_kind = classes == kind
        in_one = ones[:, of_kind].sum(axis=1)
        for joint, group in ((in_one, ones.sum(axis=1)), (of_kind.sum() - in_one, (1 - ones).sum(axis=1))):
            expected = group * of_kind.sum() / count
            bits += (
                joint / count * np.log2(np.where(joint > 0, joint / np.where(expected > 0, expected, 1), 1))
            )
    return bits


def pair_test(pairs: Labels, labels: Labels, *, draws: int = DRAWS, seed: int = 0) -> tuple[int, int, float]:
    """Do partners (P, 2) sit on the same column? Pairs on one column, all pairs, and p of as many or as few.

    Against random teams, doubled: pairs share no filter, but their columns are dealt from one pack.
    """
    if not len(pairs):
        return 0, 0, float("nan")
    null = _together(pairs, shuffled_labels(labels, draws, seed))
    true = int(_together(pairs, labels[None])[0])
    tails = ((null >= true).sum() + 1, (null <= true).sum() + 1)
    return true, len(pairs), min(1.0, 2 * float(min(tails)) / (draws + 1))


def _together(pairs: Labels, labels: Labels) -> Labels:
    return np.asarray((labels[:, pairs[:, 0]] == labels[:, pairs[:, 1]]).sum(axis=1))
