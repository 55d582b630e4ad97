"""What a room shows in place of what its archive does not hold: what is missing, and how to add it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout

from app.theme import label


class Missing(QFrame):
    """A card with one sentence and, where there is one, the command that adds what is missing."""

    def __init__(self, what: str = "", command: str = "") -> None:
        """`what` is the sentence; `command` is shown to be copied, empty for none."""
        super().__init__()
        self.setProperty("role", "card")
        self._sentence = label("", "lead")
        self._add = label(self.tr("This command adds it:"), "muted")
        self._command = QLabel()
        self._command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._command.setTextFormat(Qt.TextFormat.PlainText)
        self._command.setWordWrap(True)
        self._command.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._copy = QPushButton(self.tr("Copy the command"))
        self._copy.clicked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        for part in (self._sentence, self._add, self._command):
            column.addWidget(part)
        column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.say(what, command)

    def say(self, what: str, command: str = "") -> None:
        """Says something else."""
        self._sentence.setText(what)
        self._command.setText(command)
        self._command.setAccessibleName(self.tr("Command: {0}").format(command))
        self.setAccessibleName(what)
        for part in (self._add, self._command, self._copy):
            part.setVisible(bool(command))

    def copy(self) -> None:
        """Puts the command on the clipboard."""
        QGuiApplication.clipboard().setText(self._command.text())
