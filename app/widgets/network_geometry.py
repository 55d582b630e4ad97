"""Where everything in a drawing of a network stands: a pure function from the resolved network to shapes.

Layers follow each other from left to right; every column (GPU) has a lane. A convolutional layer's output is
a box: as high and as deep as its maps are, as thick as there are maps. A fully connected layer is a bar with
one unit of length per output. All boxes of one drawing have one scale; bars shrink together where they must.
No Qt here: the window and a vector file are painted from the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Layer = Mapping[str, Any]

MAPS_PER_SIDE = 3.0  # so many maps are as thick as one row of pixels is high
SLANT = (0.36, 0.26)  # a box's depth goes right and up by these parts of its side
BAR_PX = 14.0
SLAB_PX = {"pool": 5.0, "rnorm": 3.0, "cmrnorm": 3.0, "hs": 3.0, "dropout": 3.0}
SLAB_GAP_PX = 7.0
SMALLEST_PX = 4.0
LARGEST_SCALE = 8.0  # pixels on the screen per pixel of a map: beyond, small networks look coarse
SMALLEST_SCALE = 0.01
WORTH_OF_WORDS = 0.4  # of its possible size a drawing keeps at least this part when it gets captions
GAP_PX = 26.0
MARGIN_PX = 10.0


@dataclass(frozen=True)
class Type:
    """Size of the labels' letters in pixels."""

    letter_px: float
    line_px: float


@dataclass(frozen=True)
class Solid:
    """A layer's output: a front face and the way its depth goes (0 for bars)."""

    layer: str
    kind: str  # picture, box, slab, bar
    column: int | None
    x: float
    y: float
    width: float
    height: float
    depth_x: float
    depth_y: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width, height of all of it."""
        return self.x, self.y - self.depth_y, self.width + self.depth_x, self.height + self.depth_y


@dataclass(frozen=True)
class Link:
    """What one layer reads of another: from the right of the source to the left of the reader."""

    source: str
    reader: str
    column: int | None
    crosses: bool  # from one column to the other
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class Caption:
    """Lines of text, centred at `x`, the first one below `y`."""

    layer: str
    lines: tuple[str, ...]
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """A laid-out network. `scale`: pixels per pixel of a map; `bar_scale`: per unit of a bar."""

    width: float
    height: float
    scale: float
    bar_scale: float
    solids: tuple[Solid, ...]
    links: tuple[Link, ...]
    captions: tuple[Caption, ...]
    lanes: tuple[tuple[int, float, float], ...]  # when there are several: column, and where its name stands


@dataclass(frozen=True)
class Stage:
    """A layer with weights (or the picture) and what follows it without weights, at one place of one lane."""

    head: Layer
    slabs: tuple[Layer, ...]
    depth: int
    lane: int | None


def side_of(layer: Layer) -> int:
    """Height of a layer's maps; 1 for a flat output."""
    shape = layer["output_shape"]
    return int(shape[1]) if len(shape) == 3 else 1


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
        name, sources = layer["name"], [head_of[i] for i in layer["inputs"] if i in head_of]
        if layer["type"] in SLAB_PX and len(sources) == 1 and not is_flat(layer):
            slabs[sources[0]].append(layer)
            head_of[name] = sources[0]
        elif layer["type"] in ("hs", "dropout", "softmax") and len(sources) == 1:
            head_of[name] = sources[0]
        elif not layer["type"].startswith("cost") and (sources or is_picture(layer)):
            heads[name], slabs[name], head_of[name] = layer, [], name
            depths[name] = 1 + max((depths[source] for source in sources), default=-1)
    several = network["columns"] > 1
    return [
        Stage(head, tuple(slabs[name]), depths[name], head.get("column") if several else None)
        for name, head in heads.items()
    ]


def is_picture(layer: Layer) -> bool:
    """Whether this is the input that carries the pictures."""
    return bool(layer["type"] == "data" and len(layer["output_shape"]) == 3)


def lay_out(network: Mapping[str, Any], width: float, height: float, letters: Type) -> Drawing:
    """The largest drawing of `network` that fits into `width` x `height` pixels."""
    stages = stages_of(network)
    plans = [_Plan(network, stages, width, height, letters, lines) for lines in (0, 1, 2)]
    scales = [plan.largest_scale() for plan in plans]
    # Words are wanted as long as they do not make the drawing much smaller than it could be.
    worth = [place for place, scale in enumerate(scales) if scale >= WORTH_OF_WORDS * scales[0]]
    return plans[worth[-1]].draw(scales[worth[-1]])


class _Plan:
    """One attempt: sizes for a given scale, then positions."""

    def __init__(
        self,
        network: Mapping[str, Any],
        stages: list[Stage],
        width: float,
        height: float,
        letters: Type,
        caption_lines: int,
    ) -> None:
        self.network, self.stages, self.letters = network, stages, letters
        self.width, self.height = width, height
        self.caption_lines = caption_lines
        self.lane_count = int(network["columns"])
        self.slots = 1 + max((stage.depth for stage in stages), default=0)
        self.name_px = letters.line_px * 1.5 if self.lane_count > 1 else 0.0
        self.caption_px = (caption_lines + 0.5) * letters.line_px
        units = [int(stage.head["output_shape"][0]) for stage in stages if is_flat(stage.head)]
        self.most_units = max(units, default=1)

    @property
    def lane_height(self) -> float:
        """What a lane has for its solids, beside captions and its name."""
        return (self.height - 2 * MARGIN_PX) / self.lane_count - self.caption_px - self.name_px

    def bar_scale(self, scale: float) -> float:
        """Pixels per unit of a bar: the boxes' scale, or less when the longest would not fit."""
        return min(scale, self.lane_height * 0.8 / self.most_units)

    def caption(self, stage: Stage) -> tuple[str, ...]:
        """The text under a stage."""
        shape = "×".join(str(size) for size in stage.head["output_shape"])
        return (str(stage.head["name"]), shape)[: self.caption_lines]

    def solid_size(self, layer: Layer, scale: float) -> tuple[float, float, float]:
        """Width, height and side in pixels of a layer's front face."""
        if is_flat(layer):
            return BAR_PX, max(SMALLEST_PX, layer["output_shape"][0] * self.bar_scale(scale)), 0.0
        side = max(SMALLEST_PX, side_of(layer) * scale)
        thick = SLAB_PX.get(layer["type"], layer["output_shape"][0] * scale / MAPS_PER_SIDE)
        return max(2.0, thick), side, side

    def stage_size(self, stage: Stage, scale: float) -> tuple[float, float]:
        """Width and height of a stage with its slabs."""
        width, height, side = self.solid_size(stage.head, scale)
        width, height = width + side * SLANT[0], height + side * SLANT[1]
        for slab in stage.slabs:
            width += SLAB_GAP_PX + self.solid_size(slab, scale)[0]
        return width, height

    def slot_widths(self, scale: float) -> list[float]:
        """Width of each place from left to right: the widest stage or caption there."""
        widths = [0.0] * self.slots
        for stage in self.stages:
            text = max((len(line) for line in self.caption(stage)), default=0) * self.letters.letter_px
            widths[stage.depth] = max(widths[stage.depth], self.stage_size(stage, scale)[0], text)
        return widths

    def cells(self) -> dict[tuple[int, int | None], list[Stage]]:
        """The stages at each place of each lane, from above."""
        cells: dict[tuple[int, int | None], list[Stage]] = {}
        for stage in self.stages:
            cells.setdefault((stage.depth, stage.lane), []).append(stage)
        return cells

    def fits(self, scale: float) -> bool:
        """Whether everything has room at that scale."""
        total = sum(self.slot_widths(scale)) + GAP_PX * (self.slots - 1) + 2 * MARGIN_PX
        if total > self.width:
            return False
        for (_, lane), stages in self.cells().items():
            need = sum(self.stage_size(stage, scale)[1] + self.caption_px for stage in stages)
            whole = lane is None or self.lane_count == 1
            if need > (self.height - 2 * MARGIN_PX if whole else self.lane_height + self.caption_px):
                return False
        return True

    def largest_scale(self) -> float:
        """By halving the interval: fitting is monotonic in the scale."""
        low, high = SMALLEST_SCALE, LARGEST_SCALE
        for _ in range(16):
            middle = (low + high) / 2
            low, high = (middle, high) if self.fits(middle) else (low, middle)
        return low

    def draw(self, scale: float) -> Drawing:
        """Positions of everything at that scale, centred in the given room."""
        widths = self.slot_widths(scale)
        used = sum(widths) + 2 * MARGIN_PX
        gap = min(3 * GAP_PX, (self.width - used) / max(1, self.slots - 1))
        left = (self.width - used - gap * (self.slots - 1)) / 2 + MARGIN_PX
        lefts = [left + sum(widths[:slot]) + gap * slot for slot in range(self.slots)]
        solids: list[Solid] = []
        captions: list[Caption] = []
        for (slot, lane), stages in self.cells().items():
            heights = [self.stage_size(stage, scale)[1] + self.caption_px for stage in stages]
            top = self._centre(lane) - sum(heights) / 2
            for stage, height in zip(stages, heights, strict=True):
                width = self.stage_size(stage, scale)[0]
                x = lefts[slot] + (widths[slot] - width) / 2
                bottom = top + height - self.caption_px
                solids += self._place(stage, x, bottom, scale)
                caption = self.caption(stage)
                captions.append(Caption(stage.head["name"], caption, lefts[slot] + widths[slot] / 2, bottom))
                top += height
        lanes = []
        for lane in range(self.lane_count if self.lane_count > 1 else 0):
            x = min((solid.x for solid in solids if solid.column == lane), default=MARGIN_PX)
            lanes.append((lane, x, self._lane_top(lane)))
        links = self._links({solid.layer: solid for solid in solids})
        return Drawing(
            width=self.width,
            height=self.height,
            scale=scale,
            bar_scale=self.bar_scale(scale),
            solids=tuple(solids),
            links=tuple(links),
            captions=tuple(captions),
            lanes=tuple(lanes),
        )

    def _lane_top(self, lane: int) -> float:
        return MARGIN_PX + lane * (self.height - 2 * MARGIN_PX) / self.lane_count

    def _centre(self, lane: int | None) -> float:
        """The middle of a lane's solids and captions; of all lanes for what belongs to none."""
        if lane is None or self.lane_count == 1:
            return self.height / 2
        top = self._lane_top(lane) + self.name_px
        return top + (self.lane_height + self.caption_px) / 2

    def _place(self, stage: Stage, x: float, bottom: float, scale: float) -> list[Solid]:
        """The solids of one stage on one axis: what follows the head stands before its right face."""
        width, height, side = self.solid_size(stage.head, scale)
        kind = "picture" if is_picture(stage.head) else "bar" if is_flat(stage.head) else "box"
        column = None if kind == "picture" else stage.lane if self.lane_count > 1 else 0
        head = Solid(
            stage.head["name"],
            kind,
            column,
            x,
            bottom - height,
            width,
            height,
            side * SLANT[0],
            side * SLANT[1],
        )
        axis_x, axis_y = head.depth_x / 2, bottom - height / 2 - head.depth_y / 2
        placed, x = [head], x + width
        for slab in stage.slabs:
            thick, slab_height, slab_side = self.solid_size(slab, scale)
            depth_x, depth_y = slab_side * SLANT[0], slab_side * SLANT[1]
            left, top = x + SLAB_GAP_PX + axis_x - depth_x / 2, axis_y + depth_y / 2 - slab_height / 2
            placed.append(
                Solid(slab["name"], "slab", column, left, top, thick, slab_height, depth_x, depth_y)
            )
            x += SLAB_GAP_PX + thick
        return placed

    def _links(self, solids: Mapping[str, Solid]) -> list[Link]:
        """One link per input that is drawn; what a flat follower passes on comes from its bar."""
        drawn = dict(solids)
        links = []
        for layer in self.network["layers"]:
            name, inputs = layer["name"], [source for source in layer["inputs"] if source in drawn]
            if name not in solids:
                if len(inputs) == 1:
                    drawn[name] = drawn[inputs[0]]
            elif solids[name].kind != "slab":  # a slab stands before what it reads
                links += [_link(drawn[source], solids[name]) for source in inputs]
        return links


def _link(source: Solid, reader: Solid) -> Link:
    columns = {source.column, reader.column}
    return Link(
        source=source.layer,
        reader=reader.layer,
        column=reader.column,
        crosses=None not in columns and len(columns) == 2,
        start=(source.x + source.width + source.depth_x / 2, source.y + (source.height - source.depth_y) / 2),
        end=(reader.x, reader.y + reader.height / 2),
    )
