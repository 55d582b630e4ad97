"""The way of a picture through a network: which layers are shown, in which lane, and where they stand.

From the resolved network alone. A stage of the drawing (`reproduction.definition.stages`) is one block here;
the probabilities stand for the layer that they are made from, so that the last block has words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QPointF, QRectF

from app.theme import TARGET_PX
from reproduction.definition.stages import is_picture, stages_of

PLACES = 5  # maps a block shows at most
GAP = 4  # between the tiles of a block
LINK, LONGEST_LINK = 13, 84  # room for the links between two blocks
PAD, SPACING = 10, 12  # inside a lane; between two lanes
LARGEST_TILE = 112
SMALLEST_PICTURE, LARGEST_PICTURE = 96, 280


@dataclass(frozen=True)
class FlowLayer:
    """One block. `reads` are the blocks that its layer gets its numbers from; "" is the picture."""

    name: str
    lane: int | None
    depth: int
    flat: bool
    words: bool  # its units are classes
    reads: tuple[str, ...]


def flow_of(network: Mapping[str, Any]) -> tuple[FlowLayer, ...]:
    """The blocks of a network from the picture on, which is not one of them."""
    stages = stages_of(network)
    heads = {stage.head["name"]: stage for stage in stages}
    owners = {slab["name"]: name for name, stage in heads.items() for slab in stage.slabs}
    layers = {layer["name"]: layer for layer in network["layers"]}

    def block(name: str) -> str | None:
        """The block that shows a layer: its own, or that of what passes it on; None for no block."""
        while name not in heads:
            name = owners.get(name) or next(iter(layers[name]["inputs"]), "")
            if name not in layers:
                return None
        return "" if is_picture(heads[name].head) else name

    found = []
    for name, stage in heads.items():
        if not is_picture(stage.head):
            reads = dict.fromkeys(block(source) for source in stage.head["inputs"])
            flat = len(stage.head["output_shape"]) == 1
            known = tuple(source for source in reads if source is not None)
            found.append(FlowLayer(name, stage.lane, stage.depth, flat, False, known))
    made = _with_words(found, layers, str(network["probabilities"]))
    if any(layer.words for layer in made):
        return made
    last = layers[str(network["probabilities"])]
    sources = tuple(source for source in map(block, last["inputs"]) if source is not None)
    depth = 1 + max((layer.depth for layer in made), default=-1)
    return (*made, FlowLayer(last["name"], None, depth, True, True, sources))


def _with_words(
    found: Sequence[FlowLayer], layers: Mapping[str, Any], probabilities: str
) -> tuple[FlowLayer, ...]:
    """The last block shown as probabilities; depths counted from 0 without holes."""
    last = layers[probabilities]
    depths = sorted({layer.depth for layer in found})
    made = []
    for layer in found:
        same = layer.name == probabilities or (
            list(last["inputs"]) == [layer.name]
            and list(last["output_shape"]) == list(layers[layer.name]["output_shape"])
        )
        named = replace(layer, depth=depths.index(layer.depth))
        made.append(replace(named, name=probabilities, words=True) if same else named)
    return tuple(made)


@dataclass(frozen=True)
class Link:
    """A line from one block to another; `column` None for one that belongs to no lane."""

    start: QPointF
    end: QPointF
    column: int | None
    crossing: bool


@dataclass(frozen=True)
class Plan:
    """Where everything stands, in pixels from the corner."""

    width: float
    height: float
    picture: QRectF
    lanes: tuple[tuple[int, QRectF], ...]
    captions: Mapping[str, QRectF]
    tiles: Mapping[tuple[str, int], QRectF]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Letters:
    """How high a line of text is, and how wide a text."""

    line: float
    advance: Callable[[str], float]
    widest_word: float  # room for the name of a class


def lay_out(layers: Sequence[FlowLayer], width: float, height: float, letters: Letters) -> Plan:
    """Blocks from left to right, as large as they fit; never smaller than a finger, so perhaps wider."""
    return _Layout(layers, width, height, letters).plan()


class _Layout:
    """The sizes that everything else follows from."""

    def __init__(self, layers: Sequence[FlowLayer], width: float, height: float, letters: Letters) -> None:
        self.layers, self.letters = layers, letters
        self.lanes = sorted({layer.lane for layer in layers if layer.lane is not None})
        self.slots = 1 + max((layer.depth for layer in layers), default=0)
        self.title = letters.line + 8 if self.lanes else 0
        count = max(1, len(self.lanes))
        self.lane_height = (height - SPACING * (count - 1)) / count
        self.smallest = max(TARGET_PX, 2 * letters.line + 14)
        inner = self.lane_height - self.title - letters.line - 2 * PAD
        self.rows = int(min(PLACES, max(1, (inner + GAP) // (self.smallest + GAP))))
        self.lane_height = max(self.lane_height, self.lane_height - inner + self.smallest)
        tall = max(self.smallest, (inner + GAP) / self.rows - GAP)
        self.tile = min(tall, LARGEST_TILE)
        self.picture = float(SMALLEST_PICTURE)
        room = width - self.picture - (self.slots + 1) * LINK - 2
        while self.tile > self.smallest and sum(self._widths()) > room:
            self.tile -= 1
        spare = max(0.0, room - sum(self._widths()))
        self.picture += min(spare / 2, LARGEST_PICTURE - SMALLEST_PICTURE, max(0.0, height - self.picture))
        spare -= self.picture - SMALLEST_PICTURE
        self.link = min(LONGEST_LINK, LINK + spare / (self.slots + 1))
        self.height = self.lane_height * count + SPACING * (count - 1)

    def _widths(self) -> list[float]:
        """The width of every place from left to right."""
        widths = [0.0] * self.slots
        for layer in self.layers:
            needed = max(self._tile_width(layer), self.letters.advance(layer.name))
            widths[layer.depth] = max(widths[layer.depth], needed)
        return widths

    def _tile_width(self, layer: FlowLayer) -> float:
        if layer.words:
            return self.letters.widest_word
        return max(self.smallest, self.letters.advance("0000 ")) if layer.flat else self.tile

    def plan(self) -> Plan:
        widths = self._widths()
        lefts = [self.picture + self.link * (place + 1) + sum(widths[:place]) for place in range(self.slots)]
        whole = lefts[-1] + widths[-1] + self.link / 2
        tiles: dict[tuple[str, int], QRectF] = {}
        captions: dict[str, QRectF] = {}
        for layer in self.layers:
            self._place(layer, lefts[layer.depth], widths[layer.depth], tiles, captions)
        picture = QRectF(1, (self.height - self.picture) / 2, self.picture - 2, self.picture - 2)
        left = self.picture + self.link / 2
        lanes = tuple(
            (lane, QRectF(left, self._top(lane), whole - left - 1, self.lane_height)) for lane in self.lanes
        )
        return Plan(whole, self.height, picture, lanes, captions, tiles, self._links(picture, tiles))

    def _top(self, lane: int) -> float:
        return self.lanes.index(lane) * (self.lane_height + SPACING)

    def _place(
        self,
        layer: FlowLayer,
        left: float,
        width: float,
        tiles: dict[tuple[str, int], QRectF],
        captions: dict[str, QRectF],
    ) -> None:
        """The tiles of one block below each other, in the middle of its lane or of all lanes."""
        line, across = self.letters.line, self._tile_width(layer)
        block = self.rows * (self.tile + GAP) - GAP + line
        if layer.lane is None:
            top = (self.height - block) / 2
        else:
            top = self._top(layer.lane) + self.title + (self.lane_height - self.title - block) / 2
        captions[layer.name] = QRectF(left, top, width, line)
        for place in range(self.rows):
            corner = left + (width - across) / 2, top + line + place * (self.tile + GAP)
            tiles[layer.name, place] = QRectF(*corner, across, self.tile)

    def _links(self, picture: QRectF, tiles: Mapping[tuple[str, int], QRectF]) -> tuple[Link, ...]:
        blocks = {
            layer.name: tiles[layer.name, 0].united(tiles[layer.name, self.rows - 1]) for layer in self.layers
        }
        lanes = {layer.name: layer.lane for layer in self.layers}
        links = []
        for layer in self.layers:
            for source in layer.reads:
                start, lane = blocks.get(source, picture), lanes.get(source)
                crossing = None not in (lane, layer.lane) and lane != layer.lane
                ends = (
                    QPointF(start.right(), start.center().y()),
                    QPointF(blocks[layer.name].left(), blocks[layer.name].center().y()),
                )
                links.append(Link(*ends, layer.lane, crossing))
        return tuple(links)
