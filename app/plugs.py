"""What can be switched off in a network, from its resolved definition. No Qt.

The rules are those by which the service computes (`reproduction.inside.lesions`): the layer that gathers the
votes of the columns, and what reads it, belongs to no column and stays connected to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.selected import Lesions


@dataclass(frozen=True)
class Plugs:
    """What a lever can do in one network.

    Attributes:
        columns: the columns that can be switched off; none where there is only one.
        layers: per column the layers that fall silent with it, in file order.
        cable: the connections that cross between columns: (source, reader).
        colour: whether the network reads colour.
    """

    columns: tuple[int, ...]
    layers: Mapping[int, tuple[str, ...]]
    cable: tuple[tuple[str, str], ...]
    colour: bool

    def silent(self, lesions: Lesions) -> frozenset[str]:
        """The layers of the columns that are off."""
        return frozenset(name for column in lesions.columns for name in self.layers.get(column, ()))

    def possible(self, lesions: Lesions) -> Lesions:
        """What of `lesions` means something in this network; single units are taken as they are."""
        columns = lesions.columns & frozenset(self.columns)
        return Lesions(columns, lesions.units, lesions.grey and self.colour, lesions.cut and bool(self.cable))


def plugs_of(network: Mapping[str, Any]) -> Plugs:
    """What can be switched off in a resolved network."""
    layers = {str(layer["name"]): layer for layer in network["layers"]}
    after = _after_columns(network, layers)
    columns = tuple(range(int(network["columns"]))) if network["columns"] > 1 else ()
    silent = {
        column: tuple(
            name
            for name, layer in layers.items()
            if layer.get("column") == column and name not in after and _answers(layer)
        )
        for column in columns
    }
    cable = tuple(
        (str(source), name)
        for name, layer in layers.items()
        if columns and layer.get("weights") and name not in after and layer.get("column") is not None
        for source in layer["inputs"]
        if layers[source].get("column") not in (None, layer["column"])
    )
    return Plugs(columns, silent, cable, int(network["image_shape"][0]) == 3)


def _answers(layer: Mapping[str, Any]) -> bool:
    return layer["type"] != "data" and not str(layer["type"]).startswith("cost")


def _after_columns(network: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The layer that gathers the votes of the columns, and all that read it."""
    gathers = str(network["probabilities"])
    while not layers[gathers].get("weights") and len(layers[gathers]["inputs"]) == 1:
        gathers = str(layers[gathers]["inputs"][0])
    names = {gathers}
    for name, layer in layers.items():
        if names.intersection(layer["inputs"]):
            names.add(name)
    return names
