"""The drawing of a network: painted from its geometry, every layer a place to point at, to tab to, to hear.

`paint` works on any painter, so that the window, a PNG and an SVG show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.theme import Theme, column_name, column_pen, current
from app.widgets.layer_words import describe
from app.widgets.network_geometry import Drawing, Link, Solid, Type, lay_out

LINK_PX = 1.6


def paint(painter: QPainter, drawing: Drawing, theme: Theme, marked: str | None = None) -> None:
    """Paints links, solids, captions and the names of the columns; `marked` is the layer to stand out."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for link in drawing.links:
        _paint_link(painter, link, theme, marked in (link.source, link.reader))
    for solid in drawing.solids:
        _paint_solid(painter, solid, theme, solid.layer == marked)
    _paint_captions(painter, drawing, theme, marked)
    _paint_lane_names(painter, drawing, theme)


def _paint_link(painter: QPainter, link: Link, theme: Theme, marked: bool) -> None:
    pen = column_pen(link.column, LINK_PX)
    if link.crosses:
        pen = QPen(QColor(theme.crossing), LINK_PX, Qt.PenStyle.DotLine)
    if marked:
        pen.setWidthF(2 * LINK_PX)
    start, end = QPointF(*link.start), QPointF(*link.end)
    middle = (start.x() + end.x()) / 2
    path = QPainterPath(start)
    path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def faces(solid: Solid) -> tuple[QPolygonF, QPolygonF, QPolygonF]:
    """Front, top and right face of a solid."""
    x, y, w, h, dx, dy = solid.x, solid.y, solid.width, solid.height, solid.depth_x, solid.depth_y
    front = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    top = [(x, y), (x + dx, y - dy), (x + w + dx, y - dy), (x + w, y)]
    right = [(x + w, y), (x + w + dx, y - dy), (x + w + dx, y + h - dy), (x + w, y + h)]
    front_face, top_face, right_face = (
        QPolygonF([QPointF(*corner) for corner in corners]) for corners in (front, top, right)
    )
    return front_face, top_face, right_face


def _paint_solid(painter: QPainter, solid: Solid, theme: Theme, marked: bool) -> None:
    color = theme.column(solid.column)
    pale = _mixed(color, QColor(theme.card), 0.30 if solid.kind == "slab" else 0.16)
    front, top, right = faces(solid)
    pen = QPen(color, 2.4 if marked else 1.3)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    light, dark = (112, 112) if theme.dark else (106, 109)
    shades = (pale.darker(dark), pale.lighter(light), pale)
    if solid.kind == "bar":
        painter.setBrush(_mixed(color, QColor(theme.card), 0.55))
        painter.drawRoundedRect(QRectF(solid.x, solid.y, solid.width, solid.height), 2, 2)
        return
    for face, shade in zip((right, top, front), shades, strict=True):
        painter.setBrush(shade)
        painter.drawPolygon(face)


def _mixed(color: QColor, ground: QColor, part: float) -> QColor:
    """`part` of one colour on a ground."""
    return QColor.fromRgbF(
        color.redF() * part + ground.redF() * (1 - part),
        color.greenF() * part + ground.greenF() * (1 - part),
        color.blueF() * part + ground.blueF() * (1 - part),
    )


def _paint_captions(painter: QPainter, drawing: Drawing, theme: Theme, marked: str | None) -> None:
    line_px = painter.fontMetrics().lineSpacing()
    for caption in drawing.captions:
        y = caption.y + line_px * 0.4
        for number, line in enumerate(caption.lines):
            strong = number == 0 or caption.layer == marked
            painter.setPen(QColor(theme.text if strong else theme.muted))
            box = QRectF(caption.x - 200, y, 400, line_px)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, line)
            y += line_px


def _paint_lane_names(painter: QPainter, drawing: Drawing, theme: Theme) -> None:
    line_px = painter.fontMetrics().lineSpacing()
    for column, x, top in drawing.lanes:
        painter.setPen(column_pen(column, 3))
        painter.drawLine(QPointF(x, top + line_px * 0.7), QPointF(x + 32, top + line_px * 0.7))
        painter.setPen(theme.column_text(column))
        font = painter.font()
        font.setBold(True)
        painter.save()
        painter.setFont(font)
        painter.drawText(QPointF(x + 42, top + line_px), column_name(column))
        painter.restore()


class LayerSpot(QAbstractButton):
    """The invisible button over one layer: it takes pointer, focus and the words for a screen reader."""

    entered = Signal(str)

    def __init__(self, layer: str, text: str, parent: NetworkDrawing) -> None:
        super().__init__(parent)
        self.layer = layer
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: self.entered.emit(layer))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.entered.emit(self.layer)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.layer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        parent = self.parent()
        if event.key() in steps and isinstance(parent, NetworkDrawing):
            parent.step(self, steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(current().focus), 3))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)


class NetworkDrawing(QWidget):
    """Signal: layerShown(str): the layer pointed at, or the empty text when none is."""

    layerShown = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._network: Mapping[str, Any] | None = None
        self._drawing: Drawing | None = None
        self._spots: list[LayerSpot] = []
        self._marked: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_network(self, network: Mapping[str, Any] | None) -> None:
        """Draws another network, or nothing."""
        for spot in self._spots:
            spot.deleteLater()
        self._spots, self._network = [], network
        self._marked = None
        self.updateGeometry()
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        lanes = 1 if self._network is None else int(self._network["columns"])
        return QSize(360, 200 + lanes * (20 + 5 * self.fontMetrics().lineSpacing()))

    def draw(self, width: float, height: float) -> Drawing | None:
        """The drawing at another size (for a file)."""
        if self._network is None:
            return None
        metrics = QFontMetricsF(self.font())
        letters = Type(metrics.averageCharWidth() * 1.12, metrics.lineSpacing())
        return lay_out(self._network, width, height, letters)

    def step(self, spot: LayerSpot, by: int) -> None:
        """Moves the focus to the next or previous layer."""
        place = self._spots.index(spot) + by
        if 0 <= place < len(self._spots):
            self._spots[place].setFocus(Qt.FocusReason.TabFocusReason)

    def _arrange(self) -> None:
        """Lays out anew and puts the buttons over their layers."""
        self._drawing = self.draw(self.width(), self.height())
        if self._drawing is not None and self._network is not None:
            if not self._spots:
                self._make_spots(self._drawing, self._network)
            places = {solid.layer: solid for solid in self._drawing.solids}
            for spot in self._spots:
                x, y, width, height = places[spot.layer].bounds
                spot.setGeometry(QRect(int(x) - 5, int(y) - 5, int(width) + 10, int(height) + 10))
                spot.show()
        self.update()

    def _make_spots(self, drawing: Drawing, network: Mapping[str, Any]) -> None:
        layers = {layer["name"]: layer for layer in network["layers"]}
        for solid in drawing.solids:
            spot = LayerSpot(solid.layer, describe(layers[solid.layer], int(network["columns"])), self)
            spot.entered.connect(self._on_entered)
            self._spots.append(spot)
        if self._spots:
            # One stop for the Tab key; the arrow keys go from layer to layer.
            self._spots[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _on_entered(self, layer: str) -> None:
        self._marked = layer
        self.layerShown.emit(layer)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        if not any(spot.hasFocus() for spot in self._spots):
            self._marked = None
            self.layerShown.emit("")
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawing is not None:
            paint(QPainter(self), self._drawing, current(), self._marked)
