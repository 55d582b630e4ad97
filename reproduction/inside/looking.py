"""One look at one picture: the answers of every layer, those of its units in order, one unit's arithmetic.

Letters: C channels, F filters, k kernel side; a flat layer has units and no rows and columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reproduction.data.augmentation import test_views
from reproduction.definition.layers import (
    Convolution,
    Cost,
    FullyConnected,
    Layer,
    LocallyConnected,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.errors import UserError
from reproduction.inside.lesions import WHOLE, Lesions, Means, applied, greyed
from reproduction.model.archived import ArchivedModel
from reproduction.model.layers import as_read
from reproduction.model.weighted import WeightedModule, WindowedModule

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """The answers of every layer to the central view of one picture: tensors (1, ...) by layer name.

    `view` (1, C, S, S) is what the network was shown: the crop, less the mean.
    """

    model: ArchivedModel
    view: Tensor
    activations: Mapping[str, Tensor]

    def layer(self, name: str) -> Layer:
        """The layer called `name`; UserError when it has no units."""
        network = self.model.experiment.network
        if name not in self.activations or isinstance(network[name], Cost):
            raise UserError(f"{network.name} has no layer '{name}' with units")
        return network[name]

    def values(self, name: str) -> Values:
        """Answers of a layer, (C, H, W) or (units,)."""
        self.layer(name)
        return np.asarray(self.activations[name][0].detach().float().cpu().numpy())


def view_of(model: ArchivedModel, picture: NDArray[np.uint8]) -> Tensor:
    """The central view (1, C, S, S) of a picture (C, H, W) of packed size, the mean taken off."""
    whole = torch.from_numpy(picture[None]).to(model.device)
    return test_views(whole, model.mean, crop_size=model.experiment.recipe.input_size, views=1)[0]


def look(
    model: ArchivedModel, picture: NDArray[np.uint8], lesions: Lesions = WHOLE, means: Means | None = None
) -> Look:
    """Shows the central view of `picture` (C, H, W) to the network, with `lesions` and what replaces them."""
    if lesions.grey:
        picture = greyed(picture[None])[0]
    view = view_of(model, picture)
    with torch.no_grad(), applied(model.module, lesions, means or {}):
        return Look(model, view, model.module(view, noise(model)))


def noise(model: ArchivedModel) -> torch.Generator:
    """What noisy neurons draw from: a picture is always given the same answer."""
    return torch.Generator(model.device).manual_seed(0)


def order(values: Values) -> NDArray[np.int32]:
    """Units of a layer, those with the largest answer anywhere first; of equals the lower number first."""
    peaks = values.reshape(len(values), -1).max(axis=1)
    return np.argsort(-peaks, kind="stable").astype(np.int32)


@dataclass(frozen=True)
class Part:
    """What one input contributes to a unit: numbers times weights.

    `numbers`, `weights` and `products` are (C, k, k), of a fully connected layer in the input's shape; `box`
    (top, left, side) says where in the maps of `source` the numbers are, channels `channels` of them. What
    lies beyond the maps is zero. `total` is the sum of the products.
    """

    source: str
    numbers: Values
    weights: Values
    box: tuple[int, int, int] | None
    channels: tuple[int, ...]

    @property
    def products(self) -> Values:
        return self.numbers * self.weights

    @property
    def total(self) -> float:
        return float(self.products.sum(dtype=np.float64))


@dataclass(frozen=True)
class Arithmetic:
    """How a unit comes to its answer: the sum of its parts and its bias, then the activation."""

    parts: tuple[Part, ...]
    bias: float
    kept: float
    """What the sum is multiplied with before the activation: 1 but for 2011's dropout of a layer's output."""
    activation: str
    answer: float

    @property
    def total(self) -> float:
        return sum(part.total for part in self.parts) + self.bias


def arithmetic(seen: Look, name: str, unit: int, row: int = 0, column: int = 0) -> Arithmetic:
    """The steps to the answer of one unit of a conv, local or fc layer; UserError for others."""
    layer = seen.layer(name)
    if not isinstance(layer, Convolution | LocallyConnected | FullyConnected):
        raise UserError(f"layer '{name}' is of type {layer.type}: only conv, local and fc are shown in steps")
    place = check_unit(layer, unit, row, column)
    module = seen.model.module[name]
    assert isinstance(module, WeightedModule)
    inputs = as_read([seen.activations[source] for source in layer.inputs], layer)
    parts = tuple(
        _part(module, layer, index, inputs[index], (unit, row, column)) for index in range(len(inputs))
    )
    biases = module.biases.detach().cpu().numpy()
    return Arithmetic(
        parts=parts,
        bias=float(biases[place] if biases.ndim == len(place) else biases[unit]),
        kept=1.0 - module.output_dropout,
        activation=str(layer.activation or ""),
        answer=float(seen.values(name)[place]),
    )


def check_unit(layer: Layer, unit: int, row: int, column: int) -> tuple[int, ...]:
    """The place of a unit in its layer's answers; UserError when there is none."""
    maps = len(layer.output_shape) == 3
    place = (unit, row, column) if maps else (unit,)
    inside = all(0 <= at < length for at, length in zip(place, layer.output_shape, strict=True))
    if not inside or (not maps and (row, column) != (0, 0)):
        raise UserError(f"layer '{layer.name}' {layer.output_shape} has no unit {(unit, row, column)}")
    return place


def _part(
    module: WeightedModule, layer: WeightedLayer, index: int, values: Tensor, place: tuple[int, int, int]
) -> Part:
    unit, row, column = place
    weights = module.weights[index].detach()
    source = layer.inputs[index]
    if not isinstance(layer, WindowedLayer):
        every = _array(values[0])
        return Part(source, every, _array(weights[unit].reshape(values.shape[1:])), None, ())
    assert isinstance(module, WindowedModule)
    if isinstance(layer, LocallyConnected):
        weights = weights[row * layer.output_side + column]
    size, stride, padding = layer.kernel_size[index], layer.stride[index], layer.padding[index]
    top, left = row * stride - padding, column * stride - padding
    count = weights.shape[1]
    first = unit // (layer.out_channels // layer.groups[index]) * count
    numbers = _window(module.seen(index, values)[0, first : first + count], top, left, size)
    drawn = getattr(module, f"channels_{index}", None)
    channels = range(first, first + count) if drawn is None else drawn[first : first + count].tolist()
    return Part(source, _array(numbers), _array(weights[unit]), (top, left, size), tuple(channels))


def _window(maps: Tensor, top: int, left: int, size: int) -> Tensor:
    """Numbers (C, size, size) of maps from (`top`, `left`) on; zeros outside."""
    found = maps.new_zeros(len(maps), size, size)
    rows, columns = maps.shape[1:]
    begin = max(0, -top), max(0, -left)
    end = min(size, rows - top), min(size, columns - left)
    if begin[0] < end[0] and begin[1] < end[1]:
        inside = maps[:, top + begin[0] : top + end[0], left + begin[1] : left + end[1]]
        found[:, begin[0] : end[0], begin[1] : end[1]] = inside
    return found


def _array(values: Tensor) -> Any:
    return values.detach().float().cpu().numpy()
