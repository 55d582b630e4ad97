"""The layers with weights: filters over windows, filters of every position, every output from every input.

Letters: F output channels, C input channels, k kernel side, M output side, P = M*M positions in
row-major order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reproduction.definition.class_tree import Tree
from reproduction.definition.layers.base import Layer, Shape


@dataclass(frozen=True)
class Shared:
    """Weights that belong to another matrix: number `index` of `layer`, which may be this layer itself."""

    layer: str
    index: int


@dataclass(frozen=True)
class Copied:
    """Start values out of another run's checkpoint (original: initWFunc, initBFunc, initCFunc).

    The arrays of `layers` (of the same input) one after the other along the output axis. `checkpoint` is the
    path that the definition names; "" is the one built into the program of 2012, of experiment 146-2011.
    """

    layers: tuple[str, ...]
    checkpoint: str = ""

    @property
    def source(self) -> str:
        """How messages call the checkpoint."""
        return self.checkpoint or "the checkpoint of experiment 146-2011"


@dataclass(frozen=True, kw_only=True)
class WeightedLayer(Layer):
    """A layer with weights: how they start, and with whom it shares them. Tuples hold one value per input.

    Weights start normal with `weight_std`, biases at `bias_value` or at `bias_values`; or as copies, where a
    checkpoint is at hand. An entry of `weight_copies` or `shared` is None where nothing is copied or shared;
    a tuple () says that of all inputs.
    """

    weight_std: tuple[float, ...]
    bias_value: float
    bias_values: tuple[float, ...] = ()
    weight_copies: tuple[Copied | None, ...] = ()
    bias_copy: Copied | None = None
    shared: tuple[Shared | None, ...] = ()

    @property
    def weight_names(self) -> tuple[str, ...]:
        own = super().weight_names
        sources = self.shared or (None,) * len(own)
        return tuple(
            name if source is None else f"{source.layer}/weights_{source.index}"
            for name, source in zip(own, sources, strict=True)
        )


@dataclass(frozen=True)
class RandomConnections:
    """Which channels each group of filters sees, drawn when the network is built (original: randSparse).

    The list of channels is `permutations` random permutations of 0 ... C-1, one after the other; group g
    reads entries g·filter_channels ... of it, in that order. `copy`: the list comes out of a checkpoint, if
    one is at hand. `source`: the list is that of the matrix the weights are shared with.
    """

    filter_channels: int
    permutations: int
    copy: Copied | None = None
    source: Shared | None = None


@dataclass(frozen=True, kw_only=True)
class WindowedLayer(WeightedLayer):
    """Filters over windows of the picture; tuples hold one value per input.

    Window m covers input pixels m·stride - padding ... + kernel_size - 1; pixels outside are zeros, also
    those beyond the right and bottom edge that the last window may need (the output side is rounded up).

    With groups the F filters and the C channels fall into as many runs, and run g of the filters sees run g
    of the channels. Where `connections` has an entry, the channels are drawn instead of counted off.
    """

    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    groups: tuple[int, ...]
    connections: tuple[RandomConnections | None, ...] = ()

    @property
    def output_side(self) -> int:
        return self.output_shape[1]

    @property
    def filter_shapes(self) -> tuple[Shape, ...]:
        """(F, C_i/groups, k, k) for each input; with random connections, (F, their filter_channels, k, k)."""
        drawn = self.connections or (None,) * len(self.inputs)
        return tuple(
            (self.out_channels, random.filter_channels if random else shape[0] // groups, size, size)
            for shape, groups, size, random in zip(
                self.input_shapes, self.groups, self.kernel_size, drawn, strict=True
            )
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
class SplitFullyConnected(WeightedLayer):
    """Inputs and outputs in `parts` equal runs, each output seeing its own run of the inputs (sfc of 2014).

    Weights (outputs of a part, inputs_i): part p uses columns p·inputs_i/parts ... of the matrix. Biases are
    one for each output of all parts.
    """

    word = "sfc"
    parts: int

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        return tuple((self.output_shape[0] // self.parts, math.prod(shape)) for shape in self.input_shapes)

    @property
    def bias_shape(self) -> Shape:
        return self.output_shape

    @property
    def multiply_adds(self) -> int:
        return sum(math.prod(shape) for shape in self.weight_shapes)


@dataclass(frozen=True, kw_only=True)
class TreeFullyConnected(WeightedLayer):
    """Fully connected, the classes being leaves of a tree (treefc of 2012): weights (nodes, inputs).

    The weights of a class are the sum of the rows of its path to the root. Rows 0 ... outputs-1 are the
    leaves, the rows after them (inner nodes) start at zero; the biases are of the leaves alone. `parents[n]`
    is the node above node n, -1 at the root; without a tree every class stands for itself.
    """

    word = "treefc"
    outputs: int
    parents: Tree

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        return tuple((len(self.parents), math.prod(shape)) for shape in self.input_shapes)

    @property
    def bias_shape(self) -> Shape:
        return (self.outputs,)

    @property
    def multiply_adds(self) -> int:
        """Those of the leaves: the paths are summed once a minibatch."""
        return sum(self.outputs * math.prod(shape) for shape in self.input_shapes)
