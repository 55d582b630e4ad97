"""The strip above a room: how deep to look, and what is always at hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from app.room import DEPTHS


class Header(QFrame):
    """Signal: depthChosen(str): "look", "try" or "study" was pressed."""

    depthChosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "header")
        words = {"look": self.tr("Look"), "try": self.tr("Try"), "study": self.tr("Study")}
        hints = {
            "look": self.tr("One picture and one sentence"),
            "try": self.tr("One thing to change"),
            "study": self.tr("Every control and every number"),
        }
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(20, 0, 16, 0)
        self._row.setSpacing(4)
        for place, depth in enumerate(DEPTHS):
            button = QPushButton(words[depth])
            button.setCheckable(True)
            button.setToolTip(hints[depth])
            button.setAccessibleName(self.tr("How deep: {0}").format(words[depth]))
            button.setAccessibleDescription(hints[depth])
            button.setProperty("role", "quiet")
            self._group.addButton(button, place)
            self._row.addWidget(button)
        self._row.addStretch(1)
        self._group.idClicked.connect(lambda place: self.depthChosen.emit(DEPTHS[place]))

    def add(self, *widgets: QWidget) -> None:
        """Puts more at the far end."""
        for widget in widgets:
            self._row.addWidget(widget)

    def show_depth(self, depth: str, offered: Sequence[str]) -> None:
        """Marks the depth that is shown; those that mean nothing in this room cannot be chosen."""
        self._group.button(DEPTHS.index(depth)).setChecked(True)
        for place, name in enumerate(DEPTHS):
            self._group.button(place).setVisible(name in offered)
