"""The training room: curves of the run, live while it goes on, what was changed when, and all the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.archive_words import count, decimal, percent
from app.document import OpenArchive
from app.figure import Figure, Table
from app.room import Museum, Room
from app.run_progress import changes, planned_epochs, standing
from app.theme import current, label
from app.widgets.choice import Choice
from app.widgets.curve_plot import Curve, CurvePlot, Curves, Moment, Panel, nearest, paint

MARGIN_PX = 36
GUESSES = 5  # counted where the archive does not say how many
LOWEST = 0.5  # height of the plot at least, as a part of the room's height
WIDEST = 0.7  # ... though no more than this part of its width
TALLEST = 1.0  # height of the plot's card as a part of the room's width
LOOK_AT_CLOCK_MS = 5000  # a run that falls silent is noticed without any change on disk
COLUMNS = ("epoch", "step", "images", "loss", "top1", "topk", "seconds")
Index = QModelIndex | QPersistentModelIndex


def figure_of(archive: OpenArchive, error: str, words: dict[str, str]) -> Curves:
    """The curves of an archive; `error` is "top1" or "topk", `words` the texts in the visitor's language."""
    tables = (("train", archive.history.train), ("test", archive.history.tests_alike))
    panels = []
    for title, unit, column, factor in (
        (words["loss"], "", "loss", 1.0),
        (words["error"], " %", error, 100.0),
    ):
        curves = tuple(
            Curve(words[role], role, table["epoch"], table[column] * factor)
            for role, table in tables
            if len(table)
        )
        panels.append(Panel(title, unit, curves))
    end = planned_epochs(archive)
    # What was noted when all was over bent no curve, and beside the end there is no room for it.
    bends = [change for change in changes(archive) if end == 0 or change.epoch < end]
    marks = tuple(Moment(change.epoch, change.words) for change in bends)
    return Curves(tuple(panels), marks, words["epochs"], end)


def rows_of(archive: OpenArchive) -> list[tuple[str, dict[str, Any]]]:
    """All reports in the order of training: ("train" or "test", the numbers by name)."""
    rows = [
        (role, {name: row[name].item() for name in COLUMNS})
        for role, table in (("train", archive.history.train), ("test", archive.history.test))
        for row in table
    ]
    return sorted(rows, key=lambda entry: entry[1]["step"])


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


class TrainingRoom(Room):
    """Shows the history of the current archive and follows it."""

    NAME = "training"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self.banner = label("", "lead")
        self.plot = CurvePlot()
        self.read_out = label("", "muted")
        self.happened = label("", "body")
        self.model = ReportsModel()
        self._error = Choice(
            self.tr("An answer is wrong when the class is not"),
            {"top1": self.tr("the first guess"), "topk": self.tr("among the first few")},
        )
        self._clock = QTimer(self, interval=LOOK_AT_CLOCK_MS)
        self._clock.timeout.connect(self._show_standing)
        self._lay_out()
        self._error.chosen.connect(self._on_current_change)
        self.plot.pointed.connect(self._on_pointed)
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_archive_update)
        self._clock.start()
        self._on_current_change()

    # Layout

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN_PX, 30, MARGIN_PX, 30)
        column.setSpacing(12)
        column.addWidget(label(self.tr("How it learnt"), "title"))
        self._banner_frame = QFrame()
        self._banner_frame.setProperty("role", "banner")
        inside = QVBoxLayout(self._banner_frame)
        inside.setContentsMargins(20, 14, 20, 14)
        inside.addWidget(self.banner)
        column.addWidget(self._banner_frame)
        column.addWidget(self._make_plot_card(), 1000)
        column.addWidget(self._make_happened_card())
        column.addWidget(self._make_table_card(), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _make_plot_card(self) -> QFrame:
        self._plot_card = _card()
        head = QHBoxLayout()
        head.addWidget(self._error)
        head.addStretch(1)
        head.addWidget(self.figure_button("training"), 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self._plot_card)
        column.setContentsMargins(20, 14, 20, 14)
        column.addLayout(head)
        column.addWidget(self.plot, 1)
        column.addWidget(self.read_out)
        return self._plot_card

    def _make_happened_card(self) -> QFrame:
        self._happened_card = _card()
        column = QVBoxLayout(self._happened_card)
        column.setContentsMargins(20, 16, 20, 16)
        column.addWidget(label(self.tr("What was changed, and when"), "heading"))
        column.addWidget(self.happened)
        return self._happened_card

    def _make_table_card(self) -> QFrame:
        card = _card()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("All reports of the run"))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        self.table.setMinimumHeight(14 * self.fontMetrics().lineSpacing())
        export = self.figure_button("training", self.tr("Save the numbers…"))
        head = QHBoxLayout()
        head.addWidget(label(self.tr("The numbers"), "heading"), 1)
        head.addWidget(export)
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 14, 20, 16)
        column.addLayout(head)
        column.addWidget(self.table)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:
        # The curves fill most of the first screen; in a tall window the table gets what they need not.
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        self.plot.setMinimumHeight(int(min(LOWEST * height, WIDEST * width)))
        self._plot_card.setMaximumHeight(
            max(self._plot_card.minimumSizeHint().height(), int(TALLEST * width))
        )

    # Following the document

    def _on_archive_update(self, archive: OpenArchive) -> None:
        if archive is self._document.current:
            self._on_current_change()

    def _on_current_change(self, _chosen: str = "") -> None:
        archive = self._document.current
        self._show_standing()
        if archive is None:
            self.plot.show_figure(Curves((), (), ""))
            self.model.show_rows([], GUESSES)
            self.read_out.setText(self.tr("Open an archive to see how its network learnt."))
            self.plot.setAccessibleName(self.read_out.text())
            self._happened_card.hide()
            return
        k = int(archive.history.test["k"][-1]) if len(archive.history.test) else GUESSES
        self.plot.show_figure(figure_of(archive, self._error.key, self._words(k)))
        self.plot.setAccessibleName(self._in_words(archive))
        self.model.show_rows(rows_of(archive), k)
        self._show_changes(archive)
        self._on_pointed(self.plot.at)

    def _words(self, k: int) -> dict[str, str]:
        few = self.tr("Right answer not among the first {0}").format(k)
        return {
            "loss": self.tr("Loss"),
            "error": self.tr("Wrong answers") if self._error.key == "top1" else few,
            "train": self.tr("training"),
            "test": self.tr("test"),
            "epochs": self.tr("Epochs: passes over all training pictures"),
        }

    def _show_standing(self) -> None:
        archive = self._document.current
        sentence = "" if archive is None else standing(archive)
        self.banner.setText(sentence)
        self._banner_frame.setVisible(bool(sentence))

    def _show_changes(self, archive: OpenArchive) -> None:
        line = self.tr("Epoch {0}: {1}")
        lines = [line.format(f"{change.epoch:.4g}", change.words) for change in changes(archive)]
        self.happened.setText("\n".join(lines))
        self._happened_card.setVisible(bool(lines))

    def _on_pointed(self, at: float | None) -> None:
        archive = self._document.current
        if archive is None:
            return
        if at is None:
            self.read_out.setText(self._in_words(archive))
            return
        parts = []
        for panel in self.plot.figure.panels:
            for curve in panel.curves:
                near = nearest(curve, at)
                if near is not None:
                    value = decimal(near[1], 1 if panel.unit else 3) + panel.unit
                    parts.append(self.tr("{0}, {1}: {2}").format(panel.title, curve.name, value))
        head = self.tr("Epoch {0}").format(decimal(at, 2))
        self.read_out.setText("  ·  ".join([head, *parts]))

    def _in_words(self, archive: OpenArchive) -> str:
        """The curves for the ear, and under the figure while nothing is pointed at."""
        test = archive.history.tests_alike
        if not len(test):
            return self.tr("No test has been reported yet. Point at a curve to read it.")
        best = int(np.argmin(test["top1"]))
        sentence = self.tr(
            "Wrong on {0} % of the test pictures at first, on {1} % at last; best {2} % at epoch {3}."
            " Point at a curve to read it."
        )
        return sentence.format(
            percent(test["top1"][0]),
            percent(test["top1"][-1]),
            percent(test["top1"][best]),
            decimal(test["epoch"][best], 1),
        )

    # Taking it home

    def figures(self) -> list[Figure]:
        """The curves, with all reports as their numbers."""
        archive = self._document.current
        if archive is None:
            return []
        return [
            Figure(
                name="training",
                title=self.tr("How {0} learnt").format(archive.name),
                description=self._in_words(archive),
                paint=self._paint_curves,
                size=(float(self.plot.width()), float(self.plot.height())),
                table=lambda: Table(
                    ("kind", *COLUMNS), [(role, *numbers.values()) for role, numbers in rows_of(archive)]
                ),
                widget=self.plot,
            )
        ]

    def _paint_curves(self, painter: QPainter, box: QRectF) -> None:
        painter.translate(box.topLeft())
        paint(painter, self.plot.figure, current(), box.width(), box.height(), None)


def _card() -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    return card
