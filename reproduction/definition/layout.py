"""Where everything in a drawing of a network stands: a pure function from the resolved network to shapes.

Layers follow each other from left to right; every column (GPU) has a lane. A convolutional layer's output is
a box: as high and as deep as its maps are, as thick as there are maps. A fully connected layer is a bar with
one unit of length per output. All boxes of one drawing have one scale; bars shrink together where they must.
What every GPU holds a copy of, and what belongs to none, stands between the lanes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reproduction.definition.stages import SLAB_PX, Layer, Stage, is_flat, is_picture, stages_of

Point = tuple[float, float]

MAPS_PER_SIDE = 3.0  # so many maps are as thick as one row of pixels is high
SLANT = (0.36, 0.26)  # a box's depth goes right and up by these parts of its side
BAR_PX = 14.0
SLAB_GAP_PX = 7.0
SMALLEST_PX = 4.0
LARGEST_SCALE = 8.0  # pixels on the screen per pixel of a map: beyond, small networks look coarse
SMALLEST_SCALE = 0.01
WORTH_OF_WORDS = 0.4  # of its possible size a drawing keeps at least this part when it gets captions
GAP_PX = 26.0  # smallest gap between two places
CLEARANCE_PX = 9.0  # between a layer and a link that goes around it
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
    """What one layer reads of another: from the right of the source to the left of the reader.

    `way`: points between, where it goes around layers. `in_front`: it begins visibly before other layers.
    """

    source: str
    reader: str
    column: int | None
    crosses: bool  # from one column to the other
    start: Point
    end: Point
    way: tuple[Point, ...] = ()
    in_front: bool = False


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
    letter_px: float  # about a letter's width
    line_px: float  # height of a line of text
    scale: float
    bar_scale: float
    solids: tuple[Solid, ...]
    links: tuple[Link, ...]
    captions: tuple[Caption, ...]
    lanes: tuple[tuple[int, float, float], ...]  # when there are several: column, and where its name stands


def side_of(layer: Layer) -> int:
    """Height of a layer's maps; 1 for a flat output."""
    shape = layer["output_shape"]
    return int(shape[1]) if len(shape) == 3 else 1


def lay_out(
    network: Mapping[str, Any], width: float, height: float, letters: Type, gap_px: float = GAP_PX
) -> Drawing:
    """The largest drawing of `network` that fits into `width` x `height` pixels with such gaps or wider."""
    stages = stages_of(network)
    plans = [_Plan(network, stages, width, height, letters, gap_px, lines) for lines in (0, 1, 2)]
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
        gap_px: float,
        caption_lines: int,
    ) -> None:
        self.network, self.stages, self.letters = network, stages, letters
        self.width, self.height = width, height
        self.gap_px, self.caption_lines = gap_px, caption_lines
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
        total = sum(self.slot_widths(scale)) + self.gap_px * (self.slots - 1) + 2 * MARGIN_PX
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
        gap = min(3 * self.gap_px, (self.width - used) / max(1, self.slots - 1))
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
        links = self._links(solids, captions)
        return Drawing(
            width=self.width,
            height=self.height,
            letter_px=self.letters.letter_px,
            line_px=self.letters.line_px,
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
        kind = "bar" if is_flat(stage.head) else "picture" if is_picture(stage.head) else "box"
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

    def _links(self, solids: Sequence[Solid], captions: Sequence[Caption]) -> list[Link]:
        """One link per input that is drawn; what a flat follower passes on comes from its bar."""
        places = {solid.layer: solid for solid in solids}
        drawn = dict(places)
        pictures = {slab["name"] for stage in self.stages if is_picture(stage.head) for slab in stage.slabs}
        links = []
        for layer in self.network["layers"]:
            name, inputs = layer["name"], [source for source in layer["inputs"] if source in drawn]
            if name not in places:
                if len(inputs) == 1:
                    drawn[name] = drawn[inputs[0]]
            elif places[name].kind != "slab":  # a slab stands before what it reads
                links += [_link(drawn[source], places[name], pictures) for source in inputs]
        blocks = self._blocks(places, captions)
        return [_around(link, blocks) for link in links]

    def _blocks(self, places: Mapping[str, Solid], captions: Sequence[Caption]) -> list[Block]:
        """What a link that passes a stage has to avoid: the stage's solids with their caption."""
        lines = {caption.layer: caption.y + self.caption_px for caption in captions}
        blocks = []
        for stage in self.stages:
            names = [stage.head["name"], *(slab["name"] for slab in stage.slabs)]
            corners = [places[name].bounds for name in names]
            left, top = min(corner[0] for corner in corners), min(corner[1] for corner in corners)
            right = max(x + width for x, _, width, _ in corners)
            bottom = max([lines[names[0]], *(y + height for _, y, _, height in corners)])
            blocks.append(Block(frozenset(names), left, top, right, bottom))
        return blocks


@dataclass(frozen=True)
class Block:
    """The outline of a stage."""

    names: frozenset[str]
    left: float
    top: float
    right: float
    bottom: float


def _link(source: Solid, reader: Solid, pictures: Collection[str]) -> Link:
    columns = {source.column, reader.column}
    return Link(
        source=source.layer,
        reader=reader.layer,
        column=reader.column,
        crosses=None not in columns and len(columns) == 2,
        start=(source.x + source.width + source.depth_x / 2, source.y + (source.height - source.depth_y) / 2),
        end=(reader.x, reader.y + reader.height / 2),
        in_front=source.layer in pictures,
    )


def _around(link: Link, blocks: Sequence[Block]) -> Link:
    """The link, led above or below the first stage in its way, whichever is the shorter way."""
    (x, y), (end_x, end_y) = link.start, link.end
    for block in blocks:
        between = x < block.left and block.right < end_x and not {link.source, link.reader} & block.names
        if between and any(block.top < height < block.bottom for height in _heights(link, block)):
            above, below = block.top - CLEARANCE_PX, block.bottom + CLEARANCE_PX
            passing = min(above, below, key=lambda height: abs(y - height) + abs(end_y - height))
            return replace(link, way=((block.left, passing), (block.right, passing)))
    return link


def _heights(link: Link, block: Block) -> Iterator[float]:
    """Where a link would be at the left, in the middle and at the right of a stage; it swings like an S."""
    (x, y), (end_x, end_y) = link.start, link.end
    for at in (block.left, (block.left + block.right) / 2, block.right):
        part = (at - x) / (end_x - x)
        yield y + (end_y - y) * part * part * (3 - 2 * part)
