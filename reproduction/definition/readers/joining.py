"""From section to layer: data, functions, sums, maxima, concatenation, dropout, softmax."""

from __future__ import annotations

import math
from typing import Any

from reproduction.definition.fields import Fields
from reproduction.definition.layers import (
    Concatenation,
    Data,
    Dropout,
    ElementwiseMax,
    ElementwiseSum,
    Layer,
    Neuron,
    RunSum,
    Shape,
    Softmax,
)
from reproduction.definition.readers.context import Context, equal_sizes, only_input

MAX_MATRICES = 16  # that the data may deliver


def read_data(fields: Fields, context: Context) -> Layer:
    index = fields.integer("dataIdx", high=MAX_MATRICES - 1)
    shape = context.image_shape if index == 0 else (1,)
    common: dict[str, Any] = {
        "name": fields.section.name,
        "line": fields.section.line,
        "data_index": index,
    }
    if not (fields.has("start") or fields.has("end")):
        return Data(**common, output_shape=shape)
    known = math.prod(shape) if index == 0 else context.classes
    first = fields.integer("start", 0)
    last = fields.integer("end", known or None, low=1, high=known or 2**31)
    if first >= last:
        fields.fail("start", f"less than the end, {last}")
    return Data(**common, output_shape=(last - first,), part=(first, last))


def read_neuron(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    if not fields.text("neuron", ""):
        fields.fail("neuron", "an activation function", None if fields.has("neuron") else "nothing")
    shape = only_input(fields, context, common).output_shape
    return Neuron(**common, input_shapes=(shape,), output_shape=shape)


def read_eltsum(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shapes = equal_sizes(fields, context, common)
    coefficients = fields.numbers("coeffs", 1.0)
    return ElementwiseSum(
        **common, input_shapes=shapes, output_shape=_shape_of_all(shapes), coefficients=coefficients
    )


def read_eltmax(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    if len(common["inputs"]) < 2:
        fields.fail("inputs", "two inputs or more")
    shapes = equal_sizes(fields, context, common)
    return ElementwiseMax(**common, input_shapes=shapes, output_shape=_shape_of_all(shapes))


def _shape_of_all(shapes: tuple[Shape, ...]) -> Shape:
    """The shape that all have, or else so many numbers."""
    return shapes[0] if len(set(shapes)) == 1 else (math.prod(shapes[0]),)


def read_concat(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shapes = tuple(context.layers[name].output_shape for name in common["inputs"])
    sides = {shape[1:] for shape in shapes}
    if len(sides) == 1 and len(shapes[0]) == 3:
        joined: Shape = (sum(shape[0] for shape in shapes), *sides.pop())
    else:
        joined = (sum(math.prod(shape) for shape in shapes),)
    kind = fields.text("type")
    if kind == "pass":
        _check_claims(fields, context, common)
    return Concatenation(**common, input_shapes=shapes, output_shape=joined, kind=kind)


def _check_claims(fields: Fields, context: Context, common: dict[str, Any]) -> None:
    """Two `pass` layers may not claim one input on one GPU: each wanted it in its own memory."""
    columns = set(common["replicas"] or (common["column"],))
    for name in common["inputs"]:
        if columns & context.passed.get(name, set()):
            context.assume(
                fields,
                "inputs",
                f"'{name}' in one pass layer of a GPU",
                "both layers read it as concat would",
            )
        context.passed.setdefault(name, set()).update(columns)


def read_sum(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = only_input(fields, context, common).output_shape
    numbers = math.prod(shape)
    stride = fields.integer("stride", 1, low=1)
    if numbers % stride:
        fields.fail("stride", f"a divisor of the {numbers} inputs")
    return RunSum(**common, input_shapes=((numbers,),), output_shape=(numbers // stride,), stride=stride)


def read_dropout(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    kind = fields.text("type")
    shape = only_input(fields, context, common).output_shape
    # 2012 kept `keep` in the definition, 2014 in the parameter file: until that is read, its default.
    keep = fields.number("keep", low=1e-6, high=1) if kind == "hs" else 0.5
    return Dropout(**common, input_shapes=(shape,), output_shape=shape, kind=kind, keep=keep)


def read_softmax(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = (math.prod(only_input(fields, context, common).output_shape),)
    return Softmax(**common, input_shapes=(shape,), output_shape=shape)
