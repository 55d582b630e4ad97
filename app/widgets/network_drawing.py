"""The drawing of a network: painted from its geometry, every layer a place to point at, to tab to, to hear.

`paint` works on any painter, so that the window, a PNG and an SVG show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
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

from app.theme import Theme, column_name, current
from app.widgets.flow_paint import Flowing, paint_flow
from app.widgets.layer_words import describe
from reproduction.definition.drawing import Curve, Face, Ink, Item, Stroke, Text, items
from reproduction.definition.layout import Drawing, Type, lay_out

WIDEST_PX = 400.0  # room for a line of text
PENS = {
    "solid": Qt.PenStyle.SolidLine,
    "dashed": Qt.PenStyle.DashLine,
    "dotted": Qt.PenStyle.DotLine,
}


FAINT = 0.22  # opacity of what is switched off
CROSS_PX = 6.0  # half the size of the mark on a connection that is cut


@dataclass(frozen=True)
class Off:
    """What is switched off: whole columns, the layers silent with them, readers cut off other columns."""

    columns: frozenset[int] = frozenset()
    layers: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()


NOTHING_OFF = Off()


def paint(
    painter: QPainter,
    drawing: Drawing,
    theme: Theme,
    marked: str | None = None,
    off: Off = NOTHING_OFF,
    flowing: Flowing | None = None,
) -> None:
    """Paints links, solids, captions and the names of the columns.

    `marked` is the layer to stand out, `flowing` what the layers answer to a picture.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    names = {column: _lane_name(column, column in off.columns) for column, *_ in drawing.lanes}
    for item in items(drawing, names, marked):
        painter.setOpacity(FAINT if _is_off(item, off) else 1.0)
        if isinstance(item, Curve):
            _paint_curve(painter, item, theme)
            if item.link.crosses and item.link.reader in off.cut:
                _paint_cut(painter, item, theme)
        elif isinstance(item, Face):
            _paint_face(painter, item, theme)
            if flowing is not None:
                paint_flow(painter, item, flowing, theme)
        elif isinstance(item, Stroke):
            painter.setPen(QPen(ink(item.ink, theme), item.width, PENS[item.line]))
            painter.drawLine(QPointF(*item.start), QPointF(*item.end))
        else:
            _paint_text(painter, item, theme)
    painter.setOpacity(1.0)


def _lane_name(column: int, off: bool) -> str:
    name = column_name(column)
    return QCoreApplication.translate("drawing", "{0}: off").format(name) if off else name


def _is_off(item: Item, off: Off) -> bool:
    """Whether what an item draws is silent, so that it is painted faint."""
    if isinstance(item, Curve):
        return item.link.source in off.layers or (item.link.crosses and item.link.reader in off.cut)
    if isinstance(item, Face):
        return item.solid.layer in off.layers
    return isinstance(item, Text) and item.layer in off.layers


def _paint_cut(painter: QPainter, curve: Curve, theme: Theme) -> None:
    """A cross on the middle of a connection that is cut."""
    painter.setOpacity(1.0)
    painter.setPen(QPen(QColor(theme.text), 2.0))
    path = _path_of(curve)
    middle = path.pointAtPercent(0.5)
    for down in (-CROSS_PX, CROSS_PX):
        painter.drawLine(middle + QPointF(-CROSS_PX, -down), middle + QPointF(CROSS_PX, down))


def ink(wanted: Ink, theme: Theme) -> QColor:
    """An ink of the drawing in the colours of a theme."""
    if wanted.role != "column":
        names = {"crossing": theme.crossing, "text": theme.text, "muted": theme.muted}
        return QColor(names[wanted.role]) if wanted.role in names else theme.column_text(wanted.column)
    color = theme.column(wanted.column)
    if wanted.part < 1:
        color = _mixed(color, QColor(theme.card), wanted.part)
    lighter, darker = (112, 112) if theme.dark else (106, 109)
    return {0: color, 1: color.lighter(lighter), -1: color.darker(darker)}[wanted.shade]


def _mixed(color: QColor, ground: QColor, part: float) -> QColor:
    """`part` of one colour on a ground."""
    return QColor.fromRgbF(
        color.redF() * part + ground.redF() * (1 - part),
        color.greenF() * part + ground.greenF() * (1 - part),
        color.blueF() * part + ground.blueF() * (1 - part),
    )


def _path_of(curve: Curve) -> QPainterPath:
    start, *rest = (QPointF(*point) for point in curve.points)
    path = QPainterPath(start)
    for first in range(0, len(rest), 3):
        path.cubicTo(*rest[first : first + 3])
    return path


def _paint_curve(painter: QPainter, curve: Curve, theme: Theme) -> None:
    painter.setPen(QPen(ink(curve.ink, theme), curve.width, PENS[curve.line]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_path_of(curve))


def _paint_face(painter: QPainter, face: Face, theme: Theme) -> None:
    pen = QPen(ink(face.outline, theme), face.width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(ink(face.fill, theme))
    polygon = QPolygonF([QPointF(*point) for point in face.points])
    if face.corner:
        painter.drawRoundedRect(polygon.boundingRect(), face.corner, face.corner)
    else:
        painter.drawPolygon(polygon)


def _paint_text(painter: QPainter, text: Text, theme: Theme) -> None:
    if text.plate is not None:
        painter.fillRect(QRectF(*text.plate), QColor(theme.card))
    painter.save()
    font = painter.font()
    font.setBold(text.bold)
    painter.setFont(font)
    painter.setPen(ink(text.ink, theme))
    reach = Qt.AlignmentFlag.AlignHCenter if text.centred else Qt.AlignmentFlag.AlignLeft
    box = QRectF(text.x - (WIDEST_PX / 2 if text.centred else 0), text.y, WIDEST_PX, WIDEST_PX)
    painter.drawText(box, reach | Qt.AlignmentFlag.AlignTop, text.text)
    painter.restore()


class LayerSpot(QAbstractButton):
    """The invisible button over one layer: it takes pointer, focus and the words for a screen reader."""

    entered = Signal(str)
    opened = Signal(str)

    def __init__(self, layer: str, text: str, parent: NetworkDrawing) -> None:
        super().__init__(parent)
        self.layer = layer
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: self.opened.emit(layer))

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
    """Signals: layerShown(str): the layer pointed at, or the empty text when none is.

    layerOpened(str): the layer that was pointed at was tapped, or Space pressed on it.
    """

    layerShown = Signal(str)
    layerOpened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._network: Mapping[str, Any] | None = None
        self._drawing: Drawing | None = None
        self._spots: list[LayerSpot] = []
        self._marked: str | None = None
        self.off = NOTHING_OFF
        self._flowing: Flowing | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_network(self, network: Mapping[str, Any] | None) -> None:
        """Draws another network, or nothing."""
        for spot in self._spots:
            spot.blockSignals(True)  # until it is gone the focus may still come by
            spot.deleteLater()
        self._spots, self._network = [], network
        self._marked, self.off = None, NOTHING_OFF
        self.updateGeometry()
        self._arrange()

    def show_off(self, off: Off) -> None:
        """Paints what is switched off faint."""
        self.off = off
        self.update()

    @property
    def layers(self) -> list[str]:
        """The layers that are drawn."""
        return [] if self._drawing is None else [solid.layer for solid in self._drawing.solids]

    def show_flow(self, flowing: Flowing | None) -> None:
        """Draws what the layers answer to a picture in their boxes, or nothing."""
        self._flowing = flowing
        self.update()

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
        if spot not in self._spots:  # of the network before
            return
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
            spot.opened.connect(self._on_opened)
            self._spots.append(spot)
        if self._spots:
            # One stop for the Tab key; the arrow keys go from layer to layer.
            self._spots[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _on_entered(self, layer: str) -> None:
        self._marked = layer
        self.layerShown.emit(layer)
        self.update()

    def _on_opened(self, layer: str) -> None:
        """The first tap of a finger, which was nowhere before, points; the next one opens."""
        if layer == self._marked:
            self.layerOpened.emit(layer)
        else:
            self._on_entered(layer)

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
            paint(QPainter(self), self._drawing, current(), self._marked, self.off, self._flowing)
