"""Paints the flow of a picture: lanes, links, blocks of maps, bars of numbers, words; for any painter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from app.answers import percent
from app.archive_words import decimal
from app.inside.flow import FlowLayer, Plan
from app.inside.inquiry import Maps
from app.pixels import Box, draw_pixels, paint_box
from app.theme import column_name, column_pen, current
from app.widgets.tile_sheet import image_of

BAR_PX = 6
SMALLEST_LETTERS = 60  # per cent of the usual ones: the name of a class in its box


@dataclass
class Content:
    """What is painted into a plan; `images` and `maps` by layer, `labels` the names of the classes."""

    layers: tuple[FlowLayer, ...] = ()
    crop: QImage | None = None
    maps: dict[str, Maps] = field(default_factory=dict)
    images: dict[str, list[QImage]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    selected: tuple[str, int] | None = None
    box: Box | None = None

    def take(self, layer: str, maps: Maps) -> None:
        """The largest maps of a layer are there."""
        self.maps[layer] = maps
        self.images[layer] = [image_of(np.repeat(tile[..., None], 3, axis=2)) for tile in maps.pixels]

    def channel(self, layer: str, place: int) -> int | None:
        """Which map stands at a place of a block."""
        maps = self.maps.get(layer)
        return None if maps is None or place >= len(maps.channels) else maps.channels[place]

    def label(self, number: int) -> str:
        """The name of a class, short."""
        return self.labels[number] if number < len(self.labels) else str(number)


def paint_flow(painter: QPainter, plan: Plan, content: Content, focused: bool = False) -> None:
    """Draws everything; where nothing is known yet, tiles stay empty."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for lane, box in plan.lanes:
        _paint_lane(painter, lane, box)
    _paint_links(painter, plan, content)
    _paint_picture(painter, plan.picture, content)
    known: Mapping[str, FlowLayer] = {layer.name: layer for layer in content.layers}
    for name, box in plan.captions.items():
        painter.setPen(current().column_text(known[name].lane))
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextDontClip, name)
    for (name, place), box in plan.tiles.items():
        _paint_tile(painter, known[name], place, box, content)
    _paint_selection(painter, plan, content, focused)


def _paint_lane(painter: QPainter, lane: int, box: QRectF) -> None:
    theme = current()
    painter.setPen(column_pen(lane))
    painter.setBrush(QColor(theme.card))
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 8, 8)
    painter.setPen(theme.column_text(lane))
    painter.drawText(box.adjusted(12, 6, -12, 0), Qt.AlignmentFlag.AlignLeft, column_name(lane))


def _paint_links(painter: QPainter, plan: Plan, content: Content) -> None:
    """A curve for every block that another reads; those into the other column have their own colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for link in plan.links:
        pen = QPen(QColor(current().crossing), 1.6, Qt.PenStyle.DotLine)
        if not link.crossing:
            pen = column_pen(link.column, 1.6)
        painter.setPen(pen)
        reach = (link.end.x() - link.start.x()) / 2
        path = QPainterPath(link.start)
        path.cubicTo(link.start + QPointF(reach, 0), link.end - QPointF(reach, 0), link.end)
        painter.drawPath(path)


def _paint_picture(painter: QPainter, place: QRectF, content: Content) -> None:
    painter.setPen(QPen(QColor(current().line), 1))
    painter.setBrush(QColor(current().card))
    painter.drawRect(place)
    if content.crop is None:
        return
    draw_pixels(painter, place, content.crop)
    if content.box is not None:
        paint_box(painter, place, content.crop, content.box)


def _paint_tile(painter: QPainter, layer: FlowLayer, place: int, box: QRectF, content: Content) -> None:
    channel = content.channel(layer.name, place)
    if channel is None:
        painter.setPen(QPen(QColor(current().line), 1))
        painter.setBrush(QColor(current().card))
        painter.drawRect(box)
    elif layer.flat:
        _paint_bar(painter, layer, place, channel, box, content)
    else:
        draw_pixels(painter, box, content.images[layer.name][place])


def _paint_bar(
    painter: QPainter, layer: FlowLayer, place: int, channel: int, box: QRectF, content: Content
) -> None:
    """A unit without a map: its name, how much it answers, and a bar for that beside the largest."""
    theme, values = current(), content.maps[layer.name].values.reshape(-1)
    value, largest = float(values[place]), float(np.abs(values).max())
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(QColor(theme.card))
    painter.drawRect(box)
    inner = box.adjusted(6, 3, -6, -BAR_PX - 8)
    name = content.label(channel) if layer.words else str(channel)
    number = percent(value) if layer.words else decimal(value, 1)
    corner = int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight)
    painter.setPen(QColor(theme.text))
    taken = painter.boundingRect(inner, corner, number)
    fitted(name, painter.font(), inner, taken).draw(painter, inner.topLeft())
    painter.setPen(QColor(theme.muted))
    painter.drawText(inner, corner, number)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.column(layer.lane if layer.lane is not None else 0))
    part = 0.0 if largest == 0 else max(0.0, value) / (1.0 if layer.words else largest)
    painter.drawRect(QRectF(box.left() + 6, box.bottom() - BAR_PX - 4, (box.width() - 12) * part, BAR_PX))


def fitted(name: str, font: QFont, inner: QRectF, taken: QRectF) -> QTextLayout:
    """Words as large as they stand in `inner` beside what is `taken`, on as many lines as they need.

    A word that is too long even in the smallest letters goes on in the next line.
    """
    taken = taken.adjusted(-2, 3, 0, 0)  # lines may come as near to each other as in a paragraph
    for size in range(100, SMALLEST_LETTERS - 1, -5):
        smaller = QFont(font)
        smaller.setPointSizeF(font.pointSizeF() * size / 100)
        layout = QTextLayout(name, smaller)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        lines = _break_lines(layout, inner.width())
        boxes = [line.naturalTextRect().translated(inner.topLeft()) for line in lines]
        words = [QFontMetricsF(smaller).horizontalAdvance(word) for word in name.split()]
        if (
            max(words, default=0.0) <= inner.width()
            and all(box.bottom() <= inner.bottom() + 1 for box in boxes)
            and not any(box.intersects(taken) for box in boxes)
        ):
            break
    return layout


def _break_lines(layout: QTextLayout, width: float) -> list[QTextLine]:
    """The lines of a text at a width, one below the other."""
    lines, top = [], 0.0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, top))
        top += line.height()
        lines.append(line)
    layout.endLayout()
    return lines


def _paint_selection(painter: QPainter, plan: Plan, content: Content, focused: bool) -> None:
    if content.selected is None:
        return
    theme = current()
    for (name, place), box in plan.tiles.items():
        if (name, content.channel(name, place)) == content.selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for grow, width, color in (
                (0.5, 1.0, QColor(theme.card)),
                (2.5, 3.0, QColor(theme.focus if focused else theme.text)),
            ):
                pen = QPen(color, width)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                painter.drawRect(box.adjusted(-grow, -grow, grow, grow))
