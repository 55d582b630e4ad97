"""The filters of another open archive, shown beside those of the current one in the same manner."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import label
from app.widgets.tile_sheet import SheetBlock, TileSheet


class Beside(QWidget):
    """A sheet with the archive's name above it."""

    def __init__(self) -> None:
        super().__init__()
        self.sheet = TileSheet()
        self._name = label("", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._name)
        column.addWidget(self.sheet, 1)

    def show_sheet(self, name: str, blocks: Sequence[SheetBlock], caption: str) -> None:
        """Shows the filters of the archive of that name."""
        self._name.setText(name)
        self.sheet.set_blocks(blocks)
        self.sheet.set_caption(caption)
        self.sheet.setAccessibleName(self.tr("Filters of {0}").format(name))
        self.sheet.setAccessibleDescription(caption)
