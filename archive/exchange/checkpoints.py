"""Reads the checkpoints of the three original programs: pickled dictionaries of layers with their weights.

2011 kept the layers in a list and named inputs by position, 2012 and 2014 in a dictionary by name; 2014 adds
`id`, and keeps its figures as sums. The arrays come in our axes:

  conv   (C·k·k, F), row (c·k + i)·k + j          -> (F, C, k, k)
  local  (P·C·k·k, F), row ((p·C + c)·k + i)·k + j  -> (P, F, C, k, k)
  fc     (inputs, outputs)                         -> (outputs, inputs)
  biases (F, 1), (F·P, 1) or (1, outputs)          -> (F,), (F, M, M) or (outputs,)

C channels of a group, k side of a filter, F filters, P = M·M positions. Nothing in the file is run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from archive.contents import Arrays
from archive.errors import ArchiveError
from archive.exchange.checkpoint_files import contents_of, latest
from archive.exchange.pickles import PickleError, PickleRefused, Record, read_pickle

RECORD_MODULES = ("options", "python_util.options", "ordereddict")
MAX_LAYERS = 2000
MAX_PARTS = 5_000_000  # numbers and texts outside of arrays; ninety epochs on ImageNet have 0.6 million
WEIGHTED = ("conv", "local", "fc", "treefc", "sfc")
_SPLIT_OFF = re.compile(r"(.+)_neuron(?:\.\d+)?")

Layer = dict[str, Any]
Outputs = list[tuple[dict[str, list[float]], int]]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in the original's words, but for the arrays, which are ours.

    `layers`: each after its inputs, which are names; split-off neurons are back in the `neuron` of their
    layer. `train` and `test`: per batch, the figures of each cost as means over the pictures, and how many
    they were. `epoch` (from 1) and `batch`: those of the batch trained last.
    """

    name: str
    dialect: str
    epoch: int
    batch: int
    layers: tuple[Layer, ...]
    weights: Arrays
    momentum: Arrays
    train: Outputs
    test: Outputs
    options: dict[str, Any] = field(default_factory=dict)


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Reads the checkpoint at `path`, a file, or a folder whose latest is taken. Raises ArchiveError."""
    file = latest(Path(path))
    try:
        contents = contents_of(file)
        limits = _Limits(MAX_PARTS, 8 * len(contents) + (1 << 20))
        found = read_pickle(contents, RECORD_MODULES)
        del contents  # half a gigabyte that is not needed any more
        return _checkpoint(_state(found, limits), file.name)
    except PickleRefused as error:
        raise ArchiveError(f"{file} is refused: {error}") from error
    except (PickleError, _Unsound) as error:
        raise ArchiveError(f"{file} is no checkpoint of the original programs: {error}") from error
    except MemoryError as error:
        raise ArchiveError(f"{file}: there is not enough memory to read it") from error


class _Unsound(Exception):
    """Why the value of a pickle is no checkpoint."""


def _fail(reason: str) -> NoReturn:
    raise _Unsound(reason)


@dataclass
class _Limits:
    """What may still be taken out of the pickle: one object in it can be referred to any number of times."""

    parts: int
    array_bytes: int

    def take_part(self) -> None:
        self.parts -= 1
        if self.parts < 0:
            _fail(f"it is made of more than {MAX_PARTS:,} parts")

    def take_array(self, size_bytes: int) -> None:
        self.array_bytes -= size_bytes
        if self.array_bytes < 0:
            _fail("its arrays unpack to far more than its size")


@dataclass(frozen=True)
class _State:
    """The parts of the pickle, and what may still be taken out of them."""

    model: Mapping[str, Any]
    options: Mapping[str, Any]
    limits: _Limits


def _state(found: Any, limits: _Limits) -> _State:
    whole = _named(found, "a dictionary with model_state")
    model = _named(whole.get("model_state"), "model_state")
    if not isinstance(model.get("layers"), (dict, list)):
        _fail("model_state holds no layers")
    return _State(model, _options(whole.get("op"), limits), limits)


def _named(value: Any, what: str) -> dict[str, Any]:
    """A dictionary with text as keys."""
    if not isinstance(value, dict):
        _fail(f"it lacks {what}")
    return {_text(key): part for key, part in value.items() if isinstance(key, (str, bytes))}


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _options(op: Any, limits: _Limits) -> dict[str, Any]:
    """The options as they were typed: name -> value, as far as they are numbers, text or lists of them."""
    state = op.state if isinstance(op, Record) else None
    options = state.get(b"options", state.get("options")) if isinstance(state, dict) else None
    found = {}
    for name, option in options.items() if isinstance(options, dict) else ():
        stored = option.state if isinstance(option, Record) else None
        if isinstance(name, (str, bytes)) and isinstance(stored, dict):
            found[_text(name)] = _plain(stored.get(b"value", stored.get("value")), limits)
    return found


def _plain(value: Any, limits: _Limits, depth: int = 3) -> Any:
    """Numbers, text, and lists and dictionaries of them; None for anything else."""
    limits.take_part()
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, bytes)):
        return _text(value)
    if isinstance(value, (list, tuple)) and depth:
        return [_plain(part, limits, depth - 1) for part in value]
    if isinstance(value, dict) and depth:
        pairs = ((key, part) for key, part in value.items() if isinstance(key, (str, bytes)))
        return {_text(key): _plain(part, limits, depth - 1) for key, part in pairs}
    return None


# References to other layers, what follows from the keys, and what goes into arrays of our own.
_NOT_KEPT = ("inputLayers", "filter", "weights", "weightsInc", "biases", "biasesInc")


def _checkpoint(state: _State, name: str) -> Checkpoint:
    limits = state.limits
    stored = _stored_layers(state.model["layers"])
    sums = any("id" in layer for layer in stored) and isinstance(state.model["layers"], dict)
    dialect = "2011" if isinstance(state.model["layers"], list) else "2014" if sums else "2012"
    layers = [
        {key: _plain(value, limits) for key, value in layer.items() if key not in _NOT_KEPT}
        for layer in stored
    ]
    for layer in layers:
        layer["inputs"] = _input_names(layer, layers)
    weights: Arrays = {}
    momentum: Arrays = {}
    for layer, original in zip(layers, stored, strict=True):
        if layer["type"] in WEIGHTED:
            weights |= _arrays(layer, original, "weights", "biases", limits)
            momentum |= _arrays(layer, original, "weightsInc", "biasesInc", limits)
    return Checkpoint(
        name,
        dialect,
        _count(state.model, "epoch"),
        _count(state.model, "batchnum"),
        tuple(_ordered(_with_neurons(layers))),
        weights,
        momentum,
        list(_outputs(state.model.get("train_outputs"), sums, limits)),
        list(_outputs(state.model.get("test_outputs"), sums, limits)),
        dict(state.options),
    )


def _count(model: Mapping[str, Any], name: str) -> int:
    value = model.get(name)
    if type(value) is not int or not 0 <= value < 2**31:
        _fail(f"model_state has no {name}")
    return value


def _stored_layers(layers: Any) -> list[dict[str, Any]]:
    """The layers' dictionaries, in the order stored; 2014 numbered them."""
    found = [
        _named(layer, "the dictionary of a layer")
        for layer in (layers if isinstance(layers, list) else layers.values())
    ]
    if not 1 <= len(found) <= MAX_LAYERS:
        _fail(f"it has {len(found):,} layers")
    for layer in found:
        if not all(isinstance(layer.get(key), (str, bytes)) for key in ("name", "type")):
            _fail("a layer has no name or no type")
        layer["name"], layer["type"] = _text(layer["name"]), _text(layer["type"])
    if len({layer["name"] for layer in found}) < len(found):
        _fail("two layers have one name")
    if isinstance(layers, dict):
        found.sort(key=lambda layer: (layer["id"] if type(layer.get("id")) is int else 0, layer["name"]))
    return found


def _input_names(layer: Layer, layers: list[Layer]) -> list[str]:
    inputs = layer.get("inputs", [])
    inputs = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(inputs, list):
        _fail(f"layer '{layer['name']}' has no list of inputs")
    names = {other["name"] for other in layers}
    found = []
    for place in inputs:
        if type(place) is int and 0 <= place < len(layers):
            place = layers[place]["name"]
        if not isinstance(place, str) or place not in names:
            _fail(f"layer '{layer['name']}' reads a layer that is not there")
        found.append(place)
    return found


def _with_neurons(layers: list[Layer]) -> list[Layer]:
    """The layers with the activations that had been split off as layers of their own."""
    source_of = {}
    activations = {}
    for layer in layers:
        split = _SPLIT_OFF.fullmatch(layer["name"])
        inputs = layer["inputs"]
        if layer["type"] == "neuron" and split and inputs == [split[1]]:
            source_of[layer["name"]] = split[1]
            activations[split[1]] = _activation(layer)
    kept = [layer for layer in layers if layer["name"] not in source_of]
    for layer in kept:
        layer["inputs"] = [source_of.get(name, name) for name in layer["inputs"]]
        own = _activation(layer) if layer["type"] == "neuron" else ""
        layer["neuron"] = activations.get(layer["name"], own)
    return kept


def _activation(layer: Layer) -> str:
    """`relu` or `tanh[1.7,0.6]`, from the type and the named numbers of a neuron layer."""
    neuron = layer.get("neuron")
    if isinstance(neuron, str):
        return neuron
    params = neuron.get("params") if isinstance(neuron, dict) else None
    kind = neuron.get("type") if isinstance(neuron, dict) else None
    if not isinstance(kind, str) or not isinstance(params, dict):
        _fail(f"layer '{layer['name']}' has no type of neuron")
    numbers = [params[name] for name in sorted(params)]
    if not all(isinstance(number, (int, float)) for number in numbers):
        _fail(f"the neurons of layer '{layer['name']}' have parameters that are no numbers")
    return kind + (f"[{','.join(f'{float(number):.17g}' for number in numbers)}]" if numbers else "")


def _ordered(layers: list[Layer]) -> Iterator[Layer]:
    """Each layer after its inputs, otherwise as they come."""
    waiting = list(layers)
    done: set[str] = set()
    while waiting:
        ready = [layer for layer in waiting if done.issuperset(layer["inputs"])]
        if not ready:
            _fail(f"layer '{waiting[0]['name']}' reads its own output")
        yield from ready
        done.update(layer["name"] for layer in ready)
        waiting = [layer for layer in waiting if layer["name"] not in done]


def _outputs(found: Any, sums: bool, limits: _Limits) -> Iterator[tuple[dict[str, list[float]], int]]:
    """The figures of each batch, as means over its pictures; batches without sound figures are left out."""
    for batch in found if isinstance(found, list) else ():
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            continue
        costs, cases = _plain(batch[0], limits), batch[1]
        if not isinstance(costs, dict) or type(cases) is not int or not 0 < cases < 2**31:
            continue
        divisor = cases if sums else 1
        yield (
            {
                name: [float(value) / divisor for value in values]
                for name, values in costs.items()
                if isinstance(values, list) and all(isinstance(value, (int, float)) for value in values)
            },
            cases,
        )


def _arrays(layer: Layer, original: Mapping[str, Any], matrices: str, biases: str, limits: _Limits) -> Arrays:
    """The matrices and the biases of a layer in our axes, by our names."""
    name = layer["name"]
    stored = original.get(matrices)
    if not isinstance(stored, list) or len(stored) != len(layer["inputs"]):
        _fail(f"layer '{name}' has not one matrix in {matrices} for each input")
    found = {
        f"{name}/weights_{index}": _weights(layer, index, _matrix(matrix, name, matrices, limits))
        for index, matrix in enumerate(stored)
    }
    return {**found, f"{name}/biases": _biases(layer, _matrix(original.get(biases), name, biases, limits))}


def _matrix(value: Any, name: str, what: str, limits: _Limits) -> NDArray[np.float32]:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 2:
        _fail(f"{what} of layer '{name}' are no matrix of numbers")
    limits.take_array(4 * value.size)
    matrix = np.asarray(value, np.float32)
    if not np.isfinite(matrix).all():
        _fail(f"{what} of layer '{name}' hold numbers that are not finite")
    return matrix


def _weights(layer: Layer, index: int, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    if layer["type"] in ("fc", "treefc", "sfc"):
        return np.ascontiguousarray(matrix.T)
    channels, side = _number(layer, "filterChannels", index), _number(layer, "filterSize", index)
    filters = matrix.shape[1]
    positions = _number(layer, "modules") if layer["type"] == "local" else 1
    if positions * channels * side**2 != matrix.shape[0]:
        _fail(
            f"the weights of layer '{layer['name']}' have {matrix.shape[0]} rows, and "
            f"{channels} channels of {side}x{side} at {positions} positions need others"
        )
    blocks = matrix.reshape(positions, channels, side, side, filters).transpose(0, 4, 1, 2, 3)
    return np.ascontiguousarray(blocks if layer["type"] == "local" else blocks[0])


def _biases(layer: Layer, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    if layer["type"] in ("fc", "treefc", "sfc"):
        return matrix.reshape(-1)
    filters = _number(layer, "filters")
    positions = matrix.size // filters
    side = math.isqrt(positions)
    if layer["type"] == "conv" and positions == 1:
        return matrix.reshape(-1)
    if side * side * filters != matrix.size:
        _fail(f"layer '{layer['name']}' has {matrix.size} biases for {filters} filters")
    return matrix.reshape(filters, side, side)


def _number(layer: Layer, key: str, index: int | None = None) -> int:
    """A whole number above 0 out of a layer; the one of input `index` where there is a list."""
    value = layer.get(key)
    if index is not None and isinstance(value, list):
        value = value[index] if index < len(value) else None
    if type(value) is not int or not 0 < value < 2**24:
        _fail(f"layer '{layer['name']}' has no sound {key}")
    return value
