"""The filters that read the pictures, as measures want them: kernels with their layer, column and stride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.patterns import Values


@dataclass(frozen=True)
class Block:
    """The filters of one layer: kernels (F, C, H, W)."""

    layer: str
    column: int | None
    """None in a network of one column."""
    kernels: Values
    stride: int


def kernels_of(weights: NDArray[Any], image_shape: Sequence[int]) -> NDArray[Any]:
    """A weight array as kernels (F, C, H, W).

    Convolutions have that shape already. Of locally connected layers (positions, F, C, K, K) the middle
    position is taken; a fully connected unit (F, inputs) sees the whole picture.
    """
    if weights.ndim == 5:
        return np.asarray(weights[len(weights) // 2])
    if weights.ndim == 2:
        return np.asarray(weights.reshape(len(weights), *image_shape))
    return weights


def blocks_of(network: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> list[Block]:
    """The first layers of a resolved network as blocks, in file order.

    `weights` maps array names ("conv1a/weights_0") to arrays; ValueError where one that is needed is missing
    or does not have the shape that the network says.
    """
    layers = {layer["name"]: layer for layer in network["layers"]}
    return [_block(layers[name], network, weights) for name in network["first_layers"]]


def _block(
    layer: Mapping[str, Any], network: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]
) -> Block:
    name = f"{layer['name']}/weights_0"
    shape = layer.get("weights", {}).get(name)
    if name not in weights:
        raise ValueError(f"there is no array {name}")
    if shape is not None and list(weights[name].shape) != list(shape):
        raise ValueError(f"{name} has shape {weights[name].shape}; the network says {tuple(shape)}")
    stride = layer.get("stride") or [1]
    column = layer.get("column") if network["columns"] > 1 else None
    return Block(layer["name"], column, kernels_of(weights[name], network["image_shape"]), int(stride[0]))


def columns_of(blocks: Sequence[Block]) -> NDArray[np.int64]:
    """Column of every filter, block after block: (F,); -1 where it stands on none of several."""
    columns = [np.full(len(block.kernels), -1 if block.column is None else block.column) for block in blocks]
    return np.concatenate(columns) if columns else np.zeros(0, np.int64)
