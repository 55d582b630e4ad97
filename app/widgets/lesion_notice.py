"""Says in a room that a part of the network is switched off, and offers the way back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.lesion_words import switched_off
from app.selected import Lesions
from app.theme import label


class LesionNotice(QFrame):
    """Is there only while something is off. Signal: restoreWanted: everything is to be switched on."""

    restoreWanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self._words = label("", "body")
        self.back_button = QPushButton(self.tr("Back to the trained network"))
        self.back_button.clicked.connect(self.restoreWanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.addWidget(self._words, 1)
        row.addWidget(self.back_button)
        self.setVisible(False)

    def show_lesions(self, lesions: Lesions) -> None:
        """Says what is off; hides when nothing is."""
        self._words.setText(self.tr("Switched off: {0}.").format(switched_off(lesions)))
        self.setVisible(bool(lesions))
