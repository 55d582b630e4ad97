"""One choice of many: a box that opens a list. Its arrow is drawn here, in the colour of the theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox, QSizePolicy

from app.theme import current

ARROW_PX, FROM_EDGE_PX = 5.0, 20.0


class Pick(QComboBox):
    """A combo box with a name for the ear; `currentData` says what is chosen."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def choose(self, data: object) -> None:
        """Chooses what stands for `data`, without telling anyone; the first where nothing does."""
        self.setCurrentIndex(max(0, self.findData(data)))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current().text), 1.6))
        left_to_right = not self.isRightToLeft()
        middle = QPointF(self.width() - FROM_EDGE_PX if left_to_right else FROM_EDGE_PX, self.height() / 2)
        down, right = QPointF(0, ARROW_PX / 2), QPointF(ARROW_PX, 0)
        painter.drawPolyline(QPolygonF([middle - right - down, middle + down, middle + right - down]))
