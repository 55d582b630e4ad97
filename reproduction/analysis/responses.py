"""Statistics of what units answer to pictures: functions of arrays of activations.

Letters: N pictures, U units, n the strongest crops of a unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.patterns import Values


def colour_selectivity(strongest: Values, made_grey: Values) -> Values:
    """C4, alpha = 1 - sum w' / sum w of each unit, after Rafegas and Vanrell: (U,).

    strongest (U, n): the unit's rectified answers to the crops it answers most, w their share of the largest;
    made_grey (U, n): its answers at the same places after those crops were made grey, over the same largest.
    0 where colour plays no part, 1 where the unit is silent without it; NaN for a unit that answers nothing.
    How crops are made grey (mean of the channels, or weighted) is the caller's choice: it changes the values.
    """
    if strongest.shape != made_grey.shape:
        raise ValueError(f"answers of shape {strongest.shape} and {made_grey.shape} do not belong together")
    colour, grey = (np.maximum(answers, 0).astype(np.float64) for answers in (strongest, made_grey))
    total = colour.sum(axis=1)
    return np.where(total > 0, 1 - grey.sum(axis=1) / np.where(total > 0, total, 1), np.nan)


def sparseness(answers: Values) -> Values:
    """Treves-Rolls sparseness of units over pictures, as Vinje and Gallant scale it: (N, U) -> (U,).

    (1 - (sum r / N)^2 / (sum r^2 / N)) / (1 - 1 / N) of rectified answers: 1 for one picture alone, 0 for all
    pictures alike, 0.5 for answers that are exponentially distributed. NaN for a unit that answers nothing.
    """
    rectified = np.maximum(answers, 0).astype(np.float64)
    return sparseness_of_sums(rectified.sum(axis=0), (rectified**2).sum(axis=0), len(rectified))


def sparseness_of_sums(sums: Values, squares: Values, count: int) -> Values:
    """The same from the sums (U,) of the rectified answers, and of their squares, to `count` pictures."""
    if count < 2:
        return np.full(sums.shape, np.nan)
    energy = squares.astype(np.float64) / count
    ratio = (sums.astype(np.float64) / count) ** 2 / np.where(energy > 0, energy, 1)
    return np.where(energy > 0, (1 - ratio) / (1 - 1 / count), np.nan)


def class_selectivity(answers: Values, labels: NDArray[np.integer]) -> Values:
    """(mu_max - mu_rest) / (mu_max + mu_rest) over class means of rectified answers: (N, U) -> (U,).

    0 to 1; mu_rest is the mean of the other classes' means. A high value does not mean that a unit matters:
    lowering it need not hurt a network. NaN for a silent unit, and where fewer than two classes occur.
    """
    rectified = np.maximum(answers, 0).astype(np.float64)
    present = np.unique(labels)
    if len(present) < 2:
        return np.full(rectified.shape[1:], np.nan)
    means = np.stack([rectified[labels == label].mean(axis=0) for label in present])
    most = means.max(axis=0)
    rest = (means.sum(axis=0) - most) / (len(present) - 1)
    total = most + rest
    return np.where(total > 0, (most - rest) / np.where(total > 0, total, 1), np.nan)


def linear_cka(first: Values, second: Values) -> float:
    """Linear centred kernel alignment of two sets of features of the same pictures, (N, P) and (N, Q).

    |Y^T X|_F^2 / (|X^T X|_F |Y^T Y|_F) with columns centred (Kornblith et al. 2019): 1 where one is the other
    turned, near 0 where they are unrelated and N is large. With N below 5 (P + Q), use `unbiased_cka`.
    """
    x, y = (features - features.mean(axis=0) for features in _paired(first, second))
    if len(x) < max(x.shape[1], y.shape[1]):
        return _alignment(x @ x.T, y @ y.T)
    across = np.linalg.norm(y.T @ x) ** 2
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(across / scale) if scale > 0 else float("nan")


def unbiased_cka(first: Values, second: Values) -> float:
    """The same from unbiased estimates (Song et al. 2012), whose mean is 0 for unrelated features even where
    pictures are few; it may be slightly negative. NaN for fewer than four pictures."""
    x, y = _paired(first, second)
    if len(x) < 4:
        return float("nan")
    grams = [_hollow(features @ features.T) for features in (x, y)]
    across, own_x, own_y = (_hsic(grams[a], grams[b]) for a, b in ((0, 1), (0, 0), (1, 1)))
    return float(across / np.sqrt(own_x * own_y)) if own_x > 0 and own_y > 0 else float("nan")


def _paired(first: Values, second: Values) -> tuple[Values, Values]:
    if len(first) != len(second):
        raise ValueError(f"features of {len(first)} and {len(second)} pictures cannot be compared")
    return first.reshape(len(first), -1).astype(np.float64), second.reshape(len(second), -1).astype(
        np.float64
    )


def _alignment(gram_x: Values, gram_y: Values) -> float:
    scale = np.linalg.norm(gram_x) * np.linalg.norm(gram_y)
    return float((gram_x * gram_y).sum() / scale) if scale > 0 else float("nan")


def _hollow(gram: Values) -> Values:
    return np.asarray(gram - np.diag(np.diag(gram)))


def _hsic(k: Values, m: Values) -> float:
    """The unbiased Hilbert-Schmidt independence criterion of two Gram matrices without diagonals."""
    n = len(k)
    rows = k.sum(axis=1) @ m.sum(axis=1)
    mean = k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 * rows / (n - 2)
    return float(((k * m).sum() + mean) / (n * (n - 3)))


def opponency(gratings: Values, uniform: Values) -> NDArray[np.int64]:
    """Spatial opponency from a sweep of gratings (G, U) and the answer to a uniform field (U,): (U,).

    2 opponent: some gratings push the unit above that answer and others below; 1 non-opponent: only one of
    the two occurs; 0: neither. The answers are those before the rectifier, which hides inhibition.
    """
    margin = 1e-6 * np.maximum(np.abs(gratings).max(axis=0), np.abs(uniform))
    above, below = (gratings > uniform + margin).any(axis=0), (gratings < uniform - margin).any(axis=0)
    return np.asarray(above.astype(np.int64) + below)
