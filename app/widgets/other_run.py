"""Chooses a second run to be drawn beside the one that is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.document import Document, OpenArchive, shipped_archives
from app.theme import label
from app.widgets.select import Select

LETTERS = 16  # of a name that are always in sight


class OtherRun(QWidget):
    """Offers the archives that are open, shipped and recent. Signal: chosen: `archive` is another one."""

    chosen = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._paths: list[Path] = []
        self.archive: OpenArchive | None = None
        self.box = Select(self.tr("Compare with another run"), LETTERS)
        self.box.activated.connect(self._on_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(self.tr("Compare with another run"), "small"))
        column.addWidget(self.box)

    def follow(self) -> None:
        """Offers what there is now; keeps what was chosen, unless it is the run that is shown."""
        current = self._document.current
        paths = [archive.path for archive in self._document.archives]
        offered = dict.fromkeys([*paths, *shipped_archives(), *self._document.settings.recent])
        self._paths = [p for p in offered if p.exists() and (current is None or p != current.path)]
        kept = self.archive
        if kept is not None and kept.path not in self._paths:
            self.archive = kept = None
        self.box.clear()
        self.box.addItems([self.tr("none"), *(path.stem for path in self._paths)])
        self.box.setCurrentIndex(0 if kept is None else 1 + self._paths.index(kept.path))

    def choose(self, path: Path | None) -> None:
        """Compares with the archive at `path`, or with none; says why when it cannot be read."""
        known = (archive for archive in self._document.archives if archive.path == path)
        self.archive = (
            None
            if path is None
            else next(known, None) or self._document.attempt(lambda: OpenArchive(path), None)
        )
        self.box.setCurrentIndex(1 + self._paths.index(path) if path in self._paths and self.archive else 0)
        self.chosen.emit()

    def _on_chosen(self, place: int) -> None:
        self.choose(None if place < 1 else self._paths[place - 1])
