"""The first layer at one moment of the training: all kernels in one common contrast, a block per column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.filter_mosaic import best_grid, limit_of, mosaic, tiles
from app.first_layer import FilterBlock, blocks_of
from app.pixels import draw_pixels
from app.theme import column_pen
from app.widgets.tile_sheet import image_of

FRAME_PX = 8.0
APART_PX = 10.0
SMALLEST_PX = 150
Kernels = Mapping[str, NDArray[np.float32]]


class FilterFilm(QWidget):
    """One contrast for the whole film, that of the trained weights, so that no moment flashes."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[FilterBlock] = []
        self._limit = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_kernels(self, network: Mapping[str, Any], shown: Kernels, trained: Kernels) -> None:
        """Draws the first layers `shown`; `trained` are their weights as they are now."""
        self.blocks = blocks_of(network, shown)
        self._limit = limit_of([block.kernels for block in blocks_of(network, trained)])
        self.update()

    def clear(self) -> None:
        """Draws nothing."""
        self.blocks = []
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(SMALLEST_PX, SMALLEST_PX)

    def paint(self, painter: QPainter, box: QRectF, ratio: float = 1.0) -> None:
        """Draws the blocks one below the other into `box`, each framed in its column's line."""
        if not self.blocks:
            return
        height = (box.height() - APART_PX * (len(self.blocks) - 1)) / len(self.blocks)
        for place, block in enumerate(self.blocks):
            top = box.top() + place * (height + APART_PX)
            self._paint_block(painter, block, QRectF(box.left(), top, box.width(), height), ratio)

    def _paint_block(self, painter: QPainter, block: FilterBlock, box: QRectF, ratio: float) -> None:
        drawn = tiles(block.kernels, self._limit)
        count, tile_height, tile_width, _ = drawn.shape
        room = box.adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
        across, down = (max(1, round(side * ratio)) for side in (room.width(), room.height()))
        scale, grid = best_grid(count, (tile_width, tile_height), across, down)
        image = image_of(mosaic(drawn, grid, scale))
        factor = min(1.0, across / grid.width, down / grid.height) / ratio
        width, height = factor * grid.width, factor * grid.height
        frame = QRectF(0, 0, width + 2 * FRAME_PX, height + 2 * FRAME_PX)
        frame.moveCenter(box.center())
        painter.setPen(column_pen(block.column))
        painter.drawRect(frame.adjusted(1, 1, -1, -1))
        draw_pixels(painter, frame.adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX), image)

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.paint(QPainter(self), QRectF(self.rect()), self.devicePixelRatioF())
