"""How weights start: normal numbers, literal ones, or copies by the functions that the programs shipped.

Functions are known by name. None is ever run: what they did is data, a `Copied`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reproduction.definition.fields import Fields
from reproduction.definition.language import near, quoted
from reproduction.definition.layers import Copied
from reproduction.definition.readers.context import Context
from reproduction.definition.values import parse_function

# key -> what the programs shipped: function -> dialects
_FUNCTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "initWFunc": {"makew": ("2012", "2014"), "makewcat": ("2014",)},
    "initBFunc": {"makeb": ("2012", "2014"), "makebcat": ("2014",), "makeb_vec": ("2014",)},
    "initCFunc": {"makec": ("2012",)},
}


def initial_values(fields: Fields, context: Context, biases: int) -> dict[str, Any]:
    """How weights and biases start; `biases` is their number."""
    weights = copies(fields, context, "initWFunc")
    values: tuple[float, ...] = ()
    bias_copy = None
    name, arguments = _function(fields, context, "initBFunc")
    if name == "makeb_vec":
        values = _literal(fields, arguments, biases)
    elif name:
        bias_copy = _copied(fields, context, "initBFunc", name, arguments)
    return {
        "weight_std": fields.numbers("initW", low=0),
        "bias_value": fields.number("initB", 0.0),
        "bias_values": values,
        "weight_copies": weights,
        "bias_copy": bias_copy,
    }


def _function(fields: Fields, context: Context, key: str) -> tuple[str, tuple[str, ...]]:
    """Function and arguments of an initialisation key; ("", ()) where there is none. Runs nothing."""
    text = fields.text(key, "")
    if not text:
        return "", ()
    name, arguments = parse_function(text)
    known = _FUNCTIONS[key]
    module, _, function = name.rpartition(".")
    if module != "initw" or function not in known:
        shipped = " or ".join(f"initw.{word}" for word in known)
        fields.fail(
            key,
            f"{shipped}, as functions are known by name and never run",
            quoted(text) + near(function, known),
        )
    if context.strict and context.dialect.name not in known[function]:
        fields.fail(key, f"a function that {context.dialect.program} shipped (strict)")
    return function, arguments


def _literal(fields: Fields, words: tuple[str, ...], biases: int) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        values = ()
    if len(values) != biases or not all(math.isfinite(value) for value in values):
        fields.fail("initBFunc", f"{biases} numbers, one for each bias")
    return values


def copies(fields: Fields, context: Context, key: str) -> tuple[Copied | None, ...]:
    """For each input what its matrix (or connections) is copied from, where a checkpoint is at hand."""
    name, arguments = _function(fields, context, key)
    if not name:
        return ()
    copied = _copied(fields, context, key, name, arguments)
    normal = {2} if fields.section.name == "localcombine" and not copied.checkpoint else set[int]()
    return tuple(None if index in normal else copied for index in range(fields.input_count))


def _copied(fields: Fields, context: Context, key: str, name: str, arguments: tuple[str, ...]) -> Copied:
    """2012: f(layer) of the checkpoint built in; 2014: f(path) of the layer itself, or fcat(path,l1,l2)."""
    if not arguments or not all(arguments) or (name.endswith("cat") and len(arguments) < 2):
        fields.fail(key, "a function with its arguments in parentheses")
    if name.endswith("cat"):
        copied = Copied(arguments[1:], arguments[0])
    elif context.dialect.checkpoint_in_program:
        copied = Copied(arguments[:1])
    else:
        copied = Copied((fields.section.name,), arguments[0])
    if context.strict:
        fields.fail(key, f"no copy, as {copied.source} is not at hand (strict)")
    context.copies.setdefault(copied.source, fields.section.where)
    return copied
