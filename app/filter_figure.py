"""The sheet of filters as it goes on paper: frames, titles, tiles.

It is laid out on its own, as in the paper's Figure 3 (rows of 16), and does not depend on the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter

from app.filter_mosaic import Grid, gap_of, mosaic
from app.pixels import draw_pixels
from app.theme import column_pen, current
from app.widgets.tile_sheet import SheetBlock, image_of

ACROSS = 16  # tiles a row
TILE_PX = 44  # about this high at scale 1
MARGIN = 16
TITLE, TITLE_PX = 26, 14  # height of a line of text, and of its letters


@dataclass(frozen=True)
class _Part:
    """A block in its place, in units of scale 1."""

    block: SheetBlock
    frame: QRectF
    tiles: QRectF
    image: QImage


def figure_size(blocks: Sequence[SheetBlock]) -> tuple[float, float]:
    """Natural width and height."""
    return _size(_parts(blocks))


def paint_figure(painter: QPainter, blocks: Sequence[SheetBlock], box: QRectF) -> None:
    """Draws the blocks as large as they fit into `box`, at the top and in the middle."""
    parts = _parts(blocks)
    width, height = _size(parts)
    factor = min(box.width() / width, box.height() / height)
    painter.translate(box.left() + (box.width() - factor * width) / 2, box.top())
    painter.scale(factor, factor)
    for part in parts:
        _paint_part(painter, part)


def _parts(blocks: Sequence[SheetBlock]) -> list[_Part]:
    parts: list[_Part] = []
    top = 1.0
    for block in blocks:
        count, height, width, _ = block.tiles.shape
        unit = max(1, round(TILE_PX / height))
        across = max(1, min(ACROSS, count, 1000 // (unit * width)))
        grid = Grid(count, across, unit * width, unit * height, gap_of(unit * height))
        tiles = QRectF(MARGIN + 1, top + TITLE + 8, grid.width, grid.height)
        needed = max(grid.width, QFontMetricsF(_font()).horizontalAdvance(block.title) + 4)
        frame = QRectF(1, top, needed + 2 * MARGIN, grid.height + TITLE + 8 + MARGIN)
        parts.append(_Part(block, frame, tiles, image_of(mosaic(block.tiles, grid, unit))))
        top = frame.bottom() + MARGIN
    return parts


def _size(parts: list[_Part]) -> tuple[float, float]:
    return max(part.frame.right() for part in parts) + 1, parts[-1].frame.bottom() + 1


def _font() -> QFont:
    font = QFont()
    font.setPixelSize(TITLE_PX)
    return font


def _paint_part(painter: QPainter, part: _Part) -> None:
    painter.setPen(column_pen(part.block.column))
    painter.drawRect(part.frame)
    painter.setPen(current().column_text(part.block.column))
    painter.setFont(_font())
    title = QRectF(part.tiles.left(), part.frame.top() + 4, part.frame.width(), TITLE)
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, part.block.title)
    draw_pixels(painter, part.tiles, part.image)
