"""T6: does the network's later wiring follow the columns, or the colours, of what it reads?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reproduction.analysis.comparison import DRAWS, Labels, ranks, shuffled_labels
from reproduction.analysis.patterns import Values


@dataclass(frozen=True)
class Wiring:
    """How much of each unit's weight goes to its own column."""

    own_shares: Values
    """(U,): sum |w_own| / sum |w|; NaN for a unit without weights."""
    block_index: float
    """Mean own share less one half: 0 where both columns are read alike, 1/2 where only the own is."""
    p: float
    """Two-sided, against random teams of the maps that are read."""


def strengths(weights: Values) -> Values:
    """M_jk = sum over places of |W_jk|: weights (U, C, ...) -> (U, C)."""
    sizes = np.abs(weights.astype(np.float64))
    return np.asarray(sizes.reshape(*weights.shape[:2], -1).sum(axis=2))


def wiring_test(
    strength: Values, unit_columns: Labels, input_columns: Labels, *, draws: int = DRAWS, seed: int = 0
) -> Wiring:
    """Tests `strength` (U, C) between units on columns (U,) and the maps they read on columns (C,), 0 or 1.

    The block index is compared with those of maps whose columns are dealt at random; with halves of unequal
    size its mean is not 0, so that the distance from the mean counts.
    """
    total = strength.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, strength / np.where(total > 0, total, 1), np.nan)
    own = np.nansum(np.where(unit_columns[:, None] == input_columns, shares, 0), axis=1)
    own = np.where(total[:, 0] > 0, own, np.nan)
    # The mean own share is linear in the maps' columns: what each map adds on column 0 and on column 1.
    adds = [np.nansum(shares[unit_columns == side], axis=0) for side in (0, 1)]
    live = max(1, int(np.isfinite(own).sum()))
    deals = shuffled_labels(input_columns, draws, seed) == 1
    null = (deals @ (adds[1] - adds[0]) + adds[0].sum()) / live - 0.5
    index = float(np.nanmean(own) - 0.5) if np.isfinite(own).any() else float("nan")
    as_far = np.abs(null - null.mean()) >= abs(index - null.mean()) * (1 - 1e-9)
    return Wiring(own, index, float((as_far.sum() + 1) / (draws + 1)) if index == index else float("nan"))


@dataclass(frozen=True)
class Factor:
    """One factor of the wiring and how the maps' order along it agrees with a measure of them."""

    loadings: Values
    """(C,): a right singular vector of the strengths."""
    correlation: float
    """Spearman's; its sign is arbitrary for all factors but the first, whose loadings are positive."""
    p: float


def wiring_factors(
    strength: Values, measure: Values, *, factors: int = 2, draws: int = DRAWS, seed: int = 0
) -> list[Factor]:
    """The leading factors of strengths (U, C) beside a measure (C,) of the maps, such as colourfulness.

    After Voss et al. 2021, for networks without columns. p: |correlation| against the measure in random
    order. Maps whose measure is not known are left out of the correlation.
    """
    _, _, right = np.linalg.svd(strength, full_matrices=False)
    known = np.isfinite(measure)
    found = []
    for loadings in right[:factors]:
        loadings = loadings * (1 if loadings.sum() >= 0 else -1)
        correlation, p = spearman_test(loadings[known], measure[known], draws=draws, seed=seed)
        found.append(Factor(loadings, correlation, p))
    return found


def spearman_test(first: Values, second: Values, *, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """Spearman's correlation and p of |correlation| against random orders; NaN where one does not vary."""
    x, y = (ranks(values) - (len(values) + 1) / 2 for values in (first, second))
    scale = np.linalg.norm(x) * np.linalg.norm(y)
    if len(x) < 3 or scale == 0:
        return float("nan"), float("nan")
    true = float(x @ y / scale)
    orders = np.random.default_rng(seed).permuted(np.tile(y, (draws, 1)), axis=1)
    as_far = np.abs(orders @ x / scale) >= abs(true) * (1 - 1e-9)
    return true, float((as_far.sum() + 1) / (draws + 1))


@dataclass(frozen=True)
class Crossing:
    """The first place where columns meet: layers on columns that read maps of several columns."""

    layers: tuple[str, ...]
    arrays: tuple[str, ...]
    """Every weight array that is needed, in the order of `parts`."""
    parts: tuple[tuple[int, int], ...]
    """(unit column, input column) of each array."""


def find_crossing(network: Mapping[str, Any]) -> Crossing | None:
    """Where the columns of a resolved network first meet in convolutions; None where they never do."""
    columns = {layer["name"]: layer.get("column") for layer in network["layers"]}
    names: list[str] = []
    arrays: list[str] = []
    parts: list[tuple[int, int]] = []
    depth = None
    for layer in network["layers"]:
        if layer["type"] != "conv" or layer.get("column") is None or not layer.get("weights"):
            continue
        read = [columns.get(name) for name in layer["inputs"]]
        own = [f"{layer['name']}/weights_{index}" for index in range(len(read))]
        if len({column for column in read if column is not None}) < 2 or set(own) - set(layer["weights"]):
            continue
        if depth is not None and layer["output_shape"] != depth:
            break
        depth = layer["output_shape"]
        names.append(layer["name"])
        arrays += own
        parts += [(layer["column"], -1 if column is None else column) for column in read]
    return Crossing(tuple(names), tuple(arrays), tuple(parts)) if names else None


def crossing_strengths(crossing: Crossing, weights: Mapping[str, Values]) -> tuple[Values, Labels, Labels]:
    """Strengths (U, C), unit columns (U,) and input columns (C,) of the layers where columns meet.

    Assumes that each of the layers reads the same maps in the same order, as columns that are copies do;
    ValueError where they do not.
    """
    rows, unit_columns, input_columns = [], [], []
    per_layer = len(crossing.arrays) // len(crossing.layers)
    for start in range(0, len(crossing.arrays), per_layer):
        blocks = [strengths(weights[name]) for name in crossing.arrays[start : start + per_layer]]
        parts = crossing.parts[start : start + per_layer]
        rows.append(np.concatenate(blocks, axis=1))
        unit_columns.append(np.full(len(blocks[0]), parts[0][0]))
        read = [np.full(block.shape[1], part[1]) for block, part in zip(blocks, parts, strict=True)]
        input_columns.append(np.concatenate(read))
    if any(not np.array_equal(input_columns[0], other) for other in input_columns):
        raise ValueError(f"{' and '.join(crossing.layers)} do not read the same maps")
    return np.concatenate(rows), np.concatenate(unit_columns), input_columns[0]
