"""A table of words that is as high as its rows and part of the page that it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.theme import TARGET_PX

Index = QModelIndex | QPersistentModelIndex


class WordsModel(QAbstractTableModel):
    """Headings and rows of words; all but the first column is numbers, to the right."""

    def __init__(self) -> None:
        super().__init__()
        self._headings: tuple[str, ...] = ()
        self._rows: Sequence[Sequence[str]] = ()

    def show_words(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Replaces everything."""
        self.beginResetModel()
        self._headings, self._rows = tuple(headings), rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._headings[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self._rows[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None


class WordTable(QTableView):
    """Signal: chosen(int): the row that was chosen."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        """`name` is what the table is called for those who hear it."""
        super().__init__()
        self.words = WordsModel()
        self.setModel(self.words)
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setStyleSheet("QTableView::item { padding: 0 8px; }")
        self.selectionModel().currentRowChanged.connect(lambda new, _old: self._choose(new.row()))

    def show_words(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Replaces everything; nothing is chosen then."""
        self.words.show_words(headings, rows)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        row_px = max(TARGET_PX, self.fontMetrics().lineSpacing() + 16)
        self.verticalHeader().setDefaultSectionSize(row_px)
        bar = self.horizontalScrollBar().sizeHint().height()
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(head + row_px * self.words.rowCount() + bar + 2 * self.frameWidth() + 4)

    def _choose(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)
