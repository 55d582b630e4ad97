"""One torch module per layer type: what torch lacks or does otherwise than the 2012 program.

Every module takes its inputs as tensors (N, *input_shape) and gives (N, *output_shape), activation included.
Letters: N images, C input channels, F filters, k kernel side, M output side, P = M * M positions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reproduction.definition.layers import (
    Activation,
    Convolution,
    Dropout,
    FullyConnected,
    Layer,
    LocallyConnected,
    Pool,
    ResponseNorm,
    Softmax,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.definition.parameters import Parameters
from reproduction.model.normalisation import Normalisation, normalise
from reproduction.model.pooling import Windows, average_pool, max_pool


def apply_activation(values: Tensor, activation: Activation | None, owned: bool = False) -> Tensor:
    """f(values); `owned` allows writing over `values`, which nobody else may need then."""
    if activation is None or activation.name == "ident":
        return values
    if activation.name == "relu":
        return values.relu_() if owned else values.relu()
    if activation.name == "logistic":
        return values.sigmoid()
    if activation.name == "tanh":
        height, steepness = activation.parameters
        return height * torch.tanh(steepness * values)
    raise ValueError(f"there is no activation '{activation.name}'")


class WeightedModule(nn.Module, ABC):
    """A layer with one weight array per input; sums over its inputs and adds its biases once."""

    def __init__(self, layer: WeightedLayer) -> None:
        super().__init__()
        self.layer = layer
        self.weights = nn.ParameterList(torch.zeros(shape) for shape in layer.weight_shapes)
        self.biases = nn.Parameter(torch.zeros(layer.bias_shape or ()))

    def forward(self, *inputs: Tensor) -> Tensor:
        total = self.answer(0, inputs[0])
        for index, values in enumerate(inputs[1:], start=1):
            total = total.add_(self.answer(index, values))
        return apply_activation(total, self.layer.activation, owned=True)

    @abstractmethod
    def answer(self, index: int, values: Tensor) -> Tensor:
        """What input `index` contributes, a new tensor; the bias comes with the first."""


class ConvolutionModule(WeightedModule):
    """Cross-correlation (section 3.1 of the paper's program), zeros outside the image."""

    layer: Convolution

    def answer(self, index: int, values: Tensor) -> Tensor:
        layer = self.layer
        with_bias = index == 0 and layer.shared_biases
        answer = F.conv2d(
            hang_over(values, layer, index),
            self.weights[index],
            self.biases if with_bias else None,
            stride=layer.stride[index],
            padding=layer.padding[index],
            groups=layer.groups[index],
        )
        return answer.add_(self.biases) if index == 0 and not with_bias else answer


class LocalModule(WeightedModule):
    """As convolution, with filters and biases of its own at every position."""

    layer: LocallyConnected

    def answer(self, index: int, values: Tensor) -> Tensor:
        layer, groups = self.layer, self.layer.groups[index]
        patches = F.unfold(
            hang_over(values, layer, index),
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

    def answer(self, index: int, values: Tensor) -> Tensor:
        return F.linear(values.flatten(1), self.weights[index], self.biases if index == 0 else None)


def hang_over(values: Tensor, layer: WindowedLayer, index: int) -> Tensor:
    """`values` with the zeros at right and bottom that the last window of input `index` needs."""
    reach = (layer.output_side - 1) * layer.stride[index] + layer.kernel_size[index]
    missing = reach - values.shape[-1] - 2 * layer.padding[index]
    return F.pad(values, (0, missing, 0, missing)) if missing > 0 else values


class PoolModule(nn.Module):
    """Maximum or average of windows."""

    def __init__(self, layer: Pool) -> None:
        super().__init__()
        self.layer = layer
        self.windows = Windows(layer.size, layer.stride, layer.start, layer.output_shape[1])
        self.pool = max_pool if layer.kind == "max" else average_pool

    def forward(self, values: Tensor) -> Tensor:
        return apply_activation(self.pool(values, self.windows), self.layer.activation)


class NormModule(nn.Module):
    """Response normalisation; its numbers come with `use`."""

    def __init__(self, layer: ResponseNorm) -> None:
        super().__init__()
        self.layer = layer

    def use(self, parameters: Parameters) -> None:
        """Takes the numbers of the parameter file."""
        numbers = parameters.norms[self.layer.name]
        self.norm = Normalisation(
            size=self.layer.size,
            alpha=numbers.alpha,
            power=numbers.power,
            constant=numbers.constant,
            across_maps=self.layer.scope == "across_maps",
            blocked=self.layer.blocked and self.layer.scope == "across_maps",
        )

    def forward(self, values: Tensor) -> Tensor:
        return apply_activation(normalise(values, self.norm), self.layer.activation)


class DropoutModule(nn.Module):
    """Dropout in its two generations: 2012 scales at test time, 2014's `dropout` in training."""

    def __init__(self, layer: Dropout) -> None:
        super().__init__()
        self.layer = layer

    def use(self, parameters: Parameters) -> None:
        """Takes the switch of the parameter file."""
        self.enabled = parameters.dropout[self.layer.name]

    def forward(self, values: Tensor, generator: torch.Generator | None = None) -> Tensor:
        dropped = self.training and self.enabled
        result = self._masked(values, generator) if dropped else self._whole(values)
        return apply_activation(result, self.layer.activation)

    def _masked(self, values: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is None:
            raise ValueError(f"dropout layer '{self.layer.name}' needs a generator in training")
        drawn = torch.rand(values.shape, generator=generator, device=values.device)
        masked = values * (drawn < self.layer.keep)
        return masked / self.layer.keep if self.layer.scales_in_training else masked

    def _whole(self, values: Tensor) -> Tensor:
        return values if self.layer.scales_in_training else values * self.layer.keep


class SoftmaxModule(nn.Module):
    """Probabilities of the classes."""

    def __init__(self, layer: Softmax) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, values: Tensor) -> Tensor:
        return apply_activation(F.softmax(values.flatten(1), dim=1), self.layer.activation)


_MODULES: dict[type[Layer], Callable[..., nn.Module]] = {
    Convolution: ConvolutionModule,
    LocallyConnected: LocalModule,
    FullyConnected: FullyConnectedModule,
    Pool: PoolModule,
    ResponseNorm: NormModule,
    Dropout: DropoutModule,
    Softmax: SoftmaxModule,
}


def build(layer: Layer) -> nn.Module:
    """The module of one layer; data layers and costs have none."""
    return _MODULES[type(layer)](layer)


def has_module(layer: Layer) -> bool:
    """Whether `layer` computes an activation from others."""
    return type(layer) in _MODULES


def as_read(values: Sequence[Tensor], layer: Layer) -> list[Tensor]:
    """Inputs in the shapes in which `layer` reads them: the original's activations are flat."""
    return [
        value if value.shape[1:] == shape else value.flatten(1).reshape(len(value), *shape)
        for value, shape in zip(values, layer.input_shapes, strict=True)
    ]
