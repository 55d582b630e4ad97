"""From section to layer: the costs, and what their inputs must be."""

from __future__ import annotations

import math
from typing import Any

from reproduction.definition.fields import Fields
from reproduction.definition.language import near, quoted
from reproduction.definition.layers import (
    BinaryCrossEntropy,
    ClassCrossEntropy,
    CrossEntropy,
    GatedSumOfSquares,
    Layer,
    MultiSoftmax,
    RobustSquares,
    Shape,
    Softmax,
    SumOfSquares,
    TopographicCost,
)
from reproduction.definition.readers.context import Context, equal_sizes, one_picture, only_input


def read_logreg(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    expected = "two inputs, the labels and a softmax layer"
    layers = _two_inputs(fields, context, common, expected)
    if layers[0].output_shape != (1,):
        fields.fail("inputs", expected, f"{quoted(layers[0].name)} in place of the labels (dataIdx=1)")
    if not isinstance(layers[1], Softmax):
        fields.fail("inputs", expected, f"{quoted(layers[1].name)}, of type {layers[1].type}")
    return CrossEntropy(**_cost(fields, context, common), input_shapes=_shapes(layers))


def read_msm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    expected = "two inputs, the labels and the energies of the classes"
    layers = _two_inputs(fields, context, common, expected)
    if layers[0].output_shape != (1,):
        fields.fail("inputs", expected, f"{quoted(layers[0].name)} in place of the labels (dataIdx=1)")
    shapes = ((1,), (math.prod(layers[1].output_shape),))
    return MultiSoftmax(**_cost(fields, context, common), input_shapes=shapes)


def read_crossent(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    expected = "two inputs, labels of one number for each class and a softmax layer"
    layers = _two_inputs(fields, context, common, expected)
    if not isinstance(layers[1], Softmax):
        fields.fail("inputs", expected, f"{quoted(layers[1].name)}, of type {layers[1].type}")
    return ClassCrossEntropy(**_cost(fields, context, common), input_shapes=_flat(fields, context, common))


def read_binary(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    """cost.crossent2, cost.bce, cost.dce."""
    _warn_unless_logistic(fields, context, common)
    shapes = _flat(fields, context, common)
    return BinaryCrossEntropy(**_cost(fields, context, common), input_shapes=shapes, kind=fields.text("type"))


def read_rflickr(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    _warn_unless_logistic(fields, context, common)
    return RobustSquares(**_cost(fields, context, common), input_shapes=_flat(fields, context, common))


def read_sum2(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = only_input(fields, context, common).output_shape
    return SumOfSquares(**_cost(fields, context, common), input_shapes=(shape,))


def read_gsum2(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    expected = "two inputs, a gate of one number an image and what it gates"
    layers = _two_inputs(fields, context, common, expected)
    if math.prod(layers[0].output_shape) != 1:
        fields.fail("inputs", expected, f"{quoted(layers[0].name)} in place of the gate")
    return GatedSumOfSquares(**_cost(fields, context, common), input_shapes=((1,), layers[1].output_shape))


def read_tica(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    size = fields.integer("sizeX", low=1, high=shape[1])
    return TopographicCost(**_cost(fields, context, common), input_shapes=(shape,), size=size)


def _cost(fields: Fields, context: Context, common: dict[str, Any]) -> dict[str, Any]:
    """What all costs have beside their inputs."""
    return {**common, "output_shape": (), "children": _children(fields, context)}


def _children(fields: Fields, context: Context) -> tuple[str, ...]:
    if not fields.text("children", ""):
        return ()
    kind = fields.text("type")
    names = fields.texts("children", "names of earlier costs")
    for name in names:
        if name not in context.layers or context.layers[name].type != kind:
            fields.fail(
                "children",
                f"names of earlier layers of type {kind}",
                quoted(name) + near(name, context.layers),
            )
    return names


def _two_inputs(fields: Fields, context: Context, common: dict[str, Any], expected: str) -> list[Layer]:
    if len(common["inputs"]) != 2:
        fields.fail("inputs", expected)
    return [context.layers[name] for name in common["inputs"]]


def _shapes(layers: list[Layer]) -> tuple[Shape, ...]:
    return tuple(layer.output_shape for layer in layers)


def _flat(fields: Fields, context: Context, common: dict[str, Any]) -> tuple[Shape, ...]:
    """Labels and answers, one number for each class."""
    _two_inputs(fields, context, common, "two inputs, labels of one number for each class and the answers")
    return tuple((math.prod(shape),) for shape in equal_sizes(fields, context, common))


def _warn_unless_logistic(fields: Fields, context: Context, common: dict[str, Any]) -> None:
    layers = _two_inputs(
        fields, context, common, "two inputs, labels of one number for each class and the answers"
    )
    activation = layers[1].activation
    if activation is None or activation.name != "logistic":
        context.warn(
            f"{fields.section.where}: layer '{fields.section.name}': its input '{layers[1].name}' is not "
            f"logistic, as {fields.text('type')} expects"
        )
