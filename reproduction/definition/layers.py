"""One small frozen value per layer type: what it is, its shapes, its counts.

Shapes are (channels, height, width) or (features,). Letters: F output channels, C input channels, k kernel
side, M output side, P = M*M positions in row-major order. How the types are read from a file: `layer_reader`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

Shape = tuple[int, ...]
OTHER_NEURONS = frozenset("abs nrelu softrelu square sqrt brelu linear drelu log".split())


@dataclass(frozen=True)
class Activation:
    """The function applied to a layer's output; the original split it off as a layer of type neuron.

    relu: max(0, x) · logistic: 1/(1+e^-x) · tanh with parameters (a, b): a·tanh(b·x).
    """

    name: str
    parameters: tuple[float, ...] = ()

    def __str__(self) -> str:
        numbers = ",".join(f"{value:.12g}" for value in self.parameters)
        return f"{self.name}[{numbers}]" if numbers else self.name


def parse_activation(text: str) -> Activation | None:
    """The activation of a value of the key `neuron`; ident and nothing are None. Raises ValueError otherwise,
    with what was expected."""
    match = re.fullmatch(r"(\w*)(?:\[([^\]]*)\])?", text)
    name, arguments = (match[1], match[2]) if match else ("?", None)
    if name in ("", "ident") and arguments is None:
        return None
    if name in ("relu", "logistic") and arguments is None:
        return Activation(name)
    if name != "tanh" or arguments is None:
        others = "; this version reads no others yet" if name in OTHER_NEURONS else ""
        raise ValueError(f"ident, relu, logistic or tanh[a,b]{others}")
    try:
        parameters = tuple(float(word) for word in arguments.split(","))
    except ValueError:
        parameters = ()
    if len(parameters) != 2 or not all(math.isfinite(value) for value in parameters):
        raise ValueError("tanh[a,b] with two numbers")
    return Activation("tanh", parameters)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What every layer has. `input_shapes` are the shapes as this layer reads them.

    The original's activations are flat, so a layer may read another shape than its input was made in
    (say 400 features as 16 maps of 5x5): the order is always (channel, row, column).
    `column` is the GPU, None for data layers. `line` is the line of the section in the definition file.
    """

    name: str
    inputs: tuple[str, ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    output_shape: Shape
    column: int | None = None
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
    def array_shapes(self) -> Mapping[str, Shape]:
        """Array name -> shape, weights first: the names by which archive, module and rules know them."""
        shapes = {f"{self.name}/weights_{index}": shape for index, shape in enumerate(self.weight_shapes)}
        return shapes if self.bias_shape is None else {**shapes, f"{self.name}/biases": self.bias_shape}

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for shape in self.array_shapes.values())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds with weights for one picture, forward; biases, pooling and norms are not counted."""
        return 0


@dataclass(frozen=True, kw_only=True)
class Data(Layer):
    """Delivers one matrix of the data: 0 the pictures, 1 the labels."""

    word = "data"
    data_index: int


@dataclass(frozen=True, kw_only=True)
class WeightedLayer(Layer):
    """A layer with weights: how they start (normal with `weight_std`, one per input; biases `bias_value`)."""

    weight_std: tuple[float, ...]
    bias_value: float


@dataclass(frozen=True, kw_only=True)
class WindowedLayer(WeightedLayer):
    """Filters over windows of the picture; tuples hold one value per input.

    Window m covers input pixels m·stride - padding ... + kernel_size - 1; pixels outside are zeros, also
    those beyond the right and bottom edge that the last window may need (the output side is rounded up).
    """

    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    groups: tuple[int, ...]

    @property
    def output_side(self) -> int:
        return self.output_shape[1]

    @property
    def filter_shapes(self) -> tuple[Shape, ...]:
        """(F, C_i/groups, k, k) for each input."""
        return tuple(
            (self.out_channels, shape[0] // groups, size, size)
            for shape, groups, size in zip(self.input_shapes, self.groups, self.kernel_size, strict=True)
        )

    @property
    def multiply_adds(self) -> int:
        return sum(math.prod(shape) for shape in self.filter_shapes) * self.output_side**2


@dataclass(frozen=True, kw_only=True)
class Convolution(WindowedLayer):
    """The same filters at every position; one bias per filter, or one per filter and position."""

    word = "conv"
    shared_biases: bool

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        return self.filter_shapes

    @property
    def bias_shape(self) -> Shape:
        return (self.out_channels,) if self.shared_biases else self.output_shape


@dataclass(frozen=True, kw_only=True)
class LocallyConnected(WindowedLayer):
    """Filters of its own at every position: weights (P, F, C_i/groups, k, k), biases (F, M, M)."""

    word = "local"

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        return tuple((self.output_side**2, *shape) for shape in self.filter_shapes)

    @property
    def bias_shape(self) -> Shape:
        return self.output_shape


@dataclass(frozen=True, kw_only=True)
class FullyConnected(WeightedLayer):
    """Every output sees every input: weights (outputs, inputs_i)."""

    word = "fc"
    outputs: int

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        return tuple((self.outputs, math.prod(shape)) for shape in self.input_shapes)

    @property
    def bias_shape(self) -> Shape:
        return (self.outputs,)

    @property
    def multiply_adds(self) -> int:
        return sum(math.prod(shape) for shape in self.weight_shapes)


@dataclass(frozen=True, kw_only=True)
class Pool(Layer):
    """Maximum or average of windows [start + o·stride, + size), clipped to the picture; the average is
    over the pixels that are really there."""

    word = "pool"
    kind: str  # "max" or "average"
    size: int
    stride: int
    start: int


@dataclass(frozen=True, kw_only=True)
class ResponseNorm(Layer):
    """y = x·(constant + alpha·sum of squares of the neighbourhood)^-power (paper, section 3.3).

    The neighbourhood of index i is i - size//2 ... i - size//2 + size - 1, clipped: over maps of the same
    pixel (`across_maps`, the paper's) or over a square of pixels of the same map (`within_map`). `blocked`:
    the maps fall into blocks of `size`, and a block is the neighbourhood of its members. The numbers:
    `NormParameters`.
    """

    scope: str  # "across_maps" or "within_map"
    size: int
    blocked: bool

    @property
    def type(self) -> str:
        return "cmrnorm" if self.scope == "across_maps" else "rnorm"


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """Keeps each number with probability `keep` in training.

    hs (2012) and dropout2 (2014) multiply by `keep` at test time, dropout (2014) divides by it in training.
    """

    kind: str  # "hs", "dropout" or "dropout2"
    keep: float

    @property
    def type(self) -> str:
        return self.kind

    @property
    def scales_in_training(self) -> bool:
        """True: x·mask/keep in training, x at test. False: x·mask in training, x·keep at test or disabled."""
        return self.kind == "dropout"


@dataclass(frozen=True, kw_only=True)
class Softmax(Layer):
    """Probabilities of the classes."""

    word = "softmax"


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Layer):
    """-log of the probability of the label (cost.logreg); inputs are (labels, softmax), output empty."""

    word = "cost.logreg"

    @property
    def labels(self) -> str:
        return self.inputs[0]

    @property
    def probabilities(self) -> str:
        return self.inputs[1]
