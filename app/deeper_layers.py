"""The kernels behind the first layer: what one filter of a later convolution reads, map by map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app.first_layer import FilterBlock, Kernels
from app.watchdog import errand
from archive import Archive


def deeper_layers(network: Mapping[str, Any]) -> list[str]:
    """The convolutions that read maps rather than pictures, in the order of the network."""
    return [
        str(layer["name"])
        for layer in network["layers"]
        if layer["type"] == "conv" and layer["name"] not in network["first_layers"] and layer["weights"]
    ]


def arrays_of(network: Mapping[str, Any], layer: str) -> list[str]:
    """Names of a layer's weight arrays, one for each of its inputs."""
    return sorted(_entry(network, layer)["weights"])


def filters_in(network: Mapping[str, Any], layer: str) -> int:
    """How many filters a layer has."""
    return int(_entry(network, layer)["output_shape"][0])


def unit_blocks(
    network: Mapping[str, Any], layer: str, arrays: Mapping[str, Kernels], unit: int
) -> list[FilterBlock]:
    """What filter `unit` of `layer` reads: a block an input, a kernel (1, K, K) a map of that input.

    `arrays` are those that `arrays_of` names, (F, C, K, K) each; with groups, C is what a filter reads.
    """
    columns = {entry["name"]: entry.get("column") for entry in network["layers"]}
    blocks: list[FilterBlock] = []
    for source, name in zip(_entry(network, layer)["inputs"], arrays_of(network, layer), strict=True):
        kernels = np.ascontiguousarray(arrays[name][unit][:, None])
        column = columns.get(source) if network["columns"] > 1 else None
        blocks.append(FilterBlock(str(source), column, kernels, blocks[-1].stop if blocks else 0))
    return blocks


def read_layer(path: Path, network: Mapping[str, Any], layer: str) -> dict[str, Kernels]:
    """Every weight array of a layer. Raises ArchiveError."""
    with errand("the weights of a later layer are read"), Archive(path) as archive:
        return {name: archive.weights(name) for name in arrays_of(network, layer)}


def _entry(network: Mapping[str, Any], layer: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(entry for entry in network["layers"] if entry["name"] == layer)
    return found
