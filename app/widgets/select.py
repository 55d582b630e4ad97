"""A list that drops down, as wide as its longest entry may need, with an arrow in the theme's colours."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox

from app.theme import current

ARROW_PX = 5.0
INSET_PX = 18.0  # from the far edge to the middle of the arrow
ROOM = 3  # letters that the arrow takes


class Select(QComboBox):
    """`letters` are always in sight, and more where the entries need them and there is room."""

    def __init__(self, name: str, letters: int) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setAccessibleDescription(name)  # on some systems a box is called by what is chosen in it
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(letters + ROOM)

    def choose(self, data: object) -> None:
        """Chooses the entry that stands for `data` without telling anyone; the first where none does."""
        self.setCurrentIndex(max(0, self.findData(data)))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        middle = QPointF(INSET_PX if mirrored else self.width() - INSET_PX, self.height() / 2)
        corners = [
            QPointF(-ARROW_PX, -ARROW_PX / 2),
            QPointF(0, ARROW_PX / 2),
            QPointF(ARROW_PX, -ARROW_PX / 2),
        ]
        painter.setPen(QPen(QColor(current().text if self.isEnabled() else current().edge), 2))
        painter.drawPolyline(QPolygonF([middle + corner for corner in corners]))
