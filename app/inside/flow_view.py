"""The flow of a picture through a network, to be looked at, tapped, and walked with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from app.inside.flow import Letters, Plan, lay_out
from app.inside.flow_paint import Content, paint_flow

STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
WIDEST_WORD = "automobile 10"  # room for most names of classes; longer ones take two lines
FIGURE = (1200.0, 620.0)


class FlowView(QWidget):
    """Draws `content`; whoever changes it calls `refresh`. Signal: chosen(str, int): layer and channel."""

    chosen = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = Content()
        self._plan: Plan | None = None
        self._pressed: tuple[str, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("The picture on its way through the network"))

    def refresh(self) -> None:
        """Draws the content as it is now."""
        self._arrange()
        self.update()

    def plan(self, width: float, height: float) -> Plan:
        """Where everything stands at a size."""
        metrics = QFontMetricsF(self.font())
        letters = Letters(
            metrics.lineSpacing(), metrics.horizontalAdvance, metrics.horizontalAdvance(WIDEST_WORD)
        )
        return lay_out(self.content.layers, width, height, letters)

    def paint(self, painter: QPainter, box: QRectF) -> None:
        """Draws the flow as large as it fits into a rectangle."""
        plan = self.plan(*FIGURE)
        factor = min(box.width() / plan.width, box.height() / plan.height)
        painter.translate(box.topLeft())
        painter.scale(factor, factor)
        painter.setFont(self.font())
        paint_flow(painter, plan, self.content)

    def tile_at(self, point: QPointF) -> tuple[str, int] | None:
        """Layer and channel of the map at a point."""
        for (layer, place), box in self._plan.tiles.items() if self._plan else ():
            if box.contains(point):
                channel = self.content.channel(layer, place)
                return None if channel is None else (layer, channel)
        return None

    def rectangle(self, layer: str, place: int) -> QRectF:
        """Where a map of a block is drawn."""
        return self._plan.tiles.get((layer, place), QRectF()) if self._plan else QRectF()

    def _arrange(self) -> None:
        area = self.parentWidget()
        room = self.size() if area is None else area.size()
        self._plan = self.plan(room.width(), room.height())
        self.setMinimumSize(int(self._plan.width), int(self._plan.height))

    def _step(self, right: int, down: int) -> None:
        """The nearest map in that direction."""
        plan, here = self._plan, self._place()
        if plan is None or not plan.tiles:
            return
        known = [key for key in plan.tiles if self.content.channel(*key) is not None]
        if here is None or here not in plan.tiles:
            ahead = known[:1]
        else:
            at = plan.tiles[here].center()

            def away(key: tuple[str, int]) -> tuple[float, float]:
                there = plan.tiles[key].center() - at
                along = there.x() * right + there.y() * down
                return along, abs(there.x() * down) + abs(there.y() * right)

            possible = [key for key in known if away(key)[0] > 4 and (right or away(key)[1] < 8)]
            ahead = sorted(possible, key=lambda key: (round(away(key)[0]), away(key)[1]))[:1]
        for layer, place in ahead:
            channel = self.content.channel(layer, place)
            if channel is not None:
                self.chosen.emit(layer, channel)
                self._bring_into_sight(plan.tiles[layer, place])

    def _place(self) -> tuple[str, int] | None:
        """Where the selected map stands, if it is one of those that are shown."""
        if self.content.selected is None:
            return None
        layer, channel = self.content.selected
        maps = self.content.maps.get(layer)
        return (layer, maps.channels.index(channel)) if maps and channel in maps.channels else None

    def _bring_into_sight(self, box: QRectF) -> None:
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea):
            center = box.center().toPoint()
            area.ensureVisible(center.x(), center.y(), round(box.width()), round(box.height()))

    # What Qt calls

    def sizeHint(self) -> QSize:
        return QSize(760, 460)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._plan is not None:
            paint_flow(QPainter(self), self._plan, self.content, self.hasFocus())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self.tile_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self.tile_at(event.position())
        if found is not None and found == self._pressed:
            self.chosen.emit(*found)
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._step(*step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


class FlowArea(QScrollArea):
    """The flow where it is wider than the room: it is scrolled, the maps stay large enough to tap."""

    def __init__(self, view: FlowView) -> None:
        super().__init__()
        self.setWidget(view)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view = view

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._view.refresh()
