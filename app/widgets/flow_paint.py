"""Paints the maps of a layer on its box: the strongest on the side that shows how large a map is, as many as
fit on the front; the units of a flat layer along its bar. Small is the ground's colour, large the column's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from app.pixels import draw_pixels
from app.theme import Theme
from app.widgets.tile_sheet import image_of
from reproduction.definition.drawing import Face
from reproduction.definition.layout import Solid

EDGE_PX = 1.5  # of a face stays free
SMALLEST_PX = 3.0  # narrower faces are left as they are
Bytes = NDArray[np.uint8]


@dataclass
class Flowing:
    """What flows: maps (n, h, w) or units (n,) by layer, and the picture (S, S, 3) as the network sees it."""

    maps: Mapping[str, Bytes] = field(default_factory=dict)
    crop: Bytes | None = None


def paint_flow(painter: QPainter, face: Face, flowing: Flowing, theme: Theme) -> None:
    """Paints what belongs on this face, if anything does."""
    solid, maps = face.solid, flowing.maps.get(face.solid.layer)
    corner = face.points[0]
    if solid.kind == "picture":
        if flowing.crop is not None and corner == (solid.x + solid.width, solid.y):
            _paint_side(painter, solid, image_of(flowing.crop))
    elif maps is None or not maps.size:
        return
    elif solid.kind == "bar":
        if maps.ndim == 1:
            _paint_bar(painter, solid, inked(maps[:, None], theme, solid.column))
    elif maps.ndim == 3 and corner == (solid.x + solid.width, solid.y):
        _paint_side(painter, solid, inked(maps[0], theme, solid.column))
    elif maps.ndim == 3 and corner == (solid.x, solid.y):
        _paint_front(painter, solid, maps, theme)


def inked(values: Bytes, theme: Theme, column: int | None) -> QImage:
    """Bytes (h, w) from the ground's colour to the column's."""
    low, high = (
        np.array((color.red(), color.green(), color.blue()), np.float64)
        for color in (QColor(theme.card), theme.column(column))
    )
    part = values[..., None] / 255.0
    return image_of(np.rint(low + part * (high - low)).astype(np.uint8))


def _paint_side(painter: QPainter, solid: Solid, image: QImage) -> None:
    """On the slanted side: a map's rows go down, its columns back into the depth."""
    if min(solid.depth_x, solid.height) < SMALLEST_PX:
        return
    painter.save()
    painter.setTransform(
        QTransform(solid.depth_x, -solid.depth_y, 0.0, solid.height, solid.x + solid.width, solid.y),
        combine=True,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    inset = EDGE_PX / max(solid.depth_x, solid.height)
    painter.drawImage(QRectF(inset, inset, 1 - 2 * inset, 1 - 2 * inset), image)
    painter.restore()


def _paint_front(painter: QPainter, solid: Solid, maps: Bytes, theme: Theme) -> None:
    """As many maps as fit side by side, the strongest first."""
    side = min(solid.height, solid.width) - 2 * EDGE_PX
    if side < SMALLEST_PX:
        return
    count = min(len(maps), max(1, int((solid.width - EDGE_PX) // (side + EDGE_PX))))
    gap = (solid.width - count * side) / (count + 1)
    top = solid.y + (solid.height - side) / 2
    for place in range(count):
        box = QRectF(solid.x + gap + place * (side + gap), top, side, side)
        draw_pixels(painter, box, inked(maps[place], theme, solid.column))


def _paint_bar(painter: QPainter, solid: Solid, image: QImage) -> None:
    """The units of a flat layer from top to bottom; of units that share a line the largest is seen."""
    height = max(1, round(solid.height - 2 * EDGE_PX))
    if image.height() > height:
        image = image.scaled(
            1, height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    inner = QRectF(solid.x, solid.y, solid.width, solid.height).adjusted(EDGE_PX, EDGE_PX, -EDGE_PX, -EDGE_PX)
    draw_pixels(painter, inner, image)
