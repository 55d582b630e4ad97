"""One sentence across the top of the window: what went wrong and what to do. Never in the way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton


class MessageBar(QFrame):
    """Hidden until there is something to say; stays until it is closed or something newer is said."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "message")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._close = QPushButton(self.tr("Close"))
        self._close.setAccessibleName(self.tr("Close the message"))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 8, 16, 8)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """What is being said, or the empty text."""
        return "" if self.isHidden() else self._text.text()

    def show_message(self, sentence: str) -> None:
        """Says one sentence, also to a screen reader."""
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def withdraw(self, sentence: str) -> None:
        """Says that sentence no more: it is not so any longer."""
        if self.text == sentence:
            self.hide()
