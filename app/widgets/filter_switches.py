"""The first layer's filters as switches: a click, a tap, Return or the space bar turns one off and on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from app.filter_mosaic import MIDDLE, limit_of, tiles
from app.first_layer import FilterBlock, facts_of
from app.theme import column_name
from app.widgets.filter_card import describe
from app.widgets.tile_sheet import SheetBlock, TileSheet

FLAT = 0.2  # so much of its contrast a filter keeps that is off


class FilterSwitches(TileSheet):
    """Signal: switched(str, int): a filter, by layer and number within it, is to change its state."""

    switched = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self._filters: list[FilterBlock] = []
        self._off: frozenset[tuple[str, int]] = frozenset()
        self.setAccessibleName(self.tr("Filters of the first layer, to be switched off"))
        self.activated.connect(self._on_activated)
        self.shown.connect(self._describe)

    def show_filters(self, filters: list[FilterBlock], off: Collection[tuple[str, int]]) -> None:
        """Shows these filters; those that are `off` are flat and crossed out."""
        self._filters, self._off = filters, frozenset(off)
        limit = limit_of([block.kernels for block in filters])
        self.set_blocks([self._sheet_block(block, limit) for block in filters])
        if self.selection is not None:
            self._describe(self.selection)

    def _sheet_block(self, block: FilterBlock, limit: float) -> SheetBlock:
        numbers = tuple(range(block.start, block.stop))
        title = self.tr("{0} filters of {1}").format(len(block.kernels), block.layer)
        if block.column is not None:
            title = self.tr("{0}: {1}").format(column_name(block.column), title)
        shown = SheetBlock(title, block.column, tiles(block.kernels, limit), numbers)
        off = [place for place in range(len(numbers)) if (block.layer, place) in self._off]
        return replace(shown, tiles=crossed(shown.tiles, off)) if off else shown

    def _on_activated(self, number: int) -> None:
        fact = facts_of(self._filters, number)
        self.switched.emit(fact.layer, fact.index)

    def _describe(self, number: int) -> None:
        fact = facts_of(self._filters, number)
        off = (fact.layer, fact.index) in self._off
        state = self.tr("It is switched off.") if off else self.tr("It is on.")
        self.setAccessibleDescription(f"{state} {describe(fact)}")


def crossed(shown: NDArray[np.uint8], places: list[int]) -> NDArray[np.uint8]:
    """Tiles (F, h, w, 3) in which those at `places` are flat and bear a cross."""
    marked = shown.copy()
    marked[places] = np.rint(MIDDLE + FLAT * (marked[places] - MIDDLE)).astype(np.uint8)
    _, height, width, _ = shown.shape
    steps = np.arange(max(height, width))
    rows, columns = steps * height // len(steps), steps * width // len(steps)
    for place in places:
        marked[place, rows, columns] = marked[place, rows, width - 1 - columns] = 0
    return marked
