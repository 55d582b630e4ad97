"""What a section is read against, and the questions that the readers of several types ask."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from reproduction.definition.class_tree import Tree
from reproduction.definition.dialect import Dialect
from reproduction.definition.fields import Fields
from reproduction.definition.keys import MAX_WARNINGS
from reproduction.definition.language import Document, quoted
from reproduction.definition.layers import Data, Layer, Shape

MAX_WEIGHTS = 2**33  # of all layers: 32 GiB as float32
MAX_OUTPUTS = 2**31  # of one layer, for one picture


@dataclass
class Context:
    """The file, the dialect, the pictures, the data's classes and their tree, and the layers read so far.

    `classes` 0 and `tree` () say that they are not known.
    """

    document: Document
    dialect: Dialect
    image_shape: Shape
    strict: bool
    classes: int = 0
    tree: Tree = ()
    layers: dict[str, Layer] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    above_weights: set[str] = field(default_factory=set)  # layers with weights in them or below them
    used: set[str] = field(default_factory=set)  # layers that are inputs of others
    passed: dict[str, set[int]] = field(default_factory=dict)  # inputs of `pass` layers -> their GPUs
    copies: dict[str, str] = field(default_factory=dict)  # checkpoint -> the first place that copies from it
    weights: int = 0  # of the layers so far

    def warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(text)

    def assume(self, fields: Fields, key: str, expected: str, assumed: str) -> None:
        """What the dialect's own program refused (it wanted `expected`): refused under strict, else a warning
        that says what is `assumed`."""
        if self.strict:
            fields.fail(key, f"{expected}, as {self.dialect.program} did (strict)")
        entry = fields.entry(key)
        where = entry.where if entry else fields.section.where
        self.warn(
            f"{where}: layer '{fields.section.name}', key '{key}': {self.dialect.program} expected "
            f"{expected}; {assumed}"
        )


Reader = Callable[[Fields, Context, dict[str, Any]], Layer]


def only_input(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    """The input of a layer that has one."""
    if len(common["inputs"]) != 1:
        fields.fail("inputs", "one input", f"{len(common['inputs'])} inputs")
    return context.layers[common["inputs"][0]]


def one_picture(fields: Fields, context: Context, common: dict[str, Any]) -> Shape:
    """The only input, as square pictures of the channels that the section states."""
    only_input(fields, context, common)
    return pictures(fields, context, common["inputs"], (fields.integer("channels", low=1),))[0]


def pictures(
    fields: Fields, context: Context, inputs: tuple[str, ...], channels: tuple[int, ...]
) -> tuple[Shape, ...]:
    """The inputs as square pictures of the stated channels: (C, S, S)."""
    shapes = []
    for name, count in zip(inputs, channels, strict=True):
        made = context.layers[name].output_shape
        numbers = math.prod(made)
        side = math.isqrt(numbers // count)
        if side == 0 or side * side * count != numbers:
            made_text = "x".join(str(length) for length in made)
            fields.fail(
                "channels", f"the channels of square pictures: '{name}' has {made_text} = {numbers} numbers"
            )
        if len(made) == 3 and made[0] != count:
            context.warn(
                f"{fields.section.where}: layer '{fields.section.name}' reads {count} channels of "
                f"{side}x{side} from '{name}', which makes {made[0]} of {made[1]}x{made[2]}"
            )
        shapes.append((count, side, side))
    return tuple(shapes)


def equal_sizes(fields: Fields, context: Context, common: dict[str, Any]) -> tuple[Shape, ...]:
    """Shapes of inputs that must have as many numbers each; labels among them become one for each class."""
    settle_labels(context, common["inputs"])
    shapes = tuple(context.layers[name].output_shape for name in common["inputs"])
    sizes = [math.prod(shape) for shape in shapes]
    if len(set(sizes)) > 1:
        fields.fail("inputs", "inputs of equal size", ", ".join(str(size) for size in sizes[:8]) + " numbers")
    return shapes


def settle_labels(context: Context, inputs: tuple[str, ...]) -> None:
    """Labels that are read beside a layer of n numbers are n numbers themselves, one for each class.

    The original's definition does not say it: the data did.
    """
    layers = [context.layers[name] for name in inputs]
    sizes = [math.prod(layer.output_shape) for layer in layers if not isinstance(layer, Data)]
    for layer in layers:
        unsettled = isinstance(layer, Data) and layer.data_index and layer.part is None
        if unsettled and sizes and layer.name not in context.used:
            context.layers[layer.name] = replace(layer, output_shape=(sizes[0],))


def agreed(fields: Fields, key: str, what: str, values: list[int]) -> int:
    """The value that all inputs agree on."""
    if len(set(values)) > 1:
        fields.fail(key, f"{what} from all inputs", ", ".join(str(value) for value in values[:8]))
    return values[0]


def divide_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def check_channels(fields: Fields, context: Context, channels: int, multiple: int) -> None:
    """A limit of the old kernels: at most 3 channels or a multiple."""
    if context.strict and channels % multiple and (channels > 3 or multiple > 4):
        least = "at most 3 or " if multiple == 4 else ""
        fields.fail("channels", f"{least}a multiple of {multiple} (strict)")


def refuse_above_weights(fields: Fields, context: Context, inputs: tuple[str, ...]) -> None:
    """Types that pass no gradient on must not stand above layers that learn."""
    for name in inputs:
        if name in context.above_weights:
            fields.fail(
                "inputs", "layers without weights below, as this type passes no gradient", quoted(name)
            )
