"""The numbers of a figure as a real table: to be read line by line, by eye or by ear, and copied."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from app.archive_words import decimal
from app.export.numbers import plain, tabbed
from app.figure import Cell, Figure, Table
from app.theme import label

Index = QModelIndex | QPersistentModelIndex
DIGITS = 6  # that are shown; copied and saved numbers have all


def shown(value: Cell) -> str:
    """A number as the visitor's country writes it; nothing for what is not known."""
    value = plain(value)
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.{DIGITS}g}" if abs(value) < 1e-3 or abs(value) >= 1e9 else decimal(value, DIGITS)
    return str(value) if isinstance(value, str) else f"{value:.0f}"


class TableModel(QAbstractTableModel):
    """Rows and headings of a figure's numbers; nothing is copied."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._table.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._table.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._table.columns[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = 0) -> Any:
        value = self._table.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(value, str):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return shown(value) if role == Qt.ItemDataRole.DisplayRole else None


class TableDialog(QDialog):
    """One figure's numbers, below the sentences that say what it shows."""

    def __init__(self, figure: Figure, parent: QWidget) -> None:
        super().__init__(parent)
        self._room_for_it = QSize(parent.width() - 40, parent.height() - 40)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(figure.title)
        self._figure = figure
        self.view = QTableView()
        self.view.setModel(TableModel(figure.table()))
        self.view.setAccessibleName(figure.title)
        self.view.setAccessibleDescription(figure.description)
        self.view.setTabKeyNavigation(False)
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(6 * self.fontMetrics().averageCharWidth())
        copy, close = QPushButton(self.tr("Copy the numbers")), QPushButton(self.tr("Close"))
        copy.clicked.connect(self.copy)
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addWidget(copy)
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(label(figure.title, "heading"))
        column.addWidget(label(figure.description, "body"))
        column.addWidget(self.view, 1)
        column.addLayout(row)
        self.view.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(860, 620).boundedTo(self._room_for_it)

    def copy(self) -> None:
        """Puts headings and rows on the clipboard, for a spreadsheet."""
        QGuiApplication.clipboard().setText(tabbed(self._figure))
