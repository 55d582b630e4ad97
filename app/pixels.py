"""Draws images of few pixels so that every pixel stays a square, on the screen and in every file."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPaintEngine, QPainter

CRISP = 8  # times a pixel is repeated in a drawing, whose readers smooth what they enlarge
LARGEST_PX = 8192  # side of an enlarged image


def draw_pixels(painter: QPainter, box: QRectF, image: QImage) -> None:
    """Draws `image` over the whole of `box`, enlarged by repetition and never smoothed."""
    if image.isNull() or box.isEmpty():
        return
    engine = painter.paintEngine()
    on_screen = engine is None or engine.type() is QPaintEngine.Type.Raster
    device = painter.deviceTransform().mapRect(box)
    wanted = max(device.width() / image.width(), device.height() / image.height())
    factor = max(1 if on_screen else CRISP, ceil(wanted))
    factor = max(1, min(factor, LARGEST_PX // max(image.width(), image.height())))
    enlarged = image.scaled(
        image.width() * factor,
        image.height() * factor,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.FastTransformation,
    )
    enlarged.setDevicePixelRatio(1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(box, enlarged, QRectF(enlarged.rect()))
    painter.restore()
