"""Many pictures and what the network said of each: progress, a table, and ways to stop and to keep it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.answers import Row, percent, results_csv
from app.batch import Batch
from app.safe_file import replace_text
from app.theme import label

TABLE_PX = 180  # three rows below the headings

Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """The rows of a batch as a table of words."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self._batch = batch
        self._shown = 0  # rows that the views know of
        self._headings = (self.tr("Picture"), self.tr("Best guess"), self.tr("Sure"), self.tr("Second guess"))
        batch.answered.connect(self._on_answer)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  an empty index is a value
        return 0 if parent.isValid() else self._shown

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._headings)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._headings[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._batch.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._words(row)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _words(self, row: Row) -> tuple[str, str, str, str]:
        if row.answer is None or not row.answer.guesses:
            return row.name, row.error, "", ""
        best, *others = row.answer.guesses
        if row.answer.abstains:
            words = self.tr("no good word ({0})").format(best.short)
            return row.name, words, percent(best.probability), ""
        second = f"{others[0].short}  {percent(others[0].probability)}" if others else ""
        return row.name, best.short, percent(best.probability), second

    def clear(self) -> None:
        """Begins with no rows."""
        self.beginResetModel()
        self._shown = 0
        self.endResetModel()

    def _on_answer(self, place: int) -> None:
        self.beginInsertRows(QModelIndex(), place, place)
        self._shown = place + 1
        self.endInsertRows()


class BatchTable(QWidget):
    """Shows a batch while it runs and afterwards.

    Signals:
        pictureChosen(int): the place of the picture whose row was chosen.
        closed: the visitor goes back to single pictures.
        failed(str): the table could not be saved.
    """

    pictureChosen = Signal(int)
    closed = Signal()
    failed = Signal(str)

    def __init__(self, batch: Batch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch = batch
        self._model = RowsModel(batch)
        self.progress = label("", "heading", wrap=False)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self.cancel_button = QPushButton(self.tr("Stop"))
        self.keep_button = QPushButton(self.tr("Save as table (CSV)…"))
        self.close_button = QPushButton(self.tr("Done"))
        self.table = self._make_table()
        self._lay_out()
        self.cancel_button.clicked.connect(batch.cancel)
        self.keep_button.clicked.connect(self.ask_and_save)
        self.close_button.clicked.connect(self.closed)
        batch.answered.connect(self._follow)
        batch.ended.connect(self._follow)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(36)
        table.setShowGrid(False)
        table.setStyleSheet("QTableView::item { padding: 0 8px; }")
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        table.setAccessibleName(self.tr("Guesses for many pictures"))
        table.selectionModel().currentRowChanged.connect(lambda new, _old: self._choose(new.row()))
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.cancel_button, self.keep_button, self.close_button):
            row.addWidget(button)
        row.addStretch()
        self.table.setMinimumHeight(TABLE_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.progress)
        column.addWidget(self._bar)
        column.addLayout(row)
        column.addWidget(self.table, 1)

    def begin(self) -> None:
        """A new batch has started: forgets the rows of the one before."""
        self._model.clear()
        self._bar.setRange(0, self._batch.total)
        self._follow()

    def save(self, path: Path) -> None:
        """Writes all answers as CSV. Raises OSError."""
        replace_text(path, results_csv(self._batch.rows))

    def ask_and_save(self) -> None:
        """The file dialog, then the file; says so when it cannot be written."""
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save as table"), "guesses.csv", "*.csv")
        if name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(".csv")
            try:
                self.save(path)
            except OSError as error:
                sentence = self.tr("{0} could not be written: {1}.")
                self.failed.emit(sentence.format(path.name, error.strerror or error))

    def _choose(self, place: int) -> None:
        if place >= 0:
            self.pictureChosen.emit(place)

    def _follow(self, _place: int = 0) -> None:
        done, total = len(self._batch.rows), self._batch.total
        failed = sum(1 for row in self._batch.rows if row.answer is None)
        text = self.tr("{0} of {1}").format(done, total)
        if failed:
            text += self.tr(", {0} could not be read").format(failed)
        self.progress.setText(text)
        self._bar.setValue(done)
        self.cancel_button.setVisible(self._batch.running)
        self.keep_button.setEnabled(done > 0)
