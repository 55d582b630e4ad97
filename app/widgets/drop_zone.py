"""Says where files can be dropped. The window takes them, wherever they fall."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.theme import current, label

INSET_PX = 2.0
CORNER_PX = 10.0


class DropZone(QFrame):
    """A dashed frame with a sentence and the button of the file dialog."""

    def __init__(self) -> None:
        super().__init__()
        self.open_button = QPushButton(self.tr("Open an archive…"))
        words = self.tr("Drop an archive or a picture here, or anywhere in this window.")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 12, 16, 12)
        row.setSpacing(14)
        row.addWidget(label(words, "muted"), 1)
        row.addWidget(self.open_button)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current().edge), 1.5, Qt.PenStyle.DashLine))
        inner = QRectF(self.rect()).adjusted(INSET_PX, INSET_PX, -INSET_PX, -INSET_PX)
        painter.drawRoundedRect(inner, CORNER_PX, CORNER_PX)
