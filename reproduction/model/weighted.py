"""The layers with weights: windows with one filter or with filters of their own, and every-to-every layers.

Letters: N images, C input channels, F filters, k kernel side, M output side, P = M * M positions.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reproduction.definition.layers import (
    Convolution,
    FullyConnected,
    LocallyConnected,
    SplitFullyConnected,
    TreeFullyConnected,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.kernels.linear import linear
from reproduction.kernels.linear_int8 import linear_int8, quantised
from reproduction.kernels.stages import Stage
from reproduction.model.connections import connected_channels
from reproduction.model.layer_module import LayerModule, Pass
from reproduction.model.trees import leaf_counts, paths


class WeightedModule(LayerModule):
    """A layer with one weight array per input; sums over its inputs and adds its biases once.

    `weights` are those that serve each input: of another module, once `NetworkModule` has shared them.
    """

    layer: WeightedLayer
    has_weights = True
    makes_its_output = True

    def __init__(self, layer: WeightedLayer) -> None:
        super().__init__(layer)
        self.weights = nn.ParameterList(torch.zeros(shape) for shape in layer.weight_shapes)
        self.biases = nn.Parameter(torch.zeros(layer.bias_shape or ()))

    def own_arrays(self) -> dict[str, nn.Parameter]:
        """Array name -> the parameter itself: weights, unless another layer owns them, and biases."""
        named = dict(zip(self.layer.weight_names, self.weights, strict=True))
        named[f"{self.layer.name}/biases"] = self.biases
        return {name: named[name] for name in self.layer.array_shapes}

    def own_stages(self) -> list[Stage] | None:
        return []

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        total = self.answer(0, inputs[0])
        for index, values in enumerate(inputs[1:], start=1):
            total = total.add_(self.answer(index, values))
        return total

    @abstractmethod
    def answer(self, index: int, values: Tensor) -> Tensor:
        """What input `index` contributes, a new tensor; the bias comes with the first."""


class WindowedModule(WeightedModule):
    """What convolutions and local filters have in common: the channels that a group of filters sees."""

    layer: WindowedLayer

    def connect(self, seed: int | None) -> None:
        """Draws the random connections from the run's seed. ValueError where there are some and no seed."""
        for index, drawn in enumerate(self.layer.connections):
            if drawn is None:
                continue
            if seed is None:
                raise ValueError(f"the random connections of layer '{self.layer.name}' need the run's seed")
            channels = torch.tensor(connected_channels(self.layer, index, seed))
            self.register_buffer(f"channels_{index}", channels, persistent=False)

    def seen(self, index: int, values: Tensor) -> Tensor:
        """Input `index` as the filters see it: channels group by group, with the zeros around it that the
        last window at right and bottom needs."""
        channels = getattr(self, f"channels_{index}", None)
        return hang_over(values if channels is None else values[:, channels], self.layer, index)


class ConvolutionModule(WindowedModule):
    """Cross-correlation (section 3.1 of the paper's program), zeros outside the image."""

    layer: Convolution

    def answer(self, index: int, values: Tensor) -> Tensor:
        layer = self.layer
        with_bias = index == 0 and layer.shared_biases
        answer = F.conv2d(
            self.seen(index, values),
            self.weights[index],
            self.biases if with_bias else None,
            stride=layer.stride[index],
            padding=layer.padding[index],
            groups=layer.groups[index],
        )
        return answer.add_(self.biases) if index == 0 and not with_bias else answer


class LocalModule(WindowedModule):
    """As convolution, with filters and biases of its own at every position."""

    layer: LocallyConnected

    def answer(self, index: int, values: Tensor) -> Tensor:
        layer, groups = self.layer, self.layer.groups[index]
        patches = F.unfold(
            self.seen(index, values),
            layer.kernel_size[index],
            stride=layer.stride[index],
            padding=layer.padding[index],
        )  # (N, C * k * k, P)
        count, positions = len(values), patches.shape[-1]
        patches = patches.view(count, groups, -1, positions).permute(3, 1, 0, 2)  # (P, groups, N, q)
        filters = self.weights[index].view(positions, groups, layer.out_channels // groups, -1)
        answers: Tensor = patches @ filters.transpose(2, 3)  # (P, groups, N, F / groups)
        image = answers.permute(2, 1, 3, 0).reshape(count, *layer.output_shape)
        return image + self.biases if index == 0 else image


class FullyConnectedModule(WeightedModule):
    """Every output sees every input; the features of an image are in the order (channel, row, column)."""

    layer: FullyConnected

    def __init__(self, layer: FullyConnected) -> None:
        super().__init__(layer)
        self._narrow: list[tuple[Tensor, Tensor]] = []  # weights of one byte and scales, for each input

    def narrow(self) -> None:
        """Looks at pictures with weights of one byte from now on: an approximation, see `linear_int8`."""
        self._narrow = [quantised(weights.detach()) for weights in self.weights]

    def answer(self, index: int, values: Tensor) -> Tensor:
        bias = self.biases if index == 0 else None
        if self._narrow:
            return linear_int8(values.flatten(1), *self._narrow[index], bias)
        return linear(values.flatten(1), self.weights[index], bias)


class SplitFullyConnectedModule(WeightedModule):
    """As fully connected, but a part of the outputs sees the same part of the inputs alone (sfc of 2014)."""

    layer: SplitFullyConnected

    def answer(self, index: int, values: Tensor) -> Tensor:
        parts = self.layer.parts
        slices = values.reshape(len(values), parts, -1).transpose(0, 1)  # (parts, N, inputs / parts)
        weights = self.weights[index].view(len(self.weights[index]), parts, -1).permute(1, 2, 0)
        answers: Tensor = (slices @ weights).transpose(0, 1).flatten(1)  # (N, parts * outputs of a part)
        return answers + self.biases if index == 0 else answers


class TreeFullyConnectedModule(WeightedModule):
    """Fully connected, the weights of a class being the sum of those on its path to the root."""

    layer: TreeFullyConnected
    paths: Tensor

    def __init__(self, layer: TreeFullyConnected) -> None:
        super().__init__(layer)
        self.register_buffer("paths", paths(layer.parents, layer.outputs), persistent=False)

    def answer(self, index: int, values: Tensor) -> Tensor:
        classes: Tensor = torch.sparse.mm(self.paths, self.weights[index])
        return F.linear(values.flatten(1), classes, self.biases if index == 0 else None)

    def row_divisors(self) -> dict[str, Tensor]:
        """Weight array -> (nodes, 1): by what the update of each row is divided."""
        counts = leaf_counts(self.layer.parents, self.layer.outputs)
        return dict.fromkeys(self.layer.weight_names, counts)


def hang_over(values: Tensor, layer: WindowedLayer, index: int) -> Tensor:
    """`values` with the zeros at right and bottom that the last window of input `index` needs."""
    reach = (layer.output_side - 1) * layer.stride[index] + layer.kernel_size[index]
    missing = reach - values.shape[-1] - 2 * layer.padding[index]
    return F.pad(values, (0, missing, 0, missing)) if missing > 0 else values
