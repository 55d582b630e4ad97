"""How weights start: the original's draws, in the original's order (paper section 5; original: initW, initB).

Every weight matrix is std * randn of numpy's legacy generator, layers in file order, inputs in order; biases
draw nothing, nor do matrices that another layer owns. The numbers fill the original's matrices: (c, i, j) by
filter for conv, (position, c, i, j) by filter for local, inputs by outputs for fc and sfc, inputs by nodes
for treefc, whose inner nodes are drawn too and then set to zero. So a seed gives what a seeded original would
start with. Random connections have draws of their own (`reproduction.model.connections`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reproduction.definition.layers import (
    LocallyConnected,
    Shape,
    TreeFullyConnected,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.definition.network import Network

Array = NDArray[np.float32]


def initial_weights(network: Network, seed: int) -> dict[str, Array]:
    """Array name -> float32 array in our layout, for every weight and bias of `network`."""
    random = np.random.RandomState(seed)
    arrays: dict[str, Array] = {}
    for layer in network.layers:
        if not isinstance(layer, WeightedLayer):
            continue
        own = layer.array_shapes
        for name, shape, std in zip(layer.weight_names, layer.weight_shapes, layer.weight_std, strict=True):
            if name in own and name not in arrays:
                arrays[name] = _drawn(layer, shape, std, random)
        arrays[f"{layer.name}/biases"] = _biases(layer)
    return arrays


def _biases(layer: WeightedLayer) -> Array:
    """All at one value, or each at its own, in the order (filter, row, column)."""
    shape = layer.bias_shape or ()
    if layer.bias_values:
        return np.array(layer.bias_values, np.float32).reshape(shape)
    return np.full(shape, layer.bias_value, np.float32)


def _drawn(layer: WeightedLayer, shape: Shape, std: float, random: np.random.RandomState) -> Array:
    """One weight array: drawn as the original's matrix (rows, filters), then turned to our layout."""
    if not isinstance(layer, WindowedLayer):
        matrix = std * random.randn(shape[1], shape[0])
        if isinstance(layer, TreeFullyConnected):
            matrix[:, layer.outputs :] = 0
        turned = matrix.T
    elif isinstance(layer, LocallyConnected):
        positions, filters, *patch = shape
        matrix = std * random.randn(positions * math.prod(patch), filters)
        turned = np.moveaxis(matrix.reshape(positions, *patch, filters), -1, 1)
    else:
        filters, *patch = shape
        matrix = std * random.randn(math.prod(patch), filters)
        turned = matrix.T.reshape(shape)
    return np.ascontiguousarray(turned, np.float32)
