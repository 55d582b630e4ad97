"""From the layers of an original checkpoint to the texts of a run: what its files must have said.

A checkpoint holds no texts, but the dictionary of each layer keeps every key of both files under its own
name. A few were changed when they were read, and are changed back here: padding was negated, filters
multiplied by groups, the scale of a norm divided by its neighbours, several outputs multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reproduction.definition.dialect import DIALECTS
from reproduction.definition.keys import (
    DEFINITION_KEYS,
    KEYS_OF_DIALECTS,
    OTHER_PARAMETER_KEYS,
    PARAMETER_KEYS,
    PARAMETERS_OF_DIALECTS,
)
from reproduction.definition.language import quoted
from reproduction.errors import DefinitionError

Layer = Mapping[str, Any]

# The weights are in the checkpoint: how they began is not asked again. What norms keep in the older form of
# the definition file is in their parameter section.
_LEFT_OUT = frozenset({"type", "inputs", "neuron", "initWFunc", "initBFunc", "initCFunc", "start", "end"})
_NORMS = {"cmrnorm": 1, "rnorm": 2, "cnorm": 2}  # dimensions of the neighbourhood
_SCHEDULE_NUMBERS = ("base", "tgtFactor", "noiseStdev", "numSteps")
_OFF = frozenset({"", "0", "0.0", "default"})  # of keys that are off unless they are set


def definition_text(layers: Iterable[Layer], dialect: str) -> str:
    """The definition file of `layers`, which name their inputs and come after them."""
    return "\n".join(_section(layer["name"], _definition_rows(layer, dialect)) for layer in layers)


def parameters_text(layers: Iterable[Layer], dialect: str) -> str:
    """The parameter file of `layers`, with the rates as they were last."""
    sections = ((layer["name"], _parameter_rows(layer, dialect)) for layer in layers)
    return "\n".join(_section(name, rows) for name, rows in sections if rows)


def _section(name: str, rows: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in rows.items()), ""])


def _definition_rows(layer: Layer, dialect: str) -> dict[str, str]:
    kind = layer["type"]
    if kind not in DEFINITION_KEYS:
        raise DefinitionError(f"layer {quoted(layer['name'])}: there is no layer type {quoted(kind)}")
    if True in (layer.get("randSparse") or ()):
        raise DefinitionError(
            f"layer {quoted(layer['name'])}: its random connections stand in no definition file, "
            "so this checkpoint cannot be imported"
        )
    rows = {"type": kind}
    if layer["inputs"]:
        rows["inputs"] = ",".join(layer["inputs"])
    if layer.get("neuron"):
        rows["neuron"] = layer["neuron"]
    for key in DEFINITION_KEYS[kind]:
        known = dialect in KEYS_OF_DIALECTS.get((kind, key), DIALECTS)
        wanted = key not in _LEFT_OUT or (kind in ("pool", "cmpool") and key == "start")
        if not known or not wanted or (kind in _NORMS and key in ("sizeX", "scale", "pow")):
            continue
        if key == "gpu" and not DIALECTS[dialect].reads_columns:
            continue
        text = _text(_restored(layer, key))
        if text.strip(","):
            rows[key] = text
    return rows


def _restored(layer: Layer, key: str) -> Any:
    """The value of a key as the file had it."""
    value = layer.get(key)
    if key == "padding" and isinstance(value, list):
        return [-number for number in value]
    if key == "filters" and isinstance(value, int) and isinstance(layer.get("groups"), list):
        return [value // max(1, groups) for groups in layer["groups"]]
    if key == "outputs" and layer["type"] == "sfc":
        return value // max(1, layer["parts"]) if isinstance(value, int) else None
    if key == "outputs" and layer["type"] == "cmpool":
        return layer.get("outputChannels")
    return value


def _parameter_rows(layer: Layer, dialect: str) -> dict[str, str]:
    kind = layer["type"]
    needs_section = kind in PARAMETER_KEYS and (kind != "pool" or layer.get("pool") == "rand")
    needs_section = needs_section and (kind != "eltsum" or dialect == "2014")
    rows = {}
    for key in PARAMETER_KEYS[kind] if needs_section else OTHER_PARAMETER_KEYS:
        changes_numbers = key.lower() in PARAMETERS_OF_DIALECTS
        if changes_numbers and dialect not in PARAMETERS_OF_DIALECTS[key.lower()]:
            continue
        value = layer.get(key)
        if key == "scale" and kind in _NORMS and isinstance(value, float):
            text = _undivided(value, int(layer.get("size") or 1) ** _NORMS[kind])
        else:
            text = _text(value)
        if not (changes_numbers and _OFF.issuperset(text.split(","))) and text:
            rows[key] = text
    return rows


def _undivided(quotient: float, divisor: int) -> str:
    """The shortest number whose quotient it is: what the file said."""
    for digits in range(1, 18):
        text = f"{quotient * divisor:.{digits}g}"
        if float(text) / divisor == quotient:
            return text
    return repr(quotient * divisor)


def _text(value: Any) -> str:
    """A value in the notation of the files; "" for what has none."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_text(part) for part in value)
    return _schedule(value) if isinstance(value, dict) else ""


def _schedule(value: Mapping[str, Any]) -> str:
    """A schedule or a way of packing, of its kind and its numbers; 2014 put `;` between them."""
    numbers = value.get("params")
    kind = str(value.get("type") or "")
    if not isinstance(numbers, dict) or not numbers:
        return kind
    separator = ";" if "base" in numbers else ","
    named = (f"{name}={_text(numbers[name])}" for name in _SCHEDULE_NUMBERS if name in numbers)
    return f"{kind}[{separator.join(named)}]"


def picture_channels(layers: Sequence[Layer]) -> int:
    """Channels of the pictures: those that a layer which reads them states, else three where that fits."""
    pictures = [layer["name"] for layer in layers if layer["type"] == "data" and layer.get("dataIdx") == 0]
    for layer in layers:
        stated = layer.get("channels")
        for index, name in enumerate(layer["inputs"]):
            if name in pictures and stated:
                return int(stated[index] if isinstance(stated, list) else stated)
    return 3 if picture_numbers(layers) % 3 == 0 else 1


def picture_numbers(layers: Sequence[Layer]) -> int:
    """How many numbers the pictures have that the network reads."""
    for layer in layers:
        numbers = layer.get("outputs")
        if layer["type"] == "data" and layer.get("dataIdx") == 0 and type(numbers) is int and numbers > 0:
            return numbers
    raise DefinitionError("the checkpoint has no data layer with dataIdx 0, so no size of pictures")


def recipe_text(values: Mapping[str, Any]) -> str:
    """A recipe of `values`: key as in the TOML file -> text, number or truth value."""
    rows = (f"{key} = {_toml(value)}" for key, value in values.items() if value is not None)
    return "\n".join([*rows, ""])


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(sign if sign.isprintable() else "?" for sign in escaped) + '"'
    return repr(value)
