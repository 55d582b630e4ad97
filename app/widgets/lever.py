"""A switch that is thrown: on or off, with the words of what it switches."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from app.theme import TARGET_PX, column_pen, current

TRACK_WIDTH, TRACK_HEIGHT, SPACE, SIDE = 46.0, 24.0, 12.0, 12.0


class Lever(QAbstractButton):
    """Checked is on. `clicked` says that somebody threw it; `setChecked` shows the state."""

    def __init__(self, name: str, column: int | None = None) -> None:
        """`name` is what it switches; with `column`, it bears the column's colour and line."""
        super().__init__()
        self._name, self._column = name, column
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._say)
        self._say()

    def explain(self, reason: str) -> None:
        """Disables the lever for that reason; the empty text enables it."""
        self.setEnabled(not reason)
        self.setToolTip(reason)
        self.setAccessibleDescription(reason)

    def _say(self) -> None:
        self.setText(self._words(self.isChecked()))
        self.setAccessibleName(self.text())
        self.update()

    def _words(self, on: bool) -> str:
        return (self.tr("{0}: on") if on else self.tr("{0}: off")).format(self._name)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        words = max(metrics.horizontalAdvance(self._words(on)) for on in (True, False))
        height = max(TARGET_PX, metrics.height() + 16)
        return QSize(round(words + TRACK_WIDTH + SPACE + 2 * SIDE + 2), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        painter.setBrush(QColor(theme.hover if self.underMouse() and self.isEnabled() else theme.card))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.focus), 3))
        else:
            painter.setPen(QPen(QColor(theme.edge if self.isEnabled() else theme.line), 1))
        painter.drawRoundedRect(frame, 8, 8)
        track = QRectF(SIDE, (self.height() - TRACK_HEIGHT) / 2, TRACK_WIDTH, TRACK_HEIGHT)
        self._paint_track(painter, track)
        painter.setPen(QColor(theme.text if self.isEnabled() else theme.edge))
        left = track.right() + SPACE
        words = QRectF(left, 0, self.width() - left - 2, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())

    def _paint_track(self, painter: QPainter, track: QRectF) -> None:
        """Filled while on; an empty ring, with the knob at the other end, while off."""
        theme, on = current(), self.isChecked()
        pen = column_pen(self._column) if self.isEnabled() else QPen(QColor(theme.line), 2)
        painter.setPen(pen)
        fill = QColor(theme.card)
        if on and self.isEnabled():
            fill = theme.column(self._column)
        painter.setBrush(fill)
        painter.drawRoundedRect(track, TRACK_HEIGHT / 2, TRACK_HEIGHT / 2)
        knob = QRectF(0, 0, TRACK_HEIGHT - 8, TRACK_HEIGHT - 8)
        reach = TRACK_WIDTH / 2 - TRACK_HEIGHT / 2
        knob.moveCenter(track.center())
        knob.translate(reach if on else -reach, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.card if on and self.isEnabled() else pen.color()))
        painter.drawEllipse(knob)
