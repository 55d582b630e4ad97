"""How weights start: the original's draws, in the original's order (paper section 5; original: initW, initB).

Every weight matrix is std * randn of numpy's legacy generator, layers in file order, inputs in order; biases
draw nothing. The numbers fill the original's matrices: (c, i, j) by filter for conv, (position, c, i, j) by
filter for local, inputs by outputs for fc. So a seed gives what a seeded original would start with.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reproduction.definition.layers import FullyConnected, LocallyConnected, Shape, WeightedLayer
from reproduction.definition.network import Network

Array = NDArray[np.float32]


def initial_weights(network: Network, seed: int) -> dict[str, Array]:
    """Array name -> float32 array in our layout, for every weight and bias of `network`."""
    random = np.random.RandomState(seed)
    arrays: dict[str, Array] = {}
    for layer in network.layers:
        if not isinstance(layer, WeightedLayer):
            continue
        for index, (shape, std) in enumerate(zip(layer.weight_shapes, layer.weight_std, strict=True)):
            arrays[f"{layer.name}/weights_{index}"] = _drawn(layer, shape, std, random)
        arrays[f"{layer.name}/biases"] = np.full(layer.bias_shape or (), layer.bias_value, np.float32)
    return arrays


def _drawn(layer: WeightedLayer, shape: Shape, std: float, random: np.random.RandomState) -> Array:
    """One weight array: drawn as the original's matrix (rows, filters), then turned to our layout."""
    if isinstance(layer, FullyConnected):
        matrix = std * random.randn(shape[1], shape[0])
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
