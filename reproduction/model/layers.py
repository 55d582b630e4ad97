"""One torch module per layer type: what torch lacks or does otherwise than the three original programs.

Every module takes its inputs as tensors (N, *input_shape) and gives (N, *output_shape), activation included:
see `layer_module`. Layers with weights are in `weighted`. Letters: N images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.definition.layers import (
    Blur,
    Concatenation,
    ContrastNorm,
    Convolution,
    Crop,
    Dropout,
    ElementwiseMax,
    ElementwiseSum,
    FullyConnected,
    Layer,
    LocallyConnected,
    MapPool,
    Mirror,
    Nailbed,
    Neuron,
    Pool,
    RandomScale,
    Resize,
    ResponseNorm,
    RunSum,
    Softmax,
    SplitFullyConnected,
    ToLab,
    ToYuv,
    TreeFullyConnected,
)
from reproduction.definition.parameters import Parameters
from reproduction.kernels.chain import normalise, pool
from reproduction.kernels.normalisation import Normalisation
from reproduction.kernels.pooling import Windows, max_over_maps, mean_of_random_pool, random_pool
from reproduction.kernels.stages import Stage, dropout_stage, norm_stage, pool_stage
from reproduction.model.joining import largest_of, one_after_the_other, run_sums, weighted_sum
from reproduction.model.layer_module import LayerModule, Pass
from reproduction.model.pictures import (
    blur,
    central_square,
    crop,
    mirror,
    nailbed,
    random_scale,
    resize,
    to_lab,
    to_yuv,
)
from reproduction.model.weighted import (
    ConvolutionModule,
    FullyConnectedModule,
    LocalModule,
    SplitFullyConnectedModule,
    TreeFullyConnectedModule,
)


class PoolModule(LayerModule):
    """One number for each window; random pools draw it in training, unless their section has doMax=true."""

    layer: Pool

    def __init__(self, layer: Pool) -> None:
        super().__init__(layer)
        self.windows = Windows(layer.size, layer.stride, layer.start, layer.output_shape[1])
        self.kind = "max" if layer.kind == "random" else layer.kind
        self.is_random = layer.kind == "random"

    def use(self, parameters: Parameters) -> None:
        super().use(parameters)
        self.is_random = self.layer.kind == "random" and not parameters.pools.get(self.layer.name, False)

    def own_stages(self) -> list[Stage] | None:
        return None if self.is_random else [pool_stage(self.kind, self.windows)]

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        if not self.is_random:
            return pool(inputs[0], self.kind, self.windows)
        if not self.training:
            return mean_of_random_pool(inputs[0], self.windows)
        return random_pool(inputs[0], self.windows, given.draws_for(self.layer))


class NormModule(LayerModule):
    """Response or contrast normalisation; its numbers come with `use`."""

    layer: ResponseNorm | ContrastNorm

    def use(self, parameters: Parameters) -> None:
        super().use(parameters)
        layer, numbers = self.layer, parameters.norms[self.layer.name]
        across_maps = isinstance(layer, ResponseNorm) and layer.scope == "across_maps"
        self.norm = Normalisation(
            size=layer.size,
            alpha=numbers.alpha,
            power=numbers.power,
            constant=numbers.constant,
            across_maps=across_maps,
            blocked=isinstance(layer, ResponseNorm) and layer.blocked and across_maps,
            contrast=isinstance(layer, ContrastNorm),
        )

    def own_stages(self) -> list[Stage] | None:
        return [norm_stage(self.norm)]

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        return normalise(inputs[0], self.norm)


class RandomScaleModule(LayerModule):
    """A random scale in training; in tests of one view what the layer's program did, of several the views.

    A multi-view test brought pictures of the output's side, which were left as they are; where ours are
    larger, their middle is taken. By a slip the program of 2012 did so in tests of one view too: not here.
    """

    layer: RandomScale

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        (pictures,) = inputs
        scale, side = self.layer.max_scale, self.layer.output_shape[1]
        if self.training:
            return random_scale(pictures, scale, side, given.draws_for(self.layer))
        if self.layer.scales_in_tests and not given.multi_view:
            return resize(pictures, scale, side)
        return central_square(pictures, side)


class DropoutModule(LayerModule):
    """Dropout in its two generations: 2012 scales at test time, 2014's `dropout` in training."""

    layer: Dropout

    def use(self, parameters: Parameters) -> None:
        super().use(parameters)
        self.enabled = parameters.dropout[self.layer.name]

    @property
    def is_dropping(self) -> bool:
        """Whether values are drawn now, not scaled."""
        return self.training and self.enabled

    def own_stages(self) -> list[Stage] | None:
        if self.is_dropping:
            scale = 1 / self.layer.keep if self.layer.scales_in_training else 1.0
            return [dropout_stage(self.layer.keep, scale)]
        return [] if self.layer.scales_in_training else None

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        return self._masked(inputs[0], given) if self.is_dropping else self._whole(inputs[0])

    def _masked(self, values: Tensor, given: Pass) -> Tensor:
        drawn = torch.rand(values.shape, generator=given.draws_for(self.layer), device=values.device)
        masked = values * (drawn < self.layer.keep)
        return masked / self.layer.keep if self.layer.scales_in_training else masked

    def _whole(self, values: Tensor) -> Tensor:
        return values if self.layer.scales_in_training else values * self.layer.keep


class SoftmaxModule(LayerModule):
    """Probabilities of the classes."""

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        return F.softmax(inputs[0].flatten(1), dim=1)


class FunctionModule(LayerModule):
    """A layer that is one function of its inputs, without weights, numbers of its own or draws."""

    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        return _FUNCTIONS[type(self.layer)](self.layer, *inputs)


def _alike(layer: Layer, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Inputs of equal size in the shape of the output."""
    return [values.reshape(len(values), *layer.output_shape) for values in inputs]


_FUNCTIONS: dict[type[Layer], Callable[..., Tensor]] = {
    Neuron: lambda layer, values: values,
    MapPool: lambda layer, maps: max_over_maps(
        maps, Windows(layer.size, layer.stride, layer.start, layer.output_shape[0])
    ),
    Nailbed: lambda layer, pictures: nailbed(pictures, layer.stride, layer.start),
    Blur: lambda layer, pictures: blur(pictures, layer.kernel),
    Mirror: lambda layer, pictures: mirror(pictures),
    Resize: lambda layer, pictures: resize(pictures, layer.scale, layer.output_shape[1]),
    Crop: lambda layer, pictures: crop(pictures, layer.top, layer.left, layer.output_shape[1]),
    ToYuv: lambda layer, pictures: to_yuv(pictures),
    ToLab: lambda layer, pictures: to_lab(pictures, layer.center),
    ElementwiseSum: lambda layer, *inputs: weighted_sum(_alike(layer, inputs), layer.coefficients),
    ElementwiseMax: lambda layer, *inputs: largest_of(_alike(layer, inputs)),
    Concatenation: lambda layer, *inputs: one_after_the_other(inputs, layer.output_shape),
    RunSum: lambda layer, values: run_sums(values, layer.stride),
}
_MODULES: dict[type[Layer], Callable[..., LayerModule]] = {
    Convolution: ConvolutionModule,
    LocallyConnected: LocalModule,
    FullyConnected: FullyConnectedModule,
    SplitFullyConnected: SplitFullyConnectedModule,
    TreeFullyConnected: TreeFullyConnectedModule,
    Pool: PoolModule,
    ResponseNorm: NormModule,
    ContrastNorm: NormModule,
    RandomScale: RandomScaleModule,
    Dropout: DropoutModule,
    Softmax: SoftmaxModule,
    **dict.fromkeys(_FUNCTIONS, FunctionModule),
}


def build(layer: Layer) -> LayerModule:
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
