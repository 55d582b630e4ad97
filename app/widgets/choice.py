"""One choice of a few, all of them in sight: a row of buttons under a word that says what is chosen."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.theme import label


class Choice(QWidget):
    """Signals: chosen(str): the key of the button that was pressed (not sent by `choose`)."""

    chosen = Signal(str)

    def __init__(self, name: str, options: dict[str, str], parent: QWidget | None = None) -> None:
        """`options` maps keys to the words on the buttons; the first is chosen."""
        super().__init__(parent)
        self._keys = list(options)
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for place, (key, text) in enumerate(options.items()):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(place == 0)
            button.setObjectName(key)
            button.setAccessibleName(f"{name}: {text}")
            button.setStyleSheet("padding: 0 8px;")
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            self._group.addButton(button, place)
            row.addWidget(button)
        self._group.idClicked.connect(self._on_click)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(name, "small"))
        column.addLayout(row)

    @property
    def buttons(self) -> list[QAbstractButton]:
        """All of them in their order, each called by its key."""
        return self._group.buttons()

    @property
    def keys(self) -> tuple[str, ...]:
        """Everything that can be chosen."""
        return tuple(self._keys)

    @property
    def is_chosen(self) -> bool:
        """Whether any of it is."""
        return self._group.checkedId() >= 0

    @property
    def key(self) -> str:
        """The key of what is chosen; the first after `choose_none`."""
        return self._keys[max(0, self._group.checkedId())]

    def choose(self, key: str) -> None:
        """Chooses without telling anyone."""
        self._group.button(self._keys.index(key)).setChecked(True)

    def offer(self, keys: Collection[str]) -> None:
        """Shows the buttons of these keys alone."""
        for place, key in enumerate(self._keys):
            self._group.button(place).setVisible(key in keys)

    def choose_none(self) -> None:
        """Nothing of this is chosen now; tells nobody."""
        self._group.setExclusive(False)
        for button in self._group.buttons():
            button.setChecked(False)
        self._group.setExclusive(True)

    def _on_click(self, place: int) -> None:
        self.chosen.emit(self._keys[place])
