"""What all layers have, and the two simplest: one small frozen value per layer, its shapes, its counts.

Shapes are (channels, height, width) or (features,). Letters: F output channels, C input channels, k kernel
side, M output side, P = M*M positions in row-major order. How the types are read from a file: `layer_reader`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from reproduction.definition.layers.activations import Activation

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What every layer has. `input_shapes` are the shapes as this layer reads them.

    The original's activations are flat, so a layer may read another shape than its input was made in
    (say 400 features as 16 maps of 5x5): the order is always (channel, row, column).
    `column` is the GPU, None for data layers; `replicas` are all GPUs that hold a copy of the layer (2014's
    `gpu=0,1`), each for its part of the minibatch: arithmetically they are one layer, and () says there is
    one copy. `line` is the line of the section in the definition file.
    """

    name: str
    inputs: tuple[str, ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    output_shape: Shape
    column: int | None = None
    replicas: tuple[int, ...] = ()
    activation: Activation | None = None
    line: int = 0
    word: ClassVar[str]

    @property
    def type(self) -> str:
        """The type in the words of the definition language."""
        return self.word

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        """One shape for each input, in the order of `inputs`; none for layers without weights."""
        return ()

    @property
    def bias_shape(self) -> Shape | None:
        return None

    @property
    def weight_names(self) -> tuple[str, ...]:
        """The array that serves each input; of another layer where the weights are shared."""
        return tuple(f"{self.name}/weights_{index}" for index in range(len(self.weight_shapes)))

    @cached_property
    def array_shapes(self) -> Mapping[str, Shape]:
        """Array name -> shape, weights first: the names by which archive, module and rules know them.

        Arrays of other layers that this one shares are theirs.
        """
        own = f"{self.name}/weights_"
        named = zip(self.weight_names, self.weight_shapes, strict=True)
        shapes = {name: shape for name, shape in named if name.startswith(own)}
        return shapes if self.bias_shape is None else {**shapes, f"{self.name}/biases": self.bias_shape}

    @cached_property
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for shape in self.array_shapes.values())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds with weights for one picture, forward; biases, pooling and norms are not counted."""
        return 0


@dataclass(frozen=True, kw_only=True)
class Data(Layer):
    """Delivers one matrix of the data: 0 the pictures, others the labels.

    Labels are one number an image, shape (1,), or one number for each class, shape (classes,): 1 for the
    classes that are there, 0 for the others; which, the layers that read them decide. `part` (2014's `start`
    and `end`) delivers the numbers first ... last - 1 of each image alone, flat.
    """

    word = "data"
    data_index: int
    part: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Neuron(Layer):
    """An activation function as a layer of its own: its output is `activation` of its input."""

    word = "neuron"
