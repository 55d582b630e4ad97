"""One map of a layer at full size, in which a place can be chosen: by a tap or with the arrow keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen

from app.theme import current
from app.widgets.pixel_view import PixelView

STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class PlaceView(PixelView):
    """Signal: placed(int, int): row and column that were chosen."""

    placed = Signal(int, int)

    def __init__(self, side: int) -> None:
        super().__init__(side)
        self._place = (0, 0)
        self._shape = (0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_map(self, pixels: NDArray[np.uint8], row: int, column: int) -> None:
        """Shows a map (h, w) in grey, and which of its places is looked at."""
        self._place, self._shape = (row, column), (pixels.shape[0], pixels.shape[1])
        self.show_pixels(np.repeat(pixels[..., None], 3, axis=2))
        self.mark((row, column, row + 1, column + 1))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As large as the map is drawn: whole pixels leave a margin otherwise."""
        return super().sizeHint() if self._image is None else self._target(self._image).size().toSize()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._image is None or not self._target(self._image).contains(event.position()):
            return
        target = self._target(self._image)
        row = int((event.position().y() - target.top()) / target.height() * self._shape[0])
        column = int((event.position().x() - target.left()) / target.width() * self._shape[1])
        self._go(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None or self._image is None:
            super().keyPressEvent(event)
        else:
            self._go(self._place[0] + step[0], self._place[1] + step[1])

    def _go(self, row: int, column: int) -> None:
        place = (min(max(row, 0), self._shape[0] - 1), min(max(column, 0), self._shape[1] - 1))
        if place != self._place:
            self.placed.emit(*place)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(current().focus), 3))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
