"""The same network in stock PyTorch, as somebody would write it who has read its definition: the other side.

One tensor holds the maps of all columns; where a column reads itself alone the convolution has that many
groups. The response normalisation is one `nn.LocalResponseNorm` over all maps, which is what everybody
writes, though its sums then reach over the border between two columns; `keep_columns_apart` makes it exact,
to compare results. What torch has no layer for is put together from its functions. The twin gives the scores
that the softmax is taken of. Weights behind 2012's dropout come multiplied by its `keep`: torch divides by
it in training instead of multiplying in a test. Letters: N images, C channels, S side, F filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reproduction.benchmarks.columns import Rank, ranks
from reproduction.definition.layers import (
    Convolution,
    Data,
    Dropout,
    FullyConnected,
    Layer,
    LocallyConnected,
    Pool,
    ResponseNorm,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import NormParameters, Parameters
from reproduction.errors import UserError


class AcrossMaps(nn.Module):
    """`nn.LocalResponseNorm` over the maps of all columns, or of each column alone."""

    def __init__(self, size: int, numbers: NormParameters, columns: int) -> None:
        super().__init__()
        # torch divides alpha by the size, as the original's parser has done already.
        self.norm = nn.LocalResponseNorm(size, numbers.alpha * size, numbers.power, numbers.constant)
        self.columns = columns
        self.apart = False

    def forward(self, images: Tensor) -> Tensor:
        if not self.apart:
            return self._normalised(images)
        return torch.cat([self._normalised(part) for part in images.chunk(self.columns, dim=1)], dim=1)

    def _normalised(self, images: Tensor) -> Tensor:
        normalised: Tensor = self.norm(images)
        return normalised


class WithinMap(nn.Module):
    """Normalisation by the squares about a pixel, from `avg_pool2d` of the squares."""

    def __init__(self, size: int, numbers: NormParameters) -> None:
        super().__init__()
        self.size, self.numbers = size, numbers
        self.alpha = numbers.alpha * size**2

    def forward(self, images: Tensor) -> Tensor:
        mean = F.avg_pool2d(images.square(), self.size, stride=1, padding=self.size // 2)
        return images / (mean * self.alpha + self.numbers.constant).pow(self.numbers.power)


class ScaledTanh(nn.Module):
    """a tanh(b x)."""

    def __init__(self, height: float, steepness: float) -> None:
        super().__init__()
        self.height, self.steepness = height, steepness

    def forward(self, values: Tensor) -> Tensor:
        return self.height * torch.tanh(self.steepness * values)


class Local(nn.Module):
    """Filters of its own at every position, from `unfold` and one product for each position."""

    def __init__(self, layer: LocallyConnected) -> None:
        super().__init__()
        (shape,) = layer.weight_shapes  # (P, F, C, k, k)
        self.layer = layer
        self.weight = nn.Parameter(torch.zeros(shape[0], shape[1], int(np.prod(shape[2:]))))
        self.bias = nn.Parameter(torch.zeros(layer.output_shape))

    def forward(self, images: Tensor) -> Tensor:
        layer = self.layer
        (kernel,), (stride,), (padding,) = layer.kernel_size, layer.stride, layer.padding
        patches = F.unfold(images, kernel, stride=stride, padding=padding)
        answers = torch.einsum("ncp,pfc->nfp", patches, self.weight)
        return answers.reshape(len(images), *layer.output_shape) + self.bias


def twin(network: Network, parameters: Parameters) -> nn.Sequential:
    """`network` of stock layers, its weights zero until `load` fills them. UserError where there is none."""
    modules: list[nn.Module] = []
    for rank in ranks(network):
        if not isinstance(rank.layer, Data):
            modules += parts(rank, parameters)
    return nn.Sequential(*modules)


def parts(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    """The stock modules of one rank, its activation function last."""
    layer = rank.layer
    build = _BUILDERS.get(type(layer))
    if build is None or parameters.output_dropout.get(layer.name):
        raise _without_twin(layer)
    return [*build(rank, parameters), *activation_parts(layer)]


def activation_parts(layer: Layer) -> list[nn.Module]:
    """The stock module of a layer's activation function, if it has one."""
    function = layer.activation
    if function is None:
        return []
    if function.name == "relu":
        return [nn.ReLU(inplace=True)]
    if function.name == "tanh":
        return [ScaledTanh(*function.parameters)]
    if function.name == "logistic":
        return [nn.Sigmoid()]
    raise _without_twin(layer)


def placed(module: nn.Sequential, device: torch.device, layout: torch.memory_format) -> nn.Sequential:
    """`module` on `device`, its filters in `layout`."""
    return module.to(device).to(memory_format=layout)  # type: ignore[call-overload, no-any-return]


def keep_columns_apart(module: nn.Module, apart: bool = True) -> None:
    """Whether normalisation across maps stops at the border of a column, as in our network, or does not."""
    for part in module.modules():
        if isinstance(part, AcrossMaps):
            part.apart = apart


def _without_twin(layer: Layer) -> UserError:
    return UserError(
        f"layer '{layer.name}' of type {layer.type} has no stock twin to race in this setting; "
        "take another network"
    )


def _convolution(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, Convolution)
    crossing = rank.crosses and layer.groups[0] > 1
    if not _plain(layer) or not layer.shared_biases or crossing:
        raise _without_twin(layer)
    channels = sum(source.output_shape[0] for source in rank.sources)
    convolution = nn.Conv2d(
        channels,
        layer.out_channels * rank.columns,
        layer.kernel_size[0],
        layer.stride[0],
        layer.padding[0],
        groups=layer.groups[0] * (1 if rank.crosses else rank.columns),
    )
    return [*_hanging_over(layer), convolution]


def _local(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, LocallyConnected)
    if not _plain(layer) or rank.columns > 1 or len(layer.inputs) > 1 or layer.groups[0] > 1:
        raise _without_twin(layer)
    return [*_hanging_over(layer), Local(layer)]


def _plain(layer: WindowedLayer) -> bool:
    """Whether all inputs are treated alike, with weights of the layer's own and no drawn connections."""
    alike = all(len(set(values)) == 1 for values in (layer.kernel_size, layer.stride, layer.padding))
    return alike and not any(layer.connections) and not any(layer.shared)


def _hanging_over(layer: WindowedLayer) -> list[nn.Module]:
    """The zeros at right and bottom that the last window needs, if it does."""
    reach = (layer.output_side - 1) * layer.stride[0] + layer.kernel_size[0]
    missing = reach - layer.input_shapes[0][1] - 2 * layer.padding[0]
    return [nn.ZeroPad2d((0, missing, 0, missing))] if missing > 0 else []


def _fully_connected(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, FullyConnected)
    if any(layer.shared) or (rank.columns > 1 and not rank.crosses):
        raise _without_twin(layer)
    inputs = sum(int(np.prod(source.output_shape)) for source in rank.sources)
    flat = [] if len(rank.sources[0].output_shape) == 1 else [nn.Flatten()]
    return [*flat, nn.Linear(inputs, layer.outputs * rank.columns)]


def _pool(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, Pool)
    side, outputs = layer.input_shapes[0][1], layer.output_shape[1]
    padding = -layer.start
    made = -(-(side + 2 * padding - layer.size) // layer.stride) + 1
    made -= (made - 1) * layer.stride >= side + padding  # torch starts no window in the padding
    fits = made == outputs and 0 <= padding <= layer.size // 2
    if not fits or layer.kind not in ("max", "average"):
        raise _without_twin(layer)
    if layer.kind == "max":
        return [nn.MaxPool2d(layer.size, layer.stride, padding, ceil_mode=True)]
    return [nn.AvgPool2d(layer.size, layer.stride, padding, ceil_mode=True, count_include_pad=False)]


def _norm(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, ResponseNorm)
    numbers = parameters.norms[layer.name]
    if layer.scope == "across_maps" and not layer.blocked:
        return [AcrossMaps(layer.size, numbers, rank.columns)]
    if layer.scope == "within_map" and layer.size % 2 == 1:
        return [WithinMap(layer.size, numbers)]
    raise _without_twin(layer)


def _dropout(rank: Rank, parameters: Parameters) -> list[nn.Module]:
    layer = rank.layer
    assert isinstance(layer, Dropout)
    if not parameters.dropout[layer.name]:
        raise _without_twin(layer)
    return [nn.Dropout(1 - layer.keep)]


_BUILDERS: dict[type[Layer], Callable[[Rank, Parameters], list[nn.Module]]] = {
    Convolution: _convolution,
    LocallyConnected: _local,
    FullyConnected: _fully_connected,
    Pool: _pool,
    ResponseNorm: _norm,
    Dropout: _dropout,
}


def load(module: nn.Sequential, network: Network, arrays: Mapping[str, Tensor]) -> None:
    """Fills the twin of `network` with the weights and biases that `arrays` has under our names."""
    with torch.no_grad():
        for part, rank, factor in _weighted(module, network):
            part.weight.copy_(_weights(rank, arrays).reshape(part.weight.shape) * factor)
            part.bias.copy_(torch.cat([arrays[f"{layer.name}/biases"] for layer in rank.layers]))


def parameters_by_array(module: nn.Sequential, network: Network) -> dict[str, nn.Parameter]:
    """The parameters of the twin by the name of one of the arrays of ours that went into each."""
    named: dict[str, nn.Parameter] = {}
    for part, rank, _ in _weighted(module, network):
        named[f"{rank.layer.name}/weights_0"] = part.weight
        named[f"{rank.layer.name}/biases"] = part.bias
    return named


def _weighted(module: nn.Sequential, network: Network) -> Iterator[tuple[Any, Rank, float]]:
    """Each part that has weights, its rank, and by what its weights are multiplied: see above."""
    modules = (part for part in module if isinstance(part, nn.Conv2d | nn.Linear | Local))
    factor = 1.0
    for rank in ranks(network):
        layer = rank.layer
        if isinstance(layer, WeightedLayer):
            yield next(modules), rank, factor
        factor = layer.keep if isinstance(layer, Dropout) and not layer.scales_in_training else 1.0


def _weights(rank: Rank, arrays: Mapping[str, Tensor]) -> Tensor:
    """The weights of a rank as one array: columns one after the other, and in each its inputs."""
    rows = []
    for layer in rank.layers:
        by_input = dict(zip(layer.inputs, (arrays[name] for name in layer.weight_names), strict=True))
        names = [source.name for source in rank.sources] if rank.crosses else list(layer.inputs)
        blocks = [by_input[name] for name in names]
        rows.append(torch.cat(blocks, dim=1) if len(blocks) > 1 else blocks[0])
    return torch.cat(rows) if len(rows) > 1 else rows[0]
