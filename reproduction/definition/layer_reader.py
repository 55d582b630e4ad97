"""From the section of a definition file to its layer: the keys of a type, their checks, the output shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reproduction.definition.dialect import Dialect
from reproduction.definition.fields import Fields
from reproduction.definition.keys import DEFINITION_KEYS, MAX_WARNINGS, OTHER_TYPES, WITHOUT_EFFECT
from reproduction.definition.language import Document, Section, near, quoted
from reproduction.definition.layers import (
    Activation,
    Convolution,
    CrossEntropy,
    Data,
    Dropout,
    FullyConnected,
    Layer,
    LocallyConnected,
    Pool,
    ResponseNorm,
    Shape,
    Softmax,
    parse_activation,
)
from reproduction.errors import DefinitionError

MAX_WEIGHTS = 2**33  # of one layer: 32 GiB as float32
MAX_OUTPUTS = 2**31  # of one layer, for one picture
MAX_COLUMNS = 64


@dataclass(frozen=True)
class Context:
    """What a section is read against: the file, the dialect, the pictures, and the layers before it."""

    document: Document
    dialect: Dialect
    image_shape: Shape
    strict: bool
    layers: dict[str, Layer] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(text)


def read_layer(section: Section, context: Context) -> Layer:
    """The layer of one section; its inputs must have been read into `context.layers` before."""
    fields = Fields(section, context.document.defaults)
    kind = fields.text("type", None, "one of " + ", ".join(DEFINITION_KEYS))
    if kind in OTHER_TYPES:
        fields.fail("type", "a type that this version reads", f"{quoted(kind)}, a type it does not read yet")
    if kind not in DEFINITION_KEYS:
        fields.fail("type", "a layer type", quoted(kind) + near(kind, DEFINITION_KEYS))
    _warn_of_unknown_keys(section, kind, context)
    fields = Fields(section, context.document.defaults, DEFINITION_KEYS[kind])
    if kind == "data":
        return _read_data(fields, context)
    inputs = _read_inputs(fields, context)
    repeat = context.dialect.repeats_single_values
    fields = replace(fields, input_count=len(inputs), repeat_single=repeat)
    _require_dialect(fields, kind, context)
    _refuse_unread_keys(fields)
    cost = kind.startswith("cost.")
    common: dict[str, Any] = {
        "name": section.name,
        "inputs": inputs,
        "column": _read_column(fields, inputs, context),
        "activation": None if cost else _read_activation(fields),
        "line": section.line,
    }
    layer = READERS[kind](fields, context, common)
    _limit_size(fields, layer)
    return layer


def _warn_of_unknown_keys(section: Section, kind: str, context: Context) -> None:
    known = {key.lower() for key in DEFINITION_KEYS[kind]}
    for key, entry in section.entries.items():
        if key not in known and key not in WITHOUT_EFFECT and len(context.warnings) < MAX_WARNINGS:
            context.warn(
                f"{entry.where}: layer '{section.name}': key {quoted(key)} means nothing to type "
                f"{kind} and is ignored{near(key, DEFINITION_KEYS[kind])}"
            )


def _read_data(fields: Fields, context: Context) -> Layer:
    index = fields.integer("dataIdx", high=1)
    shape = context.image_shape if index == 0 else (1,)
    return Data(name=fields.section.name, line=fields.section.line, output_shape=shape, data_index=index)


def _read_inputs(fields: Fields, context: Context) -> tuple[str, ...]:
    names = fields.texts("inputs", "the names of earlier layers")
    for name in names:
        if name not in context.layers:
            later = name in context.document.sections
            reason = ", which comes later (or is this layer)" if later else near(name, context.layers)
            fields.fail("inputs", "the names of earlier layers", quoted(name) + reason)
        if isinstance(context.layers[name], CrossEntropy):
            fields.fail("inputs", "layers with an output", f"the cost {quoted(name)}")
    return names


def _require_dialect(fields: Fields, kind: str, context: Context) -> None:
    if context.strict and kind in ("hs", "dropout", "dropout2") and kind not in context.dialect.own_types:
        fields.fail("type", f"a type that the program of {context.dialect.name} had")


def _refuse_unread_keys(fields: Fields) -> None:
    """Keys that would change the numbers, and that this version does not read, must not be set."""
    for key in ("initWFunc", "initBFunc", "weightSource"):
        if fields.text(key, "").strip(" ,"):
            fields.fail(key, "nothing, as this version does not read the key yet")
    words = fields.text("randSparse", "").split(",")
    if any(word.strip().lower() in ("1", "true") for word in words):
        fields.fail("randSparse", "0, as this version does not read random connections yet")


def _read_column(fields: Fields, inputs: tuple[str, ...], context: Context) -> int:
    if not context.dialect.reads_columns:
        return 0
    if fields.has("gpu"):
        if "," in fields.text("gpu"):
            fields.fail("gpu", "one GPU, as this version does not read replicas yet")
        return fields.integer("gpu", high=MAX_COLUMNS - 1)
    columns = [context.layers[name].column for name in inputs]
    if context.strict and context.dialect.needs_columns and columns[0] is None:
        fields.fail(
            "gpu", f"the GPU, which the program of {context.dialect.name} needs of layers that read data"
        )
    return next((column for column in columns if column is not None), 0)


def _read_activation(fields: Fields) -> Activation | None:
    try:
        return parse_activation(fields.text("neuron", ""))
    except ValueError as error:
        return fields.fail("neuron", str(error))


def _read_fc(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    outputs = fields.integer("outputs", low=1)
    return FullyConnected(
        **common,
        **_initial_values(fields),
        input_shapes=tuple((math.prod(context.layers[name].output_shape),) for name in common["inputs"]),
        output_shape=(outputs,),
        outputs=outputs,
    )


def _initial_values(fields: Fields) -> dict[str, Any]:
    return {"weight_std": fields.numbers("initW", low=0), "bias_value": fields.number("initB", 0.0)}


def _read_conv(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    windows = _read_windows(fields, context, common)
    if context.strict:
        _check_summation(fields, context.dialect, windows["output_shape"][1] ** 2)
    return Convolution(**common, **windows, shared_biases=fields.boolean("sharedBiases", True))


def _check_summation(fields: Fields, dialect: Dialect, positions: int) -> None:
    """The speed knob of the weight gradient: required by the original, without meaning for the result."""
    if dialect.name == "2014":
        fields.integer("sumWidth")
        return
    step = fields.integer("partialSum")
    if step and positions % step:
        fields.fail("partialSum", f"0 or a divisor of the {positions} positions")


def _read_local(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    return LocallyConnected(**common, **_read_windows(fields, context, common))


def _read_windows(fields: Fields, context: Context, common: dict[str, Any]) -> dict[str, Any]:
    """The fields that conv and local share."""
    channels = fields.integers("channels", low=1)
    groups = fields.integers("groups", 1, low=1)
    sizes = fields.integers("filterSize", low=1)
    strides = fields.integers("stride", 1, low=1)
    paddings = fields.integers("padding", 0)
    shapes = _pictures(fields, context, common["inputs"], channels)
    counts = [filters * g for filters, g in zip(fields.integers("filters", low=1), groups, strict=True)]
    filters = _agreed(fields, "filters", "the same number of filters (times groups)", counts)
    sides = []
    for shape, count, size, stride, padding in zip(shapes, groups, sizes, strides, paddings, strict=True):
        if shape[0] % count:
            fields.fail("groups", f"a divisor of the {shape[0]} channels")
        if size > shape[1] + 2 * padding:
            fields.fail(
                "filterSize", f"at most {shape[1] + 2 * padding}, the side of the input with its padding"
            )
        sides.append(1 + _divide_up(shape[1] + 2 * padding - size, stride))
    side = _agreed(fields, "filterSize", "the same output side", sides)
    if context.strict:
        _check_old_hardware(fields, shapes, groups, filters, zip(strides, sizes, strict=True))
    return {
        **_initial_values(fields),
        "input_shapes": shapes,
        "output_shape": (filters, side, side),
        "out_channels": filters,
        "kernel_size": sizes,
        "stride": strides,
        "padding": paddings,
        "groups": groups,
    }


def _check_old_hardware(
    fields: Fields,
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
    for stride, size in strides_and_sizes:
        if stride > size:
            fields.fail("stride", f"at most the filter size {size} (strict)")


def _read_pool(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    kind = fields.text("pool", None, "max or avg")
    if kind not in ("max", "avg"):
        known = ", a kind this version does not read yet" if kind in ("maxabs", "rand") else ""
        fields.fail("pool", "max or avg", quoted(kind) + known)
    shape = _one_picture(fields, context, common)
    channels, picture_side, _ = shape
    size = fields.integer("sizeX", low=1, high=picture_side)
    stride = fields.integer("stride", low=1, high=size)
    start = fields.integer("start", 0, low=1 - size, high=picture_side - 1)
    natural = 1 + _divide_up(picture_side - start - size, stride)
    # Every window must begin inside the picture, or it would be a maximum of nothing.
    most = 1 + (picture_side - 1 - start) // stride
    side = fields.integer("outputsX", 0, high=most) or max(natural, 1)
    if context.strict and channels % 16 and _has_weights_below(common["inputs"], context):
        fields.fail("channels", "a multiple of 16 above layers with weights (strict)")
    return Pool(
        **common,
        input_shapes=(shape,),
        output_shape=(channels, side, side),
        kind="max" if kind == "max" else "average",
        size=size,
        stride=stride,
        start=start,
    )


def _has_weights_below(inputs: tuple[str, ...], context: Context) -> bool:
    below, seen = list(inputs), set(inputs)
    while below:
        layer = context.layers[below.pop()]
        if layer.weight_shapes:
            return True
        below.extend(name for name in layer.inputs if name not in seen)
        seen.update(layer.inputs)
    return False


def _read_cmrnorm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = _one_picture(fields, context, common)
    size = fields.integer("size", low=2, high=shape[0])
    if context.strict and shape[0] % 16:
        fields.fail("channels", "a multiple of 16 (strict)")
    blocked = fields.boolean("blocked", False)
    return ResponseNorm(
        **common, input_shapes=(shape,), output_shape=shape, scope="across_maps", size=size, blocked=blocked
    )


def _read_rnorm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = _one_picture(fields, context, common)
    size = fields.integer("size", low=1, high=shape[1])
    if context.strict and shape[0] > 3 and shape[0] % 4:
        fields.fail("channels", "at most 3 or a multiple of 4 (strict)")
    return ResponseNorm(
        **common, input_shapes=(shape,), output_shape=shape, scope="within_map", size=size, blocked=False
    )


def _read_dropout(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    kind = fields.text("type")
    shape = _only_input(fields, context, common).output_shape
    # 2012 kept `keep` in the definition, 2014 in the parameter file: until that is read, its default.
    keep = fields.number("keep", low=1e-6, high=1) if kind == "hs" else 0.5
    return Dropout(**common, input_shapes=(shape,), output_shape=shape, kind=kind, keep=keep)


def _read_softmax(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = (math.prod(_only_input(fields, context, common).output_shape),)
    return Softmax(**common, input_shapes=(shape,), output_shape=shape)


def _read_cross_entropy(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    expected = "two inputs, the labels and a softmax layer"
    layers = [context.layers[name] for name in common["inputs"]]
    if len(layers) != 2:
        fields.fail("inputs", expected)
    if layers[0].output_shape != (1,):
        fields.fail("inputs", expected, f"{quoted(layers[0].name)} in place of the labels (dataIdx=1)")
    if not isinstance(layers[1], Softmax):
        fields.fail("inputs", expected, f"{quoted(layers[1].name)}, of type {layers[1].type}")
    return CrossEntropy(**common, input_shapes=tuple(layer.output_shape for layer in layers), output_shape=())


def _only_input(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    if len(common["inputs"]) != 1:
        fields.fail("inputs", "one input", f"{len(common['inputs'])} inputs")
    return context.layers[common["inputs"][0]]


def _one_picture(fields: Fields, context: Context, common: dict[str, Any]) -> Shape:
    _only_input(fields, context, common)
    return _pictures(fields, context, common["inputs"], (fields.integer("channels", low=1),))[0]


def _pictures(
    fields: Fields, context: Context, inputs: tuple[str, ...], channels: tuple[int, ...]
) -> tuple[Shape, ...]:
    """The inputs as square pictures of the stated channels: (C, S, S)."""
    shapes = []
    for name, count in zip(inputs, channels, strict=True):
        made = context.layers[name].output_shape
        numbers = math.prod(made)
        side = math.isqrt(numbers // count)
        if side * side * count != numbers:
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


def _agreed(fields: Fields, key: str, what: str, values: list[int]) -> int:
    if len(set(values)) > 1:
        fields.fail(key, f"{what} from all inputs", ", ".join(str(value) for value in values[:8]))
    return values[0]


def _divide_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _limit_size(fields: Fields, layer: Layer) -> None:
    """Refuses what no machine holds, before anything tries to."""
    where = f"{fields.section.where}: layer '{layer.name}'"
    if layer.parameter_count > MAX_WEIGHTS:
        raise DefinitionError(
            f"{where}: {layer.parameter_count:,} weights are more than the {MAX_WEIGHTS:,} "
            "that one layer may have"
        )
    if math.prod(layer.output_shape) > MAX_OUTPUTS:
        raise DefinitionError(
            f"{where}: an output of {math.prod(layer.output_shape):,} numbers is more than the "
            f"{MAX_OUTPUTS:,} that one layer may have"
        )


READERS: Mapping[str, Callable[[Fields, Context, dict[str, Any]], Layer]] = {
    "conv": _read_conv,
    "local": _read_local,
    "fc": _read_fc,
    "pool": _read_pool,
    "cmrnorm": _read_cmrnorm,
    "rnorm": _read_rnorm,
    "hs": _read_dropout,
    "dropout": _read_dropout,
    "dropout2": _read_dropout,
    "softmax": _read_softmax,
    "cost.logreg": _read_cross_entropy,
}
