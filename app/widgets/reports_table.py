"""All reports of a run as a table, newest first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.archive_words import count, decimal, percent

LINES = 14  # of text, as high as the table is at least
Index = QModelIndex | QPersistentModelIndex


class ReportsModel(QAbstractTableModel):
    """The reports as a table, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, dict[str, Any]]] = []
        self._heads = [
            self.tr("Epoch"),
            self.tr("What"),
            self.tr("Pictures"),
            self.tr("Loss"),
            self.tr("Wrong, %"),
            "",
        ]

    def show_rows(self, rows: list[tuple[str, dict[str, Any]]], k: int) -> None:
        """Replaces the rows (in the order of training); the last column is about the first `k` guesses."""
        self.beginResetModel()
        self._rows = rows[::-1]
        self._heads[-1] = self.tr("Not in first {0}, %").format(k)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._heads[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() != 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        kind, numbers = self._rows[index.row()]
        cells = (
            decimal(numbers["epoch"], 2),
            self.tr("test") if kind == "test" else self.tr("training"),
            count(numbers["images"]),
            decimal(numbers["loss"], 3),
            percent(numbers["top1"]),
            percent(numbers["topk"]),
        )
        return cells[index.column()]


class ReportsTable(QTableView):
    """Shows a `ReportsModel`; rows are selected, columns share the width."""

    def __init__(self, model: ReportsModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName(self.tr("All reports of the run"))
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        self.setMinimumHeight(LINES * self.fontMetrics().lineSpacing())
