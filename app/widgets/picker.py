"""One choice of many: a list that opens under a word that says what is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import label
from app.widgets.select import Select

LETTERS = 20  # that are in sight, whatever is offered


class Picker(QWidget):
    """Signals: chosen(str): the key of what was picked (not sent by `choose` and `offer`)."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = Select(name, LETTERS)
        self.list.activated.connect(lambda _place: self.chosen.emit(self.key))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(name, "small"))
        column.addWidget(self.list)

    @property
    def key(self) -> str:
        """The key of what is chosen; "" while nothing is offered."""
        return str(self.list.currentData() or "")

    @property
    def words(self) -> str:
        """What is chosen, as it is shown."""
        return self.list.currentText()

    def offer(self, options: Mapping[str, str]) -> None:
        """Offers keys with their words; what was chosen stays so where it is still there, else the first."""
        before = self.key
        self.list.clear()
        for key, words in options.items():
            self.list.addItem(words, key)
        self.choose(before)

    def choose(self, key: str) -> None:
        """Chooses without telling anyone; the first for a key that is not there."""
        self.list.choose(key)
