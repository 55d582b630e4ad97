"""Filters as pictures: kernels become tiles of bytes, tiles become one mosaic. numpy alone, no Qt.

Letters: F filters, C channels, K kernel size, h and w the size of a tile in kernel pixels. Zero weight is
middle grey; the range is symmetric around zero, so brighter than grey is positive and darker negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Values = NDArray[np.floating]

MIDDLE = 127.5
FULL_ROWS = 1.15  # an arrangement without holes may draw its tiles smaller by this factor
FRACTIONS = {1 / 16: "1/16", 1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 3 / 4: "3/4"}


def limit_of(kernels: list[Values]) -> float:
    """The largest absolute weight of all these kernels: the common range is from minus this to plus this."""
    return max((float(np.abs(block).max()) for block in kernels if block.size), default=0.0)


def tiles(kernels: Values, limit: float | None = None, channel: int | None = None) -> Bytes:
    """Kernels (F, C, K, K) as tiles (F, h, w, 3).

    `limit` is the weight drawn as white (its negative as black); None gives every tile its own. `channel`
    shows one channel in grey; None shows three channels as red, green, blue, and any other count in grey
    side by side with a middle-grey line between them.
    """
    shown = kernels if channel is None else kernels[:, channel : channel + 1]
    weights = shown.astype(np.float32)
    if limit is None:
        limits = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    else:
        limits = np.full((1, 1, 1, 1), limit, np.float32)
    scaled = weights / np.where(limits > 0, limits, 1)
    grey_levels = (np.clip(scaled, -1, 1) * MIDDLE + MIDDLE).round().astype(np.uint8)
    if grey_levels.shape[1] == 3:
        return np.ascontiguousarray(grey_levels.transpose(0, 2, 3, 1))
    return np.repeat(_side_by_side(grey_levels)[..., None], 3, axis=3)


def _side_by_side(planes: Bytes) -> Bytes:
    """Channels (F, C, K, K) in one row, one pixel apart: (F, K, C * K + C - 1)."""
    count, channels, height, width = planes.shape
    row = np.full((count, height, channels * (width + 1) - 1), round(MIDDLE), np.uint8)
    for channel in range(channels):
        left = channel * (width + 1)
        row[:, :, left : left + width] = planes[:, channel]
    return row


@dataclass(frozen=True)
class Grid:
    """Where the tiles of one block lie, in device pixels from the block's corner."""

    count: int
    columns: int
    tile_width: int
    tile_height: int
    gap: int

    @property
    def rows(self) -> int:
        """Number of rows, the last perhaps not full."""
        return ceil(self.count / self.columns)

    @property
    def width(self) -> int:
        """Width of all tiles and the gaps between them."""
        return self.columns * (self.tile_width + self.gap) - self.gap

    @property
    def height(self) -> int:
        """Height of all tiles and the gaps between them."""
        return self.rows * (self.tile_height + self.gap) - self.gap

    def corner(self, place: int) -> tuple[int, int]:
        """Left and top of the tile at `place`."""
        row, column = divmod(place, self.columns)
        return column * (self.tile_width + self.gap), row * (self.tile_height + self.gap)

    def place_at(self, x: float, y: float) -> int | None:
        """The tile under a point; the gap belongs to its nearer neighbour's left and upper side."""
        column, row = int(x // (self.tile_width + self.gap)), int(y // (self.tile_height + self.gap))
        place = row * self.columns + column
        inside = x >= 0 and y >= 0 and column < self.columns and place < self.count
        return place if inside else None


def gap_of(tile_px: int) -> int:
    """Space between tiles of this size: a fourteenth, at least two pixels."""
    return max(2, round(tile_px / 14))


def best_grid(
    count: int, tile: tuple[int, int], width: int, height: int, largest_px: int = 10**6
) -> tuple[int, Grid]:
    """The arrangement of `count` tiles (w, h in kernel pixels) that draws them largest in width x height.

    Returns device pixels per kernel pixel (at least 1, even if that is too large) and the grid. A full last
    row is worth tiles a little smaller; of equally good arrangements the widest is taken.
    """
    best: tuple[tuple[bool, float, int], int, Grid] | None = None
    for columns in range(1, count + 1):
        rows = ceil(count / columns)
        scale = _scale_that_fits(columns, rows, tile, width, height, largest_px)
        across, down = scale * tile[0], scale * tile[1]
        grid = Grid(count, columns, across, down, _roomy_gap(columns, rows, (across, down), width, height))
        fits = grid.width <= width and grid.height <= height
        rank = (fits, scale * (FULL_ROWS if count % columns == 0 else 1), columns if fits else -columns)
        if best is None or rank > best[0]:
            best = rank, scale, grid
    return (1, Grid(0, 1, *tile, 0)) if best is None else best[1:]


def _roomy_gap(columns: int, rows: int, tile: tuple[int, int], width: int, height: int) -> int:
    """What is left of the room goes between the tiles, up to a sixth of a tile."""
    across = (width - columns * tile[0]) // max(1, columns - 1)
    down = (height - rows * tile[1]) // max(1, rows - 1)
    return max(gap_of(tile[1]), min(across, down, tile[1] // 6))


def _scale_that_fits(
    columns: int, rows: int, tile: tuple[int, int], width: int, height: int, largest_px: int
) -> int:
    tile_width, tile_height = tile
    scale = max(
        1, min(width // (columns * tile_width), height // (rows * tile_height), largest_px // tile_height)
    )
    while scale > 1:
        gap = gap_of(scale * tile_height)
        across = columns * (scale * tile_width + gap) - gap
        down = rows * (scale * tile_height + gap) - gap
        if across <= width and down <= height:
            break
        scale -= 1
    return scale


def mosaic(block: Bytes, grid: Grid, scale: int) -> Bytes:
    """Tiles (F, h, w, 3) on a grid, every kernel pixel a square of `scale` pixels: RGBA (H, W, 4).

    Between the tiles it is transparent. No smoothing: kernel pixels stay squares at any scale.
    """
    count, height, width, _ = block.shape
    opaque = np.zeros((grid.rows * grid.columns, height, width, 4), np.uint8)
    opaque[:count, ..., :3] = block
    opaque[:count, ..., 3] = 255
    enlarged = opaque.repeat(scale, axis=1).repeat(scale, axis=2)
    down, across = grid.tile_height + grid.gap, grid.tile_width + grid.gap
    cells = np.zeros((grid.rows, down, grid.columns, across, 4), np.uint8)
    cells[:, : grid.tile_height, :, : grid.tile_width] = enlarged.reshape(
        grid.rows, grid.columns, grid.tile_height, grid.tile_width, 4
    ).transpose(0, 2, 1, 3, 4)
    canvas = cells.reshape(grid.rows * down, grid.columns * across, 4)
    return np.ascontiguousarray(canvas[: grid.height, : grid.width])


def fraction_of(epoch: float) -> str:
    """An epoch as people say it: 0.0625 is "1/16", 3.0 is "3", 2.7183 is "2.72"."""
    if epoch in FRACTIONS:
        return FRACTIONS[epoch]
    return f"{epoch:.2f}".rstrip("0").rstrip(".")
