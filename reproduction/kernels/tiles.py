"""How `chain.cu` cuts a chain of stages into tiles: which places each stage needs for a tile, how many fit.

A tile lies in the result; backward, in the gradient at the input. What it needs of a stage is a box of places:
ranges of rows, of columns and of channels, which are found apart. Boxes may reach beyond the picture, where
values are 0. All is known when the kernel is compiled and handed over as macros.
Level k is what lies before stage k; the last level is the result.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from reproduction.kernels.stages import NORMS, PICKING_POOLS, POOLS, Kind, Stage

Range = tuple[int, int]  # first place and the one after the last
Shape = tuple[int, int, int]  # rows, columns, channels

ELEMENTWISE = {Kind.BIAS, Kind.RELU, Kind.DROPOUT}
THREADS = 256
LARGEST_NORM = 32  # the kernel unrolls its loops over neighbours
FLOAT_BYTES = 4
# What a tile costs beside its places, in places: it starts, and its threads wait for each other.
TILE_COST = 2048


@dataclass(frozen=True)
class Needs:
    """Ranges that one tile needs on one axis, by level or stage; None where it needs none."""

    values: tuple[Range | None, ...]
    measured: tuple[Range | None, ...]
    gradients: tuple[Range | None, ...]

    @property
    def ranges(self) -> tuple[Range | None, ...]:
        """In the order of the boxes of `chain.cu`."""
        return self.values + self.measured + self.gradients


@dataclass(frozen=True)
class Cut:
    """One axis cut into tiles: what each of them needs, and the largest that any needs of each box."""

    tiles: tuple[Needs, ...]
    extents: tuple[int, ...]


@dataclass(frozen=True)
class Tiling:
    """All that `chain.cu` is compiled with but the type of the values."""

    stages: tuple[Stage, ...]
    shape: Shape
    backward: bool
    cuts: tuple[Cut, Cut, Cut]

    @property
    def tiles(self) -> Shape:
        """How many tiles there are on each axis."""
        rows, columns, channels = (len(cut.tiles) for cut in self.cuts)
        return rows, columns, channels

    @property
    def tile(self) -> Shape:
        """Size of a tile."""
        rows, columns, channels = (cut.extents[self._tile_box] for cut in self.cuts)
        return rows, columns, channels

    @property
    def _tile_box(self) -> int:
        return 2 * len(self.stages) + 1 if self.backward else len(self.stages)

    def floats_of(self, box: int) -> int:
        """How many places `box` has."""
        rows, columns, channels = (cut.extents[box] for cut in self.cuts)
        return rows * columns * channels

    @property
    def places(self) -> int:
        """How many values a block computes for its tile; elementwise stages cost next to nothing."""
        count = len(self.stages)
        apart = [0, *(k + 1 for k in range(count) if self.stages[k].kind not in ELEMENTWISE)]
        measured = range(count + 1, 2 * count + 1)
        boxes = [*apart, *measured, *(2 * count + 1 + level for level in apart)]
        return sum(self.floats_of(box) for box in boxes)

    @property
    def memory(self) -> tuple[list[int], list[int], int]:
        """Where each box of values begins, where the two buffers of gradients do, and floats in all."""
        return self._backward_memory() if self.backward else self._forward_memory()

    def _forward_memory(self) -> tuple[list[int], list[int], int]:
        """Values go back and forth between two buffers; what is measured has a third."""
        count = len(self.stages)
        kept = [k for k in range(count) if self.stages[k].kind not in ELEMENTWISE]
        sizes = [max((self.floats_of(k) for k in kept[start::2]), default=0) for start in (0, 1)]
        offsets = [-1] * (2 * count + 1)
        for place, k in enumerate(kept):
            offsets[k] = 0 if place % 2 == 0 else sizes[0]
        measured = [self.floats_of(count + 1 + k) for k in range(count)]
        for k in range(count):
            offsets[count + 1 + k] = sum(sizes) if measured[k] else -1
        return offsets, [0, 0], sum(sizes) + max(measured)

    def _backward_memory(self) -> tuple[list[int], list[int], int]:
        """All values stay until the gradients come back to them."""
        count, at = len(self.stages), 0
        offsets = [-1] * (2 * count + 1)
        for box in range(2 * count + 1):
            moves_on = box < count and self.stages[box].kind in {Kind.BIAS, Kind.RELU}
            if self.floats_of(box) and not moves_on:
                offsets[box] = at
                at += self.floats_of(box)
        largest = max(self.floats_of(2 * count + 1 + level) for level in range(count + 1))
        return offsets, [at, at + largest], at + 2 * largest

    @property
    def shared_bytes(self) -> int:
        """Shared memory of a block."""
        return self.memory[2] * FLOAT_BYTES

    @property
    def threads(self) -> int:
        """How many threads a block has."""
        return THREADS

    @property
    def sum_parts(self) -> int:
        """Into how many parts the kernel divides its sums for the biases."""
        return THREADS // self.tile[2]

    def options(self, scalar: str) -> list[str]:
        """What `chain.cu` is compiled with."""
        offsets, gradients, _ = self.memory
        boxes = range(3 * len(self.stages) + 2)
        rows_at, columns_at, channels_at = (_origins(cut) for cut in self.cuts)
        rows, columns, channels = self.shape
        macros = {
            "SCALAR": scalar,
            "BACKWARD": int(self.backward),
            "THREADS": THREADS,
            "COUNT": len(self.stages),
            "STAGES": _braces([_written(stage) for stage in self.stages]),
            "ROWS": rows,
            "COLUMNS": columns,
            "CHANNELS": channels,
            "EXTENTS": _braces([_braces([cut.extents[box] for cut in self.cuts]) for box in boxes]),
            "ROW_ORIGINS": rows_at,
            "COLUMN_ORIGINS": columns_at,
            "CHANNEL_ORIGINS": channels_at,
            "TILES": _braces(self.tiles),
            "OFFSETS": _braces(offsets),
            "GRADIENT_OFFSETS": _braces(gradients),
        }
        # Nothing is contracted but where the source says so: forward and backward make the same values.
        return ["-fmad=false", *(f"-D{name}={value}" for name, value in macros.items())]


def _braces(values: Sequence[object]) -> str:
    return "{" + ",".join(str(value) for value in values) + "}"


def _origins(cut: Cut) -> str:
    """The first place of every box, tile by tile."""
    return _braces([_braces([0 if r is None else r[0] for r in needs.ranges]) for needs in cut.tiles])


def _written(stage: Stage) -> str:
    numbers = [f"(float){value!r}" for value in (stage.alpha, stage.power, stage.constant)]
    return _braces([int(stage.kind), stage.size, stage.stride, stage.start, stage.outputs, *numbers])


@lru_cache(maxsize=256)
def tiling(stages: tuple[Stage, ...], shape: Shape, backward: bool, limit_bytes: int) -> Tiling | None:
    """The tiling with the least to compute, where one fits into `limit_bytes` of shared memory; else None."""
    if any(stage.kind in NORMS and stage.size > LARGEST_NORM for stage in stages):
        return None
    sides = shape if backward else _result(stages, shape)
    rows, columns, channels = (
        [_cut(stages, shape[axis], axis == 2, size, backward) for size in _sizes(sides[axis], axis == 2)]
        for axis in range(3)
    )
    best, least = None, float("inf")
    for chosen in itertools.product(rows, columns, channels):
        candidate = Tiling(stages, shape, backward, chosen)
        used = candidate.shared_bytes
        if used > limit_bytes:
            continue
        # Blocks that take much shared memory leave few threads to hide each other's waiting.
        cost = math.prod(candidate.tiles) * (candidate.places + TILE_COST) * (1 + used / limit_bytes)
        if cost < least:
            best, least = candidate, cost
    return best


def _result(stages: Sequence[Stage], shape: Shape) -> Shape:
    rows, columns, channels = shape
    for stage in stages:
        if stage.kind in POOLS:
            rows = columns = stage.outputs
    return rows, columns, channels


def _sizes(side: int, across: bool) -> list[int]:
    """Sizes of tiles to be tried; of channels a block has no more than threads."""
    if across:
        return sorted({min(side, size) for size in (8, 16, 32, 64, 128, 256)})
    parts = {-(-side // n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 20, 28)}
    return sorted(part for part in parts if part <= 32)


def _cut(stages: tuple[Stage, ...], side: int, across: bool, size: int, backward: bool) -> Cut:
    """One axis, of channels if `across`, cut into tiles of `size`."""
    end = side if backward or across else _result(stages, (side, side, side))[0]
    needs = _needs_backward if backward else _needs_forward
    tiles = tuple(needs(stages, side, across, (at, at + size)) for at in range(0, end, size))
    extents = tuple(max(_length(r) for r in same) for same in zip(*(t.ranges for t in tiles), strict=True))
    return Cut(tiles, extents)


def _length(r: Range | None) -> int:
    return 0 if r is None else r[1] - r[0]


def _needs_forward(stages: Sequence[Stage], side: int, across: bool, tile: Range) -> Needs:
    count = len(stages)
    values: list[Range | None] = [None] * count + [tile]
    measured: list[Range | None] = [None] * count
    sides = _sides(stages, side, across)
    for k in reversed(range(count)):
        _add_inputs(stages[k], k, values, measured, sides[k], across)
    return Needs(tuple(values), tuple(measured), (None,) * (count + 1))


def _needs_backward(stages: Sequence[Stage], side: int, across: bool, tile: Range) -> Needs:
    count = len(stages)
    sides = _sides(stages, side, across)
    gradients: list[Range] = [tile]
    for k, stage in enumerate(stages):
        gradients.append(_receivers(stage, gradients[k], across, sides[k + 1]))
    values: list[Range | None] = [None] * (count + 1)
    measured: list[Range | None] = [None] * count
    for k in reversed(range(count)):
        kind, behind = stages[k].kind, gradients[k + 1]
        made_again = all(stage.kind in ELEMENTWISE for stage in stages[:k])
        if kind in PICKING_POOLS or (kind is Kind.RELU and not made_again):
            values[k + 1] = _hull(values[k + 1], behind)
        _add_inputs(stages[k], k, values, measured, sides[k], across)
        if kind in PICKING_POOLS:
            values[k] = _hull(values[k], gradients[k])
        if kind is Kind.CONTRAST:
            measured[k] = _hull(measured[k], _neighbours(stages[k], behind, across))
            values[k] = _hull(values[k], _neighbours(stages[k], measured[k], across))
        elif kind in NORMS:
            values[k] = _hull(values[k], _neighbours(stages[k], behind, across))
    return Needs(tuple(values), tuple(measured), tuple(gradients))


def _add_inputs(
    stage: Stage,
    k: int,
    values: list[Range | None],
    measured: list[Range | None],
    side: int,
    across: bool,
) -> None:
    """What stage k reads to make the values that are needed of it."""
    made = values[k + 1]
    if made is None:
        return
    if stage.kind is Kind.CONTRAST:
        made = measured[k] = _neighbours(stage, made, across)
    values[k] = _neighbours(stage, made, across)
    if stage.kind in POOLS and not across:
        first = max(0, stage.start + made[0] * stage.stride)
        last = min(side, stage.start + (made[1] - 1) * stage.stride + stage.size)
        values[k] = first, max(first + 1, last)


def _neighbours(stage: Stage, made: Range | None, across: bool) -> Range:
    """The places that the sums of a norm at the places `made` are over."""
    assert made is not None
    first, end = made
    if not _reaches(stage, across):
        return made
    if stage.kind is Kind.BLOCKED:
        return first // stage.size * stage.size, -(-end // stage.size) * stage.size
    below = stage.size // 2
    return first - below, end + stage.size - 1 - below


def _reaches(stage: Stage, across: bool) -> bool:
    """Whether a stage sums over neighbours on this axis."""
    return stage.kind in (_ACROSS if across else _WITHIN)


_ACROSS, _WITHIN = {Kind.ACROSS, Kind.BLOCKED}, {Kind.WITHIN, Kind.CONTRAST}


def _receivers(stage: Stage, made: Range, across: bool, side: int) -> Range:
    """The places after a stage, on an axis of `side`, whose gradients reach the places `made` before it."""
    first, end = made
    if stage.kind in POOLS and not across:
        first = max(0, (first - stage.start - stage.size) // stage.stride + 1)
        end = min(side, (end - 1 - stage.start) // stage.stride + 1)
        return first, max(first + 1, end)
    if stage.kind is Kind.BLOCKED or not _reaches(stage, across):
        return _neighbours(stage, made, across)
    below = stage.size // 2
    return first - (stage.size - 1 - below), end + below


def _sides(stages: Sequence[Stage], side: int, across: bool) -> list[int]:
    """Places on an axis at every level."""
    sides = [side]
    for stage in stages:
        sides.append(stage.outputs if stage.kind in POOLS and not across else sides[-1])
    return sides


def _hull(one: Range | None, other: Range) -> Range:
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))
