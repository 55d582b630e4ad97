"""A sheet of many small pictures in framed blocks: one mosaic image a block, crisp at any scale.

The sheet knows nothing of filters: it is given tiles as bytes and numbers by which they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.filter_mosaic import Grid, best_grid, mosaic
from app.theme import column_pen, current, label

PADDING = 12  # between a block's frame and its tiles
SPACING = 14  # between blocks
LARGEST_TILE = 150
STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class SheetBlock:
    """One frame of the sheet: tiles (F, h, w, 3) in the order shown, and the number of each."""

    title: str
    column: int | None
    tiles: NDArray[np.uint8]
    numbers: tuple[int, ...]


@dataclass
class _Placed:
    """A block on the sheet: its frame in logical pixels, its grid in device pixels, its image once drawn."""

    block: SheetBlock
    frame: QRect
    origin: QPointF
    grid: Grid
    scale: int
    image: QImage | None = None


def image_of(rgba: NDArray[np.uint8]) -> QImage:
    """Bytes (H, W, 4) or (H, W, 3) as an image with its own memory."""
    height, width, channels = rgba.shape
    form = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(np.ascontiguousarray(rgba).data, width, height, channels * width, form).copy()


class TileSheet(QWidget):
    """Shows blocks of tiles as large as they fit; hovering looks, a click, a tap or the arrow keys select.

    Signals:
        shown(int): the number of the tile to be shown large: under the pointer, else the selected one.
        selected(int): the number of the tile that was selected.
        activated(int): a tile was clicked or tapped, or Return or the space bar was pressed on the selected.
    """

    shown = Signal(int)
    selected = Signal(int)
    activated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: tuple[SheetBlock, ...] = ()
        self._placed: list[_Placed] = []
        self._selected: int | None = None
        self._hovered: int | None = None
        self._pressed: int | None = None
        self._caption = label("", "small")
        self._caption.setParent(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def blocks(self) -> tuple[SheetBlock, ...]:
        """What is shown."""
        return self._blocks

    @property
    def selection(self) -> int | None:
        """The number of the selected tile."""
        return self._selected

    def set_blocks(self, blocks: Sequence[SheetBlock]) -> None:
        """Shows other tiles. The selection stays where its number still exists."""
        same = [_outline(block) for block in blocks] == [_outline(block) for block in self._blocks]
        self._blocks = tuple(blocks)
        if same:
            for placed, block in zip(self._placed, blocks, strict=True):
                placed.block, placed.image = block, None
        else:
            self._hovered = None
            self._arrange()
            self.updateGeometry()
        numbers = [number for block in blocks for number in block.numbers]
        if self._selected not in numbers:
            self._selected = None
        self.update()

    @property
    def caption(self) -> str:
        """The sentences below the tiles."""
        return self._caption.text()

    def set_caption(self, text: str) -> None:
        """Says below the tiles what is seen."""
        if text != self._caption.text():
            self._caption.setText(text)
            self._arrange()
            self.update()

    def select(self, number: int) -> None:
        """Selects a tile by its number and tells so."""
        if number != self._selected:
            self._selected = number
            self.update()
            self.selected.emit(number)
        self.shown.emit(number)

    def rectangle(self, number: int) -> QRect:
        """Where the tile of that number is, in widget coordinates."""
        for placed in self._placed:
            if number in placed.block.numbers:
                return self._tile_rectangle(placed, placed.block.numbers.index(number)).toAlignedRect()
        return QRect()

    def number_at(self, point: QPointF) -> int | None:
        """The number of the tile under a point."""
        ratio = self.devicePixelRatioF()
        for placed in self._placed:
            offset = (point - placed.origin) * ratio
            place = placed.grid.place_at(offset.x(), offset.y())
            if place is not None:
                return placed.block.numbers[place]
        return None

    # Layout

    def _arrange(self) -> None:
        """Puts the blocks below or beside each other, whichever draws the tiles larger."""
        self._placed = []
        if not self._blocks:
            return
        options = [self._frames(stacked) for stacked in (True, False) if stacked or self._titles_fit_beside()]
        plans = [
            [self._fit(block, frame) for block, frame in zip(self._blocks, frames, strict=True)]
            for frames in options
        ]
        self._placed = max(plans, key=lambda plan: min(placed.scale for placed in plan))
        for place, placed in enumerate(self._placed):
            stacked = place > 0 and self._placed is plans[0]
            self._tighten(placed, self._placed[place - 1].frame.bottom() + 1 + SPACING if stacked else 0)

        left = min(placed.frame.left() for placed in self._placed)
        bottom = max(placed.frame.bottom() for placed in self._placed)
        self._caption.setGeometry(left, bottom, self.width() - left, self._caption_height())

    def _titles_fit_beside(self) -> bool:
        room = self._frames(stacked=False)[0].width() - 2 * PADDING
        return all(self.fontMetrics().horizontalAdvance(block.title) <= room for block in self._blocks)

    def _caption_height(self) -> int:
        return self._caption.heightForWidth(self.width()) + PADDING if self._caption.text() else 0

    def _frames(self, stacked: bool) -> list[QRect]:
        """The sheet divided evenly among the blocks."""
        count = len(self._blocks)
        across, down = (1, count) if stacked else (count, 1)
        width = (self.width() - (across - 1) * SPACING) // across
        height = (self.height() - self._caption_height() - (down - 1) * SPACING) // down
        step = QPoint(0, height + SPACING) if stacked else QPoint(width + SPACING, 0)
        return [QRect(step * place, QSize(width, height)) for place in range(count)]

    def _fit(self, block: SheetBlock, frame: QRect) -> _Placed:
        ratio = self.devicePixelRatioF()
        inner = frame.adjusted(PADDING, self._title_height(), -PADDING, -PADDING)
        _, height, width, _ = block.tiles.shape
        room = int(inner.width() * ratio), int(inner.height() * ratio)
        scale, grid = best_grid(len(block.tiles), (width, height), *room, int(LARGEST_TILE * ratio))
        return _Placed(block, frame, QPointF(inner.topLeft()), grid, scale)

    def _tighten(self, placed: _Placed, top: int) -> None:
        """Draws the frame closely around the tiles, in the middle of its share of the width."""
        ratio = self.devicePixelRatioF()
        width = max(placed.grid.width / ratio, self.fontMetrics().horizontalAdvance(placed.block.title))
        height = self._title_height() + placed.grid.height / ratio + PADDING
        left = placed.frame.left() + max(0, (placed.frame.width() - round(width) - 2 * PADDING) // 2)
        placed.frame = QRect(left, top, ceil(width) + 2 * PADDING, ceil(height))
        corner = QPointF(placed.frame.left() + PADDING, top + self._title_height()) * ratio
        placed.origin = QPointF(corner.toPoint()) / ratio  # on whole device pixels, or squares turn uneven

    def _title_height(self) -> int:
        return self.fontMetrics().height() + PADDING + 6

    def _tile_rectangle(self, placed: _Placed, place: int) -> QRectF:
        ratio = self.devicePixelRatioF()
        left, top = placed.grid.corner(place)
        size = QPointF(placed.grid.tile_width, placed.grid.tile_height) / ratio
        corner = placed.origin + QPointF(left, top) / ratio
        return QRectF(corner, corner + size)

    # Painting

    def _paint_block(self, painter: QPainter, placed: _Placed) -> None:
        theme = current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(column_pen(placed.block.column))
        painter.setBrush(QColor(theme.card))
        painter.drawRoundedRect(QRectF(placed.frame).adjusted(1, 1, -1, -1), 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        title = placed.frame.adjusted(PADDING, 2, -PADDING, 0)
        title.setHeight(self._title_height() - 2)
        painter.setPen(theme.column_text(placed.block.column))
        painter.drawText(
            title, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, placed.block.title
        )
        if placed.image is None:
            placed.image = image_of(mosaic(placed.block.tiles, placed.grid, placed.scale))
            placed.image.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(placed.origin, placed.image)

    def _paint_mark(self, painter: QPainter, number: int | None, color: QColor, width: int) -> None:
        """A frame around a tile, with a line of the background inside so that it stands out from any tile."""
        for placed in self._placed:
            if number is not None and number in placed.block.numbers:
                tile = self._tile_rectangle(placed, placed.block.numbers.index(number))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                for grow, pen_width, line in (
                    (0.5, 1, QColor(current().card)),
                    (1 + width / 2, width, color),
                ):
                    painter.setPen(
                        QPen(
                            line,
                            pen_width,
                            Qt.PenStyle.SolidLine,
                            Qt.PenCapStyle.SquareCap,
                            Qt.PenJoinStyle.MiterJoin,
                        )
                    )
                    painter.drawRect(tile.adjusted(-grow, -grow, grow, grow))

    # What Qt calls

    def sizeHint(self) -> QSize:
        return QSize(760, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 240)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for placed in self._placed:
            self._paint_block(painter, placed)
        theme = current()
        if self._hovered != self._selected:
            self._paint_mark(painter, self._hovered, QColor(theme.edge), 2)
        self._paint_mark(painter, self._selected, QColor(theme.focus if self.hasFocus() else theme.text), 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self._arrange()
            self.update()
        super().changeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.number_at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def _hover(self, number: int | None) -> None:
        if number != self._hovered:
            self._hovered = number
            self.update()
            shown = self._selected if number is None else number
            if shown is not None:
                self.shown.emit(shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self.number_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if number is not None and number == self._pressed:
            self.select(number)
            self.activated.emit(number)
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        numbers = [number for block in self._blocks for number in block.numbers]
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._selected is not None:
            self.activated.emit(self._selected)
        elif not numbers or key not in (*STEPS, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Home or self._selected is None:
            self.select(numbers[0])
        elif key == Qt.Key.Key_End:
            self.select(numbers[-1])
        else:
            self.select(self._neighbour(self._selected, *STEPS[key]))

    def _neighbour(self, number: int, right: int, down: int) -> int:
        """The tile one step away; a row runs on into the next one, a column into the block below."""
        if right:
            numbers = [number for block in self._blocks for number in block.numbers]
            place = numbers.index(number) + right
            return numbers[min(max(place, 0), len(numbers) - 1)]
        here = self._tile_center(number)
        others = [other for placed in self._placed for other in placed.block.numbers]
        ahead = [other for other in others if (self._tile_center(other).y() - here.y()) * down > 1]
        column = [
            other for other in ahead if abs(self._tile_center(other).x() - here.x()) < self._tile_width(other)
        ]
        return min(column, key=lambda other: abs(self._tile_center(other).y() - here.y()), default=number)

    def _tile_center(self, number: int) -> QPoint:
        return self.rectangle(number).center()

    def _tile_width(self, number: int) -> float:
        return self.rectangle(number).width()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        numbers = [number for block in self._blocks for number in block.numbers]
        if self._selected is None and numbers:
            self.select(numbers[0])
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _outline(block: SheetBlock) -> tuple[str, int | None, tuple[int, ...], tuple[int, ...]]:
    """What decides where things lie: all of a block but its pixels."""
    return block.title, block.column, block.tiles.shape, block.numbers
