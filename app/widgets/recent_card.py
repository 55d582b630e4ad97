"""Archives at hand: those opened before (pin to keep, clear; what is gone is greyed), those that ship."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.document import shipped_archives
from app.settings import Settings
from app.theme import label


class RecentCard(QFrame):
    """Signal: chosen(Path): open that archive."""

    chosen = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._settings = settings
        self.rows: dict[Path, tuple[QPushButton, QPushButton]] = {}
        self._list = QVBoxLayout()
        self.clear_button = QPushButton(self.tr("Clear"))
        self.clear_button.setAccessibleDescription(self.tr("Forgets all archives that are not pinned"))
        self.clear_button.clicked.connect(self._clear)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Opened before"), "heading"), 1)
        head.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.addLayout(head)
        column.addLayout(self._list)

    def follow(self) -> None:
        """Shows what is remembered now; hides itself when nothing is."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        paths = self._settings.recent
        self.rows = {path: self._row(path) for path in paths}
        self.clear_button.setEnabled(any(path not in self._settings.pinned for path in paths))

    def _row(self, path: Path) -> tuple[QPushButton, QPushButton]:
        there = path.exists()
        opener = QPushButton(path.stem if there else self.tr("{0} (gone)").format(path.stem))
        opener.setEnabled(there)
        opener.setToolTip(str(path))
        opener.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        opener.clicked.connect(lambda: self.chosen.emit(path))
        pin = QPushButton(self.tr("Pin"))
        pin.setCheckable(True)
        pin.setChecked(path in self._settings.pinned)
        pin.setAccessibleName(self.tr("Pin {0}").format(path.stem))
        pin.toggled.connect(lambda pinned: self._pin(path, pinned))
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(opener, 1)
        line.addWidget(pin)
        self._list.addWidget(row)
        return opener, pin

    def _pin(self, path: Path, pinned: bool) -> None:
        self._settings.pin(path, pinned)
        self.clear_button.setEnabled(any(path not in self._settings.pinned for path in self.rows))

    def _clear(self) -> None:
        self._settings.forget_recent()
        self.follow()


class ShippedCard(QFrame):
    """The archives that come with the museum. Signal: chosen(Path): open that archive."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.addWidget(label(self.tr("Networks that come with the museum"), "heading"))
        self.buttons: dict[Path, QPushButton] = {}
        for path in shipped_archives():
            button = QPushButton(path.stem)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, shipped=path: self.chosen.emit(shipped))
            column.addWidget(button)
            self.buttons[path] = button
