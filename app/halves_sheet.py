"""The filters of a first layer in two groups, each with its most notable filters first, as tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.filter_mosaic import MIDDLE, Bytes, limit_of, tiles
from app.widgets.tile_sheet import SheetBlock
from reproduction.analysis.comparison import Labels
from reproduction.analysis.first_layers import Block
from reproduction.analysis.patterns import Values


def sheet_of(
    blocks: Sequence[Block],
    labels: Labels,
    values: Values | None,
    titles: tuple[str, str],
    columns: tuple[int | None, int | None],
) -> list[SheetBlock]:
    """Two blocks of tiles with one contrast for all; `labels` (F,) say which filter is in which, or in none.

    The largest of `values` (F,) come first, filters without a value last; None leaves the file's order.
    """
    pixels = all_tiles(blocks)
    shown = []
    for side in (0, 1):
        numbers = np.flatnonzero(labels == side)
        if values is not None:
            numbers = numbers[np.argsort(-np.nan_to_num(values[numbers], nan=-np.inf), kind="stable")]
        order = tuple(int(number) for number in numbers)
        shown.append(SheetBlock(titles[side], columns[side], pixels[numbers], order))
    return [block for block in shown if block.numbers]


def all_tiles(blocks: Sequence[Block]) -> Bytes:
    """Tiles (F, h, w, 3) of all filters in file order; smaller ones have a grey edge."""
    limit = limit_of([block.kernels for block in blocks])
    parts = [tiles(block.kernels, limit) for block in blocks]
    height, width = (max(part.shape[side] for part in parts) for side in (1, 2))
    padded = []
    for part in parts:
        down, across = height - part.shape[1], width - part.shape[2]
        edges = ((0, 0), (down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0))
        padded.append(np.pad(part, edges, constant_values=round(MIDDLE)))
    return np.concatenate(padded)
