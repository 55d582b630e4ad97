"""What a reader may rely on in the JSON parts of an archive, and the shapes that its network implies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FIELDS: dict[str, type] = {
    "name": str,
    "dialect": str,
    "columns": int,
    "image_shape": list,
    "classes": int,
    "parameters": int,
    "first_layers": list,
    "probabilities": str,
    "layers": list,
}
STATE_FIELDS = ("seed", "epoch", "batch", "step")
LAYER_FIELDS: dict[str, type] = {"name": str, "type": str, "inputs": list, "output_shape": list}


def check_network(network: dict[str, Any]) -> list[str]:
    """What is wrong with the resolved network, in words; [] when every required field is there and sound."""
    problems = [*_missing(network, FIELDS, "the network")]
    if problems:
        return problems
    if not _are_lengths(network["image_shape"]) or len(network["image_shape"]) != 3:
        problems.append("its image_shape is not three lengths")
    for index, layer in enumerate(network["layers"]):
        problems += _layer_problems(index, layer)
    if problems:
        return problems
    names = {layer["name"] for layer in network["layers"]}
    for name in [*network["first_layers"], network["probabilities"]]:
        if not isinstance(name, str) or name not in names:
            problems.append(f"it names a layer {str(name)[:80]!r} that it does not have")
    return problems


def check_state(state: dict[str, Any]) -> list[str]:
    """What a resume would miss in the state of training, in words."""
    return [
        f"the state of training has no whole number '{field}'"
        for field in STATE_FIELDS
        if type(state.get(field)) is not int
    ]


def _layer_problems(index: int, layer: Any) -> Iterator[str]:
    where = f"layer {index}"
    if not isinstance(layer, dict):
        yield f"{where} is no JSON object"
        return
    yield from _missing(layer, LAYER_FIELDS, where)
    if not _are_lengths(layer.get("output_shape")):
        yield f"{where}: output_shape is no list of lengths"
    weights = layer.get("weights", {})
    if not isinstance(weights, dict) or not all(_are_lengths(shape) for shape in weights.values()):
        yield f"{where}: weights are no array names with their shapes"
    if layer.get("biases") is not None and not _are_lengths(layer["biases"]):
        yield f"{where}: biases are no shape"


def _missing(holder: dict[str, Any], fields: dict[str, type], where: str) -> Iterator[str]:
    for field, kind in fields.items():
        value = holder.get(field)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"{where} has no {kind.__name__} '{field}'"


def _are_lengths(value: Any) -> bool:
    return isinstance(value, list) and all(type(length) is int and length >= 0 for length in value)


def weight_shapes(network: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shape of every array that the (checked) network learns, by array name, in the network's order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in network["layers"]:
        shapes |= {name: tuple(shape) for name, shape in layer.get("weights", {}).items()}
        if layer.get("biases") is not None:
            shapes[f"{layer['name']}/biases"] = tuple(layer["biases"])
    return shapes
