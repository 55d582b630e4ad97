"""From the section of a definition file to its layer: what all types share, and the limits that bind all."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from reproduction.definition.fields import Fields
from reproduction.definition.keys import (
    DEFINITION_KEYS,
    KEYS_OF_DIALECTS,
    MAX_WARNINGS,
    WITHOUT_EFFECT,
)
from reproduction.definition.language import Section, near, quoted
from reproduction.definition.layers import Activation, Cost, Layer, parse_activation
from reproduction.definition.readers import READERS
from reproduction.definition.readers.context import MAX_OUTPUTS, MAX_WEIGHTS, Context
from reproduction.definition.readers.joining import read_data
from reproduction.errors import DefinitionError

MAX_COLUMNS = 64
__all__ = ["Context", "read_layer"]


def read_layer(section: Section, context: Context) -> Layer:
    """The layer of one section; its inputs must have been read into `context.layers` before."""
    fields = Fields(section, context.document.defaults)
    kind = fields.text("type", None, "a layer type such as conv, pool or fc")
    if kind not in DEFINITION_KEYS:
        fields.fail("type", "a layer type", quoted(kind) + near(kind, DEFINITION_KEYS))
    _warn_of_unknown_keys(section, kind, context)
    section = _without_foreign_keys(section, kind, context)
    fields = Fields(section, context.document.defaults, DEFINITION_KEYS[kind])
    _require_type(fields, kind, context)
    if kind == "data":
        return read_data(fields, context)
    inputs = _read_inputs(fields, context)
    repeat = context.dialect.repeats_single_values
    fields = replace(fields, input_count=len(inputs), repeat_single=repeat)
    column, replicas = _read_columns(fields, inputs, context)
    common: dict[str, Any] = {
        "name": section.name,
        "inputs": inputs,
        "column": column,
        "replicas": replicas,
        "activation": None if kind.startswith("cost.") else _read_activation(fields, context),
        "line": section.line,
    }
    layer = READERS[kind](fields, context, common)
    _check_replicas(fields, layer, context)
    _limit_size(fields, layer, context)
    context.used.update(inputs)
    if layer.weight_shapes or context.above_weights.intersection(inputs):
        context.above_weights.add(layer.name)
    return layer


def _warn_of_unknown_keys(section: Section, kind: str, context: Context) -> None:
    known = {key.lower() for key in DEFINITION_KEYS[kind]}
    for key, entry in section.entries.items():
        if key not in known and key not in WITHOUT_EFFECT and len(context.warnings) < MAX_WARNINGS:
            context.warn(
                f"{entry.where}: layer '{section.name}': key {quoted(key)} means nothing to type "
                f"{kind} and is ignored{near(key, DEFINITION_KEYS[kind])}"
            )


def _without_foreign_keys(section: Section, kind: str, context: Context) -> Section:
    """The section less the keys that its dialect's program did not know, and so passed over."""
    entries = dict(section.entries)
    for (of_kind, key), dialects in KEYS_OF_DIALECTS.items():
        if of_kind == kind and key.lower() in entries and context.dialect.name not in dialects:
            entry = entries.pop(key.lower())
            if entry.value.strip(" ,0").lower() not in ("", "false", "no", "off"):
                context.warn(
                    f"{entry.where}: layer '{section.name}': key '{key}' meant nothing to "
                    f"{context.dialect.program} and is ignored"
                )
    return replace(section, entries=entries)


def _require_type(fields: Fields, kind: str, context: Context) -> None:
    if kind not in context.dialect.types:
        context.assume(fields, "type", "one of its own types", f"{kind} is read as in the other programs")


def _read_inputs(fields: Fields, context: Context) -> tuple[str, ...]:
    names = fields.texts("inputs", "the names of earlier layers")
    for name in names:
        if name not in context.layers:
            later = name in context.document.sections
            reason = ", which comes later (or is this layer)" if later else near(name, context.layers)
            fields.fail("inputs", "the names of earlier layers", quoted(name) + reason)
        if isinstance(context.layers[name], Cost):
            fields.fail("inputs", "layers with an output", f"the cost {quoted(name)}")
    return names


def _read_columns(fields: Fields, inputs: tuple[str, ...], context: Context) -> tuple[int, tuple[int, ...]]:
    """The GPU of a layer, and all of them where it has several; stated, or those of the first input."""
    dialect = context.dialect
    if not dialect.reads_columns:
        return 0, ()
    if not fields.has("gpu"):
        return _inherited_columns(fields, inputs, context)
    words = [word.strip() for word in fields.text("gpu").split(",")]
    columns = tuple(int(word) for word in words if word.isdecimal() and len(word) < 4)
    if len(columns) != len(words) or max(columns) >= MAX_COLUMNS:
        fields.fail("gpu", f"a whole number from 0 to {MAX_COLUMNS - 1}")
    if len(set(columns)) != len(columns):
        fields.fail("gpu", "GPUs that differ from each other")
    if len(columns) > 1 and not dialect.reads_replicas:
        context.assume(fields, "gpu", "one GPU", "the layer has a copy on each, as in the program of 2014")
    return columns[0], columns if len(columns) > 1 else ()


def _inherited_columns(
    fields: Fields, inputs: tuple[str, ...], context: Context
) -> tuple[int, tuple[int, ...]]:
    first = context.layers[inputs[0]]
    if first.column is not None:
        return first.column, first.replicas
    if context.strict and context.dialect.needs_columns:
        fields.fail("gpu", f"the GPU, which {context.dialect.program} needs of layers that read data")
    others = (context.layers[name].column for name in inputs)
    column = next((column for column in others if column is not None), 0)
    if context.dialect.needs_columns:
        context.warn(
            f"{fields.section.where}: layer '{fields.section.name}' reads data and states no GPU, as "
            f"{context.dialect.program} wanted; column {column} is assumed"
        )
    return column, ()


def _read_activation(fields: Fields, context: Context) -> Activation | None:
    try:
        activation = parse_activation(fields.text("neuron", ""))
    except ValueError as error:
        return fields.fail("neuron", str(error))
    if activation is not None and activation.name not in context.dialect.neurons:
        assumed = f"{activation.name} is read as in the other programs"
        context.assume(fields, "neuron", "one of its own neurons", assumed)
    if activation is not None and context.strict and context.dialect.name != "2011":
        if not re.fullmatch(r"\w+\s*(\[[\d,.\s-]*\])?", fields.text("neuron")):
            fields.fail("neuron", "numbers without exponents (strict)")
    return activation


def _check_replicas(fields: Fields, layer: Layer, context: Context) -> None:
    """How many copies 2014 let layers have that read one another. For us they are one layer in any case."""
    if not context.dialect.reads_replicas:
        return
    counts = [
        len(context.layers[name].replicas) or 1
        for name in layer.inputs
        if context.layers[name].column is not None
    ]
    own = len(layer.replicas) or 1
    if len(set(counts)) > 1 or any(count % own for count in counts):
        context.assume(
            fields,
            "gpu",
            "inputs with equal numbers of copies, a multiple of its own",
            "copies are one layer here in any case",
        )


def _limit_size(fields: Fields, layer: Layer, context: Context) -> None:
    """Refuses what no machine holds, before anything tries to."""
    where = f"{fields.section.where}: layer '{layer.name}'"
    count = layer.parameter_count
    if count > MAX_WEIGHTS:
        raise DefinitionError(
            f"{where}: {count:,} weights are more than the {MAX_WEIGHTS:,} that one layer may have"
        )
    context.weights += count
    if context.weights > MAX_WEIGHTS:
        raise DefinitionError(
            f"{where}: with its {count:,} weights the network has {context.weights:,}, more than the "
            f"{MAX_WEIGHTS:,} that it may have"
        )
    if math.prod(layer.output_shape) > MAX_OUTPUTS:
        raise DefinitionError(
            f"{where}: an output of {math.prod(layer.output_shape):,} numbers is more than the "
            f"{MAX_OUTPUTS:,} that one layer may have"
        )
