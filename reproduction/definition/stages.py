"""The layers that a drawing of a network shows, and in which order: what has weights, with what follows it.

Works on the resolved network (`Experiment.to_json()`), so that an archive is enough to draw from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Layer = Mapping[str, Any]

SLAB_PX = {  # thickness of what stands before the layer that it reads
    **dict.fromkeys(("pool", "cmpool"), 5.0),
    **dict.fromkeys(("rnorm", "cmrnorm", "cnorm", "hs", "dropout", "dropout2", "neuron"), 3.0),
    **dict.fromkeys(("blur", "nailbed", "resize", "rscale", "crop", "rgb2yuv", "rgb2lab"), 3.0),
}
FOLLOWERS = ("hs", "dropout", "dropout2", "neuron", "softmax")  # not drawn after a bar: as long as it is
COPIES = ("href", "pass")  # a layer's output on another GPU: not drawn, where it is one layer's


@dataclass(frozen=True)
class Stage:
    """A layer with weights (or the picture) and what follows it without weights, at one place of one lane."""

    head: Layer
    slabs: tuple[Layer, ...]
    depth: int
    lane: int | None


def is_flat(layer: Layer) -> bool:
    """Whether the output has no maps, only units."""
    return len(layer["output_shape"]) == 1


def stages_of(network: Mapping[str, Any]) -> list[Stage]:
    """The drawn layers, grouped; costs and the label input are left out."""
    heads: dict[str, Layer] = {}
    slabs: dict[str, list[Layer]] = {}
    head_of: dict[str, str] = {}
    depths: dict[str, int] = {}
    for layer in network["layers"]:
        name, inputs = layer["name"], [source for source in layer["inputs"] if source in head_of]
        sources = [head_of[source] for source in inputs]
        if len(inputs) == 1 and _stands_before(layer, inputs[0], heads[sources[0]], slabs[sources[0]]):
            slabs[sources[0]].append(layer)
            head_of[name] = sources[0]
        elif len(inputs) == 1 and _is_passed_on(layer):
            head_of[name] = sources[0]
        elif not layer["type"].startswith("cost") and (sources or is_picture(layer)):
            heads[name], slabs[name], head_of[name] = layer, [], name
            depths[name] = 1 + max((depths[source] for source in sources), default=-1)
    shared = {name: _lane(head, network["columns"]) is None for name, head in heads.items()}
    # What stands between the lanes has its place for itself, before those in the lanes.
    places = sorted({(depths[name], not shared[name]) for name in heads})
    return [
        Stage(
            head=head,
            slabs=tuple(slabs[name]),
            depth=places.index((depths[name], not shared[name])),
            lane=_lane(head, network["columns"]),
        )
        for name, head in heads.items()
    ]


def _lane(layer: Layer, columns: int) -> int | None:
    """The lane of a layer; None for what belongs to none or to all, and where there is one lane."""
    copies = layer.get("replicas") or ()
    column = layer.get("column")
    return None if columns == 1 or column is None or len(copies) > 1 else int(column)


def _stands_before(layer: Layer, source: str, head: Layer, slabs: Sequence[Layer]) -> bool:
    """Whether `layer` is drawn as a slab right before `source`, at the end of a stage."""
    last = slabs[-1] if slabs else head
    same_column = head["type"] == "data" or layer.get("column") == head.get("column")
    fits = layer["type"] in SLAB_PX and not is_flat(layer) and not is_flat(last)
    return fits and same_column and source == last["name"]


def _is_passed_on(layer: Layer) -> bool:
    """Whether a layer with one input is not drawn: a bar would be the same again."""
    return layer["type"] in COPIES or (layer["type"] in FOLLOWERS and is_flat(layer))


def is_picture(layer: Layer) -> bool:
    """Whether this is an input that carries the pictures."""
    return bool(layer["type"] == "data" and (len(layer["output_shape"]) == 3 or layer.get("data_index") == 0))
