"""Layers as an original program kept them once it had read its files: what conversion has to undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reproduction.definition.experiments import SPELLING
from reproduction.definition.language import Document, Entry

WINDOWS = (
    "channels filters filterSize padding stride groups randSparse filterChannels wcNormMin wcNormMax".split()
)
WEIGHTS = "initW weightSource epsW momW wc wball".split()
TEXTS = "type neuron pool initWFunc initBFunc initCFunc schedW schedB sched quantF quantB".split()


def stored_layers(definition: Document, parameters: Document) -> list[dict[str, Any]]:
    """One dictionary a section: the keys of both files, as numbers, and what the programs made of them."""
    found = []
    for section in definition.sections.values():
        layer: dict[str, Any] = {"name": section.name, "inputs": []}
        entries = dict(section.entries)
        if section.name in parameters.sections:
            entries |= parameters.sections[section.name].entries
        layer |= _values(entries)
        _change(layer)
        found.append(layer)
    return found


def _values(entries: Mapping[str, Entry]) -> dict[str, Any]:
    windowed = entries["type"].value in ("conv", "local")
    values: dict[str, Any] = {}
    for lower, entry in entries.items():
        key = SPELLING.get(lower, lower)
        words = [word.strip() for word in entry.value.split(",")]
        if key in TEXTS or "[" in entry.value:
            values[key] = entry.value
        elif key in ("inputs", "children"):
            values[key] = words
        elif key in WEIGHTS or (windowed and key in WINDOWS) or key == "coeffs" or len(words) > 1:
            values[key] = [_number(word) for word in words]
        else:
            values[key] = _number(words[0])
    return values


def _number(word: str) -> Any:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _change(layer: dict[str, Any]) -> None:
    """Negated padding, filters of all groups, scales divided by the neighbours, all outputs."""
    kind = layer["type"]
    if kind in ("conv", "local"):
        groups = layer.setdefault("groups", [1] * len(layer["inputs"]))
        layer["filters"] = layer["filters"][0] * groups[0]
        layer["padding"] = [-padding for padding in layer.get("padding", [0] * len(groups))]
        layer["randSparse"] = [bool(word) for word in layer.get("randSparse", [])]
    elif kind in ("cmrnorm", "rnorm", "cnorm"):
        layer.setdefault("size", layer.get("sizeX"))
        layer["scale"] = float(layer["scale"]) / layer["size"] ** (1 if kind == "cmrnorm" else 2)
    elif kind == "sfc":
        layer["outputs"] *= layer["parts"]
    elif kind == "cmpool":
        layer["outputChannels"] = layer["outputs"]
