"""A network as a value: its layers in order, the columns they stand on, shapes and counts. Never changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from reproduction.definition.class_tree import Tree
from reproduction.definition.dialect import Dialect
from reproduction.definition.language import Document
from reproduction.definition.layer_reader import Context, read_layer
from reproduction.definition.layers import (
    Cost,
    CrossEntropy,
    Data,
    Dropout,
    ElementwiseSum,
    Layer,
    Shape,
)
from reproduction.errors import DefinitionError


@dataclass(frozen=True)
class Network:
    """Checked layers in the order of the file; inputs precede their users."""

    name: str
    dialect: Dialect
    layers: tuple[Layer, ...]
    warnings: tuple[str, ...] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    def __getitem__(self, name: str) -> Layer:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @cached_property
    def columns(self) -> int:
        """Number of GPU columns that stand side by side; 1 when no layer says more. Copies do not count."""
        return 1 + max(layer.column or 0 for layer in self.layers)

    @cached_property
    def gpus(self) -> int:
        """Number of GPUs that the definition speaks of, those that hold copies of layers included."""
        return max(self.columns, 1 + max(max(layer.replicas, default=0) for layer in self.layers))

    @cached_property
    def image_shape(self) -> Shape:
        """(C, H, W) of the pictures the network reads."""
        return self._pictures[0].output_shape

    @cached_property
    def _pictures(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if isinstance(layer, Data) and layer.data_index == 0)

    @cached_property
    def cost(self) -> Cost:
        """The first cross-entropy, or where there is none the first cost."""
        costs = [layer for layer in self.layers if isinstance(layer, Cost)]
        return next((cost for cost in costs if isinstance(cost, CrossEntropy)), costs[0])

    @cached_property
    def probabilities(self) -> str:
        """The layer that the cost judges: mostly a softmax."""
        return self.cost.answers

    @cached_property
    def classes(self) -> int:
        return math.prod(self[self.probabilities].output_shape)

    @cached_property
    def first_layers(self) -> tuple[str, ...]:
        """Layers with weights that read the pictures directly, in file order.

        Where there are none, those that read what layers without weights made of the pictures (a crop, say).
        """
        pictures = {layer.name for layer in self._pictures}
        found = self._weighted_readers(pictures)
        if found:
            return found
        for layer in self.layers:
            if not layer.weight_shapes and pictures.intersection(layer.inputs):
                pictures.add(layer.name)
        return self._weighted_readers(pictures)

    def _weighted_readers(self, names: set[str]) -> tuple[str, ...]:
        return tuple(
            layer.name for layer in self.layers if layer.weight_shapes and names.intersection(layer.inputs)
        )

    @cached_property
    def array_shapes(self) -> Mapping[str, Shape]:
        """Array name -> shape of every weight matrix and bias vector, in file order."""
        return {name: shape for layer in self.layers for name, shape in layer.array_shapes.items()}

    @cached_property
    def parameter_count(self) -> int:
        return sum(layer.parameter_count for layer in self.layers)

    @cached_property
    def multiply_adds(self) -> int:
        """Multiply-adds with weights for one picture, forward."""
        return sum(layer.multiply_adds for layer in self.layers)

    def on_column(self, column: int) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.column == column)

    def with_numbers(
        self, keeps: Mapping[str, float], coefficients: Mapping[str, tuple[float, ...]]
    ) -> Network:
        """The same network with what 2014 kept in its parameter file: keep probabilities of dropout layers
        and coefficients of sums, by layer name."""
        changed: dict[str, Layer] = {}
        for layer in self.layers:
            if isinstance(layer, Dropout) and layer.name in keeps:
                changed[layer.name] = replace(layer, keep=keeps[layer.name])
            elif isinstance(layer, ElementwiseSum) and layer.name in coefficients:
                changed[layer.name] = replace(layer, coefficients=coefficients[layer.name])
        return replace(self, layers=tuple(changed.get(layer.name, layer) for layer in self.layers))


def read_network(
    document: Document,
    *,
    name: str,
    dialect: Dialect,
    image_shape: Shape,
    strict: bool = False,
    classes: int = 0,
    tree: Tree = (),
) -> Network:
    """Reads and checks a definition for pictures of `image_shape` (C, H, W).

    `strict` adds the limits that only the original's kernels and parser had. `classes` and `tree` are what
    the data says where the definition does not (treefc); 0 and () when they are not known. Raises
    DefinitionError.
    """
    if not document.sections:
        raise DefinitionError(f"{document.file}: has no layers; expected sections such as [conv1]")
    context = Context(document, dialect, image_shape, strict, classes, tree)
    for section in document.sections.values():
        context.layers[section.name] = read_layer(section, context)
    _require_use(context)
    for checkpoint, where in context.copies.items():
        context.warn(
            f"{where}: here and perhaps below, start values are copied from {checkpoint}; without it "
            "they are drawn as initW and initB say"
        )
    network = Network(name, dialect, tuple(context.layers.values()), tuple(context.warnings))
    _require_ends(network, document)
    return network


def _require_use(context: Context) -> None:
    for layer in context.layers.values():
        if layer.name not in context.used and not isinstance(layer, Cost):
            where = context.document.sections[layer.name].where
            raise DefinitionError(
                f"{where}: layer '{layer.name}' is no layer's input; every layer but a cost must be used"
            )


def _require_ends(network: Network, document: Document) -> None:
    if not any(isinstance(layer, Cost) for layer in network.layers):
        raise DefinitionError(f"{document.file}: has no cost; expected a layer of type cost.logreg")
    if not network.first_layers:
        raise DefinitionError(
            f"{document.file}: no layer with weights reads the pictures (a layer of type data with dataIdx=0)"
        )
