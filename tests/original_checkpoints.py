"""A small network as each of the three original programs kept it in a checkpoint, made from known arrays.

data 3x12x12 -> conv1 (16 of 5x5, relu) -> pool1 (max 3/2, 6x6) -> rnorm1 (5 maps) -> local2 (16 of 3x3, tanh)
-> fc3 of local2 and rnorm1 (10) -> probs -> logprob. Arrays and words are those of the original program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from python2_pickles import Instance

SIDE, FILTERS, CLASSES, POSITIONS = 12, 16, 10, 36
Matrices = dict[str, NDArray[Any]]


def matrices(seed: int = 3) -> Matrices:
    """Weights, increments and biases in the original's axes, by layer and entry."""
    random = np.random.RandomState(seed)

    def draw(*shape: int, order: Any = "C") -> NDArray[np.float32]:
        return np.array(random.randn(*shape) * 0.05, np.float32, order=order)

    found: Matrices = {}
    for kind in ("weights", "weightsInc"):
        found[f"conv1 {kind} 0"] = draw(3 * 25, FILTERS)
        found[f"local2 {kind} 0"] = draw(POSITIONS * FILTERS * 9, FILTERS)
        found[f"fc3 {kind} 0"] = draw(FILTERS * POSITIONS, CLASSES, order="F")
        found[f"fc3 {kind} 1"] = draw(FILTERS * POSITIONS, CLASSES, order="F")
    for kind in ("biases", "biasesInc"):
        found[f"conv1 {kind}"] = draw(FILTERS, 1)
        found[f"local2 {kind}"] = draw(FILTERS * POSITIONS, 1)
        found[f"fc3 {kind}"] = draw(1, CLASSES, order="F")
    return found


@dataclass(frozen=True)
class Layout:
    """How a program kept layers. `constant` is that of its cross-map norm."""

    dialect: str
    constant: float


LAYOUTS = {name: Layout(name, constant) for name, constant in (("2011", 1.0), ("2012", 2.0), ("2014", 2.0))}


def layers(layout: Layout, arrays: Matrices) -> list[dict[str, Any]]:
    """The dictionaries of the layers, in the order in which the program made them."""
    weighted = {"epsB": 0.02, "momB": 0.9, "initB": 0.0, "neuron": "", "weightSource": [""]}
    window = {"groups": [1], "stride": [1], "randSparse": [False], "filterConns": [[]], "overSample": [1]}
    window |= {**weighted, "epsW": [0.01], "momW": [0.9], "wc": [0.0005], "initW": [0.05], "wball": [0.0]}
    found: list[dict[str, Any]] = [
        {"name": "data", "type": "data", "dataIdx": 0, "outputs": 3 * SIDE**2},
        {"name": "labels", "type": "data", "dataIdx": 1, "outputs": 1},
        {
            "name": "conv1", "type": "conv", "inputs": ["data"], **window, "channels": [3],
            "filters": FILTERS, "filterSize": [5], "filterChannels": [3], "padding": [-2],
            "sharedBiases": True, "partialSum": 1, "sumWidth": 4, "modulesX": SIDE,
            "modules": SIDE**2, "outputs": FILTERS * SIDE**2, "neuron": "relu",
        },
        {
            "name": "conv1_neuron", "type": "neuron", "inputs": ["conv1"], "outputs": FILTERS * SIDE**2,
            "neuron": {"type": "relu", "params": {}, "usesActs": True, "usesInputs": False},
        },
        {
            "name": "pool1", "type": "pool", "inputs": ["conv1_neuron"], "pool": "max", "channels": FILTERS,
            "sizeX": 3, "stride": 2, "start": 0, "outputsX": 6, "outputs": FILTERS * POSITIONS, "neuron": "",
        },
        {
            "name": "rnorm1", "type": "cmrnorm", "inputs": ["pool1"], "channels": FILTERS, "size": 5,
            "blocked": False, "scale": 0.1 / 5, "pow": 0.75, "minDiv": layout.constant, "neuron": "",
            "outputs": FILTERS * POSITIONS,
        },
        {
            "name": "local2", "type": "local", "inputs": ["rnorm1"], **window, "channels": [FILTERS],
            "filters": FILTERS, "filterSize": [3], "filterChannels": [FILTERS], "padding": [-1],
            "modulesX": 6, "modules": POSITIONS, "outputs": FILTERS * POSITIONS, "neuron": "tanh[1.5,0.5]",
        },
        {
            "name": "local2_neuron", "type": "neuron", "inputs": ["local2"], "outputs": FILTERS * POSITIONS,
            "neuron": {"type": "tanh", "params": {"b": 0.5, "a": 1.5}, "usesActs": True, "usesInputs": False},
        },
        {
            "name": "fc3", "type": "fc", "inputs": ["local2_neuron", "rnorm1"], **weighted,
            "outputs": CLASSES, "epsW": [0.01, 0.02], "momW": [0.9, 0.8], "wc": [0.5, 0.25],
            "initW": [0.01, 0.02], "wball": [0.0, 0.0], "weightSource": ["", ""],
        },
        {"name": "probs", "type": "softmax", "inputs": ["fc3"], "outputs": CLASSES, "neuron": ""},
        {"name": "logprob", "type": "cost.logreg", "inputs": ["labels", "probs"], "coeff": 1.0, "outputs": 0},
    ]  # fmt: skip
    for layer in found:
        _put_arrays(layer, arrays)
        _put_references(layer, found)
        _put_dialect(layer, layout)
    return found


def _put_arrays(layer: dict[str, Any], arrays: Matrices) -> None:
    name = layer["name"]
    if layer["type"] in ("conv", "local", "fc"):
        for kind in ("weights", "weightsInc"):
            layer[kind] = [arrays[f"{name} {kind} {index}"] for index in range(len(layer["inputs"]))]
        for kind in ("biases", "biasesInc"):
            layer[kind] = arrays[f"{name} {kind}"]


def _put_references(layer: dict[str, Any], found: list[dict[str, Any]]) -> None:
    if "inputs" in layer:
        layer["inputLayers"] = [other for other in found if other["name"] in layer["inputs"]]
        layer["numInputs"] = [other["outputs"] for other in layer["inputLayers"]]


def _put_dialect(layer: dict[str, Any], layout: Layout) -> None:
    """What one program had and another had not."""
    if layout.dialect == "2011":
        layer["dropout"] = 0.0
        layer.pop("minDiv", None)
        return
    if layer["type"] == "cost.logreg":
        layer["topk"] = 2
    if layer["name"].endswith("_neuron"):
        layer["src_layer"] = layer["name"].removesuffix("_neuron")
    layer["gpu"] = -1 if layer["type"] == "data" else 0
    if layout.dialect == "2012":
        layer["quantF"] = layer["quantB"] = {"type": "default", "params": {}}
        if "epsW" in layer:
            numbers = {"tgtFactor": 250.0, "noiseStdev": 0.0, "numSteps": 4}
            layer["schedW"] = {"type": "dexp", "params": numbers}
            layer["schedB"] = {"type": "default", "params": {}}
        return
    layer["gpu"] = [layer["gpu"]]
    if "epsW" in layer:
        layer["epsW"] = [{"type": "const", "params": {"base": rate}} for rate in layer["epsW"]]
        layer["epsB"] = {"type": "const", "params": {"base": layer["epsB"]}}


def checkpoint(layout: Layout, arrays: Matrices) -> dict[str, Any]:
    """What the program pickled: four batches of training, two tests, in the middle of the second epoch."""
    found = layers(layout, arrays)
    stored: Any = {layer["name"]: layer for layer in found}
    if layout.dialect == "2011":
        names = [layer["name"] for layer in found]
        for layer in found:
            layer["inputs"] = [names.index(name) for name in layer["inputs"]] if "inputs" in layer else []
        stored = found
    if layout.dialect == "2014":
        for number, layer in enumerate(found):
            layer["id"] = number
    factor = 100.0 if layout.dialect == "2014" else 1.0  # sums over the hundred pictures of a batch
    figures = [(2.0, 0.875, 0.75), (1.5, 0.75, 0.5), (1.25, 0.5, 0.25), (1.0, 0.5, 0.25)]
    kept = 2 if layout.dialect == "2011" else 3
    outputs = [({"logprob": [value * factor for value in row[:kept]]}, 100) for row in figures]
    return {
        "model_state": {
            "train_outputs": outputs,
            "test_outputs": outputs[1::2],
            "epoch": 2,
            "batchnum": 1,
            "layers": stored,
        },
        "op": options(layout),
    }


def options(layout: Layout) -> Instance:
    """The options that were typed, in objects of the program's own classes."""
    module = "python_util.options" if layout.dialect == "2014" else "options"
    values = {"minibatch_size": 50, "num_epochs": 5, "testing_freq": 2, "train_batch_range": [1, 2, 3]}
    values |= {"dp_type": "cifar", "test_batch_range": [4], "crop_border": 4}
    kind = Instance(module, "IntegerOptionParser")
    named = {
        name: Instance(module, "Option", {"name": name, "value": value, "parser": kind, "value_given": True})
        for name, value in values.items()
    }
    return Instance(module, "OptionsParser", {"options": named})


def forward(layout: Layout, arrays: Matrices, pictures: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities of pictures (N, 3, 12, 12) less their mean, in plain loops over the original's axes."""
    weights = {name: array.astype(np.float64) for name, array in arrays.items()}
    probabilities = []
    for picture in pictures.astype(np.float64):
        conv = np.zeros((FILTERS, SIDE, SIDE))
        padded = np.pad(picture, ((0, 0), (2, 2), (2, 2)))
        for y in range(SIDE):
            for x in range(SIDE):
                patch = padded[:, y : y + 5, x : x + 5].reshape(-1)
                conv[:, y, x] = patch @ weights["conv1 weights 0"] + weights["conv1 biases"][:, 0]
        normed = _normed(_pooled(np.maximum(conv, 0)), layout.constant)
        local = np.zeros((FILTERS, 6, 6))
        padded = np.pad(normed, ((0, 0), (1, 1), (1, 1)))
        rows = FILTERS * 9
        for place in range(POSITIONS):
            y, x = divmod(place, 6)
            patch = padded[:, y : y + 3, x : x + 3].reshape(-1)
            bank = weights["local2 weights 0"][place * rows : (place + 1) * rows]
            biases = weights["local2 biases"].reshape(FILTERS, POSITIONS)[:, place]
            local[:, y, x] = 1.5 * np.tanh(0.5 * (patch @ bank + biases))
        energies = (
            local.reshape(-1) @ weights["fc3 weights 0"] + normed.reshape(-1) @ weights["fc3 weights 1"]
        )
        energies = np.exp(energies + weights["fc3 biases"][0])
        probabilities.append(energies / energies.sum())
    return np.array(probabilities)


def _pooled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    pooled = np.zeros((FILTERS, 6, 6))
    for y in range(6):
        for x in range(6):
            pooled[:, y, x] = values[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3].max(axis=(1, 2))
    return pooled


def _normed(values: NDArray[np.float64], constant: float) -> NDArray[np.float64]:
    normed = np.zeros_like(values)
    for number in range(FILTERS):
        near = values[max(0, number - 2) : number + 3]
        normed[number] = values[number] * (constant + 0.1 / 5 * (near**2).sum(axis=0)) ** -0.75
    return normed
