"""From section to layer: the types with weights, how they start and with whom they share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from reproduction.definition.class_tree import ROOT, leaves
from reproduction.definition.dialect import Dialect
from reproduction.definition.fields import Fields
from reproduction.definition.layers import (
    Convolution,
    FullyConnected,
    Layer,
    LocallyConnected,
    RandomConnections,
    Shape,
    SplitFullyConnected,
    TreeFullyConnected,
)
from reproduction.definition.readers.context import Context, agreed, divide_up, only_input, pictures
from reproduction.definition.readers.sharing import with_sources
from reproduction.definition.readers.start_values import copies, initial_values

MAX_TREE = 1_000_000  # nodes of a class tree
DEFAULT_CLASSES = 1000  # of the 2010 and 2012 data


def read_fc(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    outputs = fields.integer("outputs", low=1)
    layer = FullyConnected(
        **common,
        **initial_values(fields, context, outputs),
        input_shapes=_flat_inputs(context, common),
        output_shape=(outputs,),
        outputs=outputs,
    )
    return with_sources(fields, context, layer)


def read_sfc(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    outputs, parts = fields.integer("outputs", low=1), fields.integer("parts", low=1)
    shapes = _flat_inputs(context, common)
    for (numbers,) in shapes:
        if numbers % parts:
            fields.fail("parts", f"a divisor of the {numbers} inputs")
    layer = SplitFullyConnected(
        **common,
        **initial_values(fields, context, outputs * parts),
        input_shapes=shapes,
        output_shape=(outputs * parts,),
        parts=parts,
    )
    return with_sources(fields, context, layer)


def read_treefc(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    only_input(fields, context, common)
    if any(fields.words("weightSource")):
        fields.fail("weightSource", "nothing, as type treefc shares no weights")
    classes = context.classes or DEFAULT_CLASSES
    where = f"{fields.section.where}: layer '{fields.section.name}'"
    if not context.classes and not context.tree:
        context.warn(
            f"{where}: the data says how many classes a treefc has; {classes} are assumed (--classes N)"
        )
    if not context.tree:
        context.warn(
            f"{where}: the class tree is in the data; every class stands for itself (recipe key tree)"
        )
    if classes > MAX_TREE:
        fields.fail("type", f"at most {MAX_TREE:,} classes of a tree", f"{classes:,}")
    parents = context.tree or (ROOT,) * classes
    outputs = leaves(parents)
    if context.tree and context.classes not in (0, outputs):
        fields.fail("type", f"a tree of {context.classes} classes", f"one of {outputs}")
    return TreeFullyConnected(
        **common,
        **initial_values(fields, context, outputs),
        input_shapes=_flat_inputs(context, common),
        output_shape=(outputs,),
        outputs=outputs,
        parents=parents,
    )


def _flat_inputs(context: Context, common: dict[str, Any]) -> tuple[Shape, ...]:
    return tuple((math.prod(context.layers[name].output_shape),) for name in common["inputs"])


def read_conv(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    windows = _read_windows(fields, context, common)
    shared = fields.boolean("sharedBiases", True)
    side = windows["output_shape"][1]
    if context.strict:
        _check_summation(fields, context.dialect, side**2)
    biases = windows["out_channels"] * (1 if shared else side**2)
    layer = Convolution(**common, **windows, **initial_values(fields, context, biases), shared_biases=shared)
    return with_sources(fields, context, layer)


def _check_summation(fields: Fields, dialect: Dialect, positions: int) -> None:
    """The speed knob of the weight gradient: required by the original, without meaning for the result."""
    if dialect.name == "2014":
        fields.integer("sumWidth")
        return
    step = fields.integer("partialSum")
    if step and positions % step:
        fields.fail("partialSum", f"0 or a divisor of the {positions} positions")


def read_local(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    windows = _read_windows(fields, context, common)
    biases = math.prod(windows["output_shape"])
    layer = LocallyConnected(**common, **windows, **initial_values(fields, context, biases))
    return with_sources(fields, context, layer)


def _read_windows(fields: Fields, context: Context, common: dict[str, Any]) -> dict[str, Any]:
    """The fields that conv and local share."""
    channels = fields.integers("channels", low=1)
    groups = fields.integers("groups", 1, low=1)
    sizes = fields.integers("filterSize", low=1)
    strides = fields.integers("stride", 1, low=1)
    paddings = fields.integers("padding", 0)
    shapes = pictures(fields, context, common["inputs"], channels)
    counts = [filters * g for filters, g in zip(fields.integers("filters", low=1), groups, strict=True)]
    filters = agreed(fields, "filters", "the same number of filters (times groups)", counts)
    sides = []
    for shape, count, size, stride, padding in zip(shapes, groups, sizes, strides, paddings, strict=True):
        if shape[0] % count:
            fields.fail("groups", f"a divisor of the {shape[0]} channels")
        if size > shape[1] + 2 * padding:
            fields.fail(
                "filterSize", f"at most {shape[1] + 2 * padding}, the side of the input with its padding"
            )
        sides.append(1 + divide_up(shape[1] + 2 * padding - size, stride))
    side = fields.integer("modulesX", 0) or agreed(fields, "filterSize", "the same output side", sides)
    if fields.has("modulesX"):
        _check_cover(fields, side, shapes, sizes, strides, paddings)
    if context.strict:
        _check_old_hardware(fields, context, shapes, groups, filters, zip(strides, sizes, strict=True))
    return {
        "input_shapes": shapes,
        "output_shape": (filters, side, side),
        "out_channels": filters,
        "kernel_size": sizes,
        "stride": strides,
        "padding": paddings,
        "groups": groups,
        "connections": _read_connections(fields, context, shapes, groups),
    }


def _check_cover(
    fields: Fields,
    side: int,
    shapes: tuple[Shape, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    paddings: tuple[int, ...],
) -> None:
    """A stated output side must reach the end of the picture, and no window may begin beyond its padding."""
    for shape, size, stride, padding in zip(shapes, sizes, strides, paddings, strict=True):
        if (side - 1) * stride - padding + size < shape[1]:
            fields.fail("modulesX", f"0 or windows that reach the end of the picture's {shape[1]} pixels")
        if (side - 1) * stride - padding >= shape[1] + padding:
            fields.fail("modulesX", f"0 or windows within the picture's {shape[1]} pixels and the padding")


def _read_connections(
    fields: Fields, context: Context, shapes: tuple[Shape, ...], groups: tuple[int, ...]
) -> tuple[RandomConnections | None, ...]:
    """The random connections of each input (original: randSparse), () where there are none."""
    random = fields.flags("randSparse")
    if not any(random):
        return ()
    natural = [shape[0] // count for shape, count in zip(shapes, groups, strict=True)]
    stated = fields.integers("filterChannels", low=1) if fields.has("filterChannels") else tuple(natural)
    copied = copies(fields, context, "initCFunc") or (None,) * len(shapes)
    connections: list[RandomConnections | None] = []
    for drawn, shape, count, seen, copy in zip(random, shapes, groups, stated, copied, strict=True):
        if not drawn:
            connections.append(None)
            continue
        if count == 1:
            fields.fail("randSparse", "groups, of which there is one")
        if shape[0] % seen or count * seen % shape[0]:
            fields.fail(
                "filterChannels",
                f"a divisor of the {shape[0]} channels that, times {count} groups, is a multiple of them",
                str(seen),
            )
        if context.strict and seen % 4:
            fields.fail("filterChannels", "a multiple of 4 (strict)", str(seen))
        connections.append(RandomConnections(seen, count * seen // shape[0], copy))
    return tuple(connections)


def _check_old_hardware(
    fields: Fields,
    context: Context,
    shapes: tuple[Shape, ...],
    groups: tuple[int, ...],
    filters: int,
    strides_and_sizes: Iterable[tuple[int, int]],
) -> None:
    """Limits that the original's kernels had and ours have not."""
    for shape, count in zip(shapes, groups, strict=True):
        if shape[0] > 3 and shape[0] % 4:
            fields.fail("channels", "at most 3 or a multiple of 4 (strict)")
        if count > 1 and shape[0] % (4 * count):
            fields.fail("channels", f"a multiple of {4 * count}, 4 times groups (strict)")
        if filters % (16 * count):
            fields.fail("filters", f"a multiple of {16 * count}, 16 times groups, in all (strict)")
        if context.dialect.name == "2014" and filters // count % 16:
            fields.fail("filters", "a multiple of 16 (strict)")
    for stride, size in strides_and_sizes:
        if stride > size:
            fields.fail("stride", f"at most the filter size {size} (strict)")
