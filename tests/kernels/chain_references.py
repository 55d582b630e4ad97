"""Chains of stages in float64 from the plain loops of the single layers, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import picture_references
import references
from numpy.typing import NDArray

Array = NDArray[np.float64]
Constants = dict[str, Any]


def bias(x: Array, values: Array) -> Array:
    y = np.empty_like(x)
    for channel in range(x.shape[1]):
        y[:, channel] = x[:, channel] + values[channel]
    return y


def forward(x: Array, kind: str, c: Constants) -> Array:
    """What one stage makes of `x` (N, C, H, W)."""
    if kind == "bias":
        return bias(x, c["values"])
    if kind == "relu":
        return np.where(x > 0, x, 0)
    if kind == "dropout":
        return np.where(c["uniform"] < c["keep"], x * c["scale"], 0)
    if kind == "across":
        return references.normalise_across_maps(x, **c)[0]
    if kind == "within":
        return references.normalise_within_map(x, **c)[0]
    if kind == "contrast":
        return picture_references.contrast_normalise(x, x, **c)[0]
    if kind == "max":
        return references.max_pool(x, **c)
    if kind == "average":
        return references.average_pool(x, **c)
    if kind == "maxabs":
        return picture_references.largest_magnitude_pool(x, **c)
    outputs, where = c["outputs"], {key: c[key] for key in ("size", "stride", "start")}
    return picture_references.sum_pool(x, np.zeros((*x.shape[:2], outputs, outputs)), **where)[0]


def gradient(x: Array, g: Array, kind: str, c: Constants) -> Array:
    """The gradient at `x` where that at the stage's output is `g`."""
    where = {key: c[key] for key in ("size", "stride", "start") if key in c}
    if kind == "bias":
        return g
    if kind == "relu":
        return np.where(x > 0, g, 0)
    if kind == "dropout":
        return np.where(c["uniform"] < c["keep"], g * c["scale"], 0)
    if kind == "across":
        return references.normalise_across_maps_gradient(x, g, **c)
    if kind == "within":
        return references.normalise_within_map_gradient(x, g, **c)
    if kind == "contrast":
        return picture_references.contrast_normalise(x, g, **c)[1]
    if kind == "max":
        return references.max_pool_gradient(x, g, **where)
    if kind == "average":
        return references.average_pool_gradient(g, x.shape[-1], **where)
    if kind == "maxabs":
        return picture_references.picked_gradient(x, forward(x, kind, c), g, **where)
    return picture_references.sum_pool(x, g, **where)[1]


def both(x: Array, g: Array, stages: Sequence[tuple[str, Constants]]) -> tuple[Array, Array]:
    """Output and input gradient of a whole chain."""
    values = [x]
    for kind, constants in stages:
        values.append(forward(values[-1], kind, constants))
    for before, (kind, constants) in reversed(list(zip(values, stages, strict=False))):
        g = gradient(before, g, kind, constants)
    return values[-1], g
