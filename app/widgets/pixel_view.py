"""A small picture enlarged so that each of its pixels can be seen: whole squares, never smoothed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.pixels import Box, paint_box
from app.theme import current
from app.widgets.tile_sheet import image_of


class PixelView(QWidget):
    """Draws bytes (h, w, 3) at the largest whole scale that fits a square of `side` pixels."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._image: QImage | None = None
        self._box: Box | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows other pixels, or nothing."""
        self._image = None if pixels is None else image_of(pixels)
        self.update()

    def mark(self, box: Box | None) -> None:
        """Draws a frame around the pixels top, left, bottom, right, or none."""
        self._box = box
        self.update()

    def _target(self, image: QImage) -> QRectF:
        """Where the image goes, in logical pixels; larger than the widget is shrunk, smaller enlarged."""
        ratio = self.devicePixelRatioF()
        room = self._side * ratio
        largest = max(image.width(), image.height())
        scale = room // largest if room >= largest else room / largest
        return QRectF(0, 0, image.width() * scale / ratio, image.height() * scale / ratio)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(QPen(QColor(current().edge), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRect(0, 0, self._side - 1, self._side - 1))
            return
        target = self._target(self._image)
        larger = target.width() < self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, larger)
        painter.drawImage(target, self._image)
        if self._box is not None:
            paint_box(painter, target, self._image, self._box)
