"""Draws images of few pixels so that every pixel stays a square, on the screen and in every file."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter, QPen

Box = tuple[int, int, int, int]  # top, left, bottom, right in an image's pixels, the last two exclusive

CRISP = 4  # dots per point of an image in a drawing: its readers may smooth what they enlarge
LARGEST_PX = 8192  # longest side of an image enlarged so


def draw_pixels(painter: QPainter, box: QRectF, image: QImage) -> None:
    """Draws `image` over the whole of `box`, enlarged by repetition and never smoothed."""
    if image.isNull() or box.isEmpty():
        return
    engine = painter.paintEngine()
    if engine is not None and engine.type() is not QPaintEngine.Type.Raster:
        image = _enlarged(image, box)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(box, image, QRectF(image.rect()))
    painter.restore()


def _enlarged(image: QImage, box: QRectF) -> QImage:
    wanted = ceil(CRISP * max(box.width() / image.width(), box.height() / image.height()))
    factor = max(1, min(wanted, LARGEST_PX // max(image.width(), image.height())))
    return image.scaled(
        image.width() * factor,
        image.height() * factor,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.FastTransformation,
    )


def paint_box(painter: QPainter, place: QRectF, image: QImage, box: Box) -> None:
    """A frame around the pixels of `box` (top, left, bottom, right) of an image shown at `place`."""
    top, left, bottom, right = box
    if image.isNull():
        return
    across, down = place.width() / image.width(), place.height() / image.height()
    corner = QPointF(place.left() + left * across, place.top() + top * down)
    frame = QRectF(corner.x(), corner.y(), (right - left) * across, (bottom - top) * down)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, color in ((5.0, QColor(0, 0, 0, 170)), (2.5, QColor("white"))):
        pen = QPen(color, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(frame.adjusted(1.5, 1.5, -1.5, -1.5))
