"""When the halves of a network came apart: one measure over the snapshots, beside what random teams do."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.archive_words import decimal
from app.figure import Table
from app.filter_mosaic import fraction_of
from app.measure_words import measure_name
from app.theme import current, label
from app.widgets.curve_plot import Curve, CurvePlot, Curves, Moment, Panel, paint
from reproduction.analysis.findings import Past
from reproduction.analysis.runs import Onset


class OnsetCard(QFrame):
    """Shows what `show_past` is given."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._sentence = label("", "body")
        self.plot = CurvePlot()
        self._name, self._past = "", Past(np.zeros(0), {})
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.addWidget(label(self.tr("When did it happen?"), "heading"))
        column.addWidget(self._sentence)
        column.addWidget(self.plot, 1)

    @staticmethod
    def can_show(past: Past | None, name: str) -> bool:
        """Whether the measure was followed over several snapshots."""
        return past is not None and name in past.curves and len(past.epochs) > 1

    def show_past(self, past: Past, name: str) -> None:
        """Shows the curve of a measure that was followed."""
        curve = past.curves[name]
        self._name, self._past = name, past
        halves = Curve(self.tr("halves"), "test", past.epochs, 100 * curve.separations)
        teams = Curve(self.tr("99 of 100 random teams"), "train", past.epochs, 100 * curve.limits)
        title = self.tr("{0}: cases of 100 in which one side wins").format(measure_name(name))
        marks = (
            (Moment(float(past.epochs[curve.split]), self.tr("they come apart")),) if curve.split > 0 else ()
        )
        self.plot.show_figure(Curves((Panel(title, "", (halves, teams)),), marks, self.tr("Epochs")))
        self._sentence.setText(self.sentence)
        self.plot.setAccessibleName(self.tr("When the halves came apart"))
        self.plot.setAccessibleDescription(self.sentence)

    @property
    def sentence(self) -> str:
        """What the curve says."""
        curve = self._past.curves[self._name]
        if curve.split < 0:
            sentence = self.tr(
                "In this measure ({0}) the halves never come apart for good: at the end one side wins in {1}"
                " of 100 cases, and random teams reach {2}."
            )
            return sentence.format(measure_name(self._name), *self._ends(curve))
        sentence = self.tr(
            "In this measure ({0}) the halves are apart from epoch {1} on: at the end one side wins in {2} of"
            " 100 cases, and random teams reach {3}."
        )
        epoch = fraction_of(float(self._past.epochs[curve.split]))
        return sentence.format(measure_name(self._name), epoch, *self._ends(curve))

    def paint(self, painter: QPainter, box: QRectF) -> None:
        """The curve, into a rectangle."""
        painter.translate(box.topLeft())
        paint(painter, self.plot.figure, current(), box.width(), box.height(), None)

    def _ends(self, curve: Onset) -> tuple[str, str]:
        return decimal(100 * curve.separations[-1], 0), decimal(100 * curve.limits[-1], 0)

    def table(self) -> Table:
        """The curves of every measure that was followed."""
        names = [f"{name} {what}" for name in self._past.curves for what in ("halves", "random teams")]
        columns = [side for one in self._past.curves.values() for side in (one.separations, one.limits)]
        rows = [tuple(float(value) for value in row) for row in zip(self._past.epochs, *columns, strict=True)]
        return Table(("epoch", *names), rows)
