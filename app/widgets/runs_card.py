"""Several open archives beside each other: how far apart the halves of each are, in every measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from app.archive_words import count, decimal
from app.figure import Table
from app.halves_words import p_words
from app.measure_words import measure_name
from app.theme import label
from app.widgets.strips import Strip, Strips
from app.widgets.word_table import WordTable
from reproduction.analysis.across_runs import AcrossRuns
from reproduction.analysis.findings import Halves, Judgement, Verdict
from reproduction.analysis.runs import LEAST_RUNS


class RunsCard(QFrame):
    """Shows what `show_runs` is given; `compare_button` is for the room to connect."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.compare_button = QPushButton()
        self.table = WordTable(self.tr("Archives beside each other"))
        self._sentence = label("", "body")
        self._found: AcrossRuns | None = None
        self._names: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        column.addWidget(label(self.tr("Across archives"), "heading"))
        column.addWidget(self._sentence)
        column.addWidget(self.compare_button)
        column.addWidget(self.table)

    def offer(self, archives: int) -> None:
        """Says how many archives are open; what was compared before is gone."""
        self._found = None
        self.table.hide()
        self.compare_button.setVisible(archives > 1)
        self.compare_button.setEnabled(True)
        self.compare_button.setText(self.tr("Compare the {0} open archives").format(count(archives)))
        self._sentence.setText(
            self.tr("One trained network is one case: open more archives to see whether it happens again.")
            if archives < 2
            else self.tr("One trained network is one case. Does it happen again in the others?")
        )

    def say(self, sentence: str) -> None:
        """Says what goes on, or went wrong."""
        self._sentence.setText(sentence)

    def show_runs(self, found: AcrossRuns, names: Sequence[str]) -> None:
        """Shows the answer about the archives called `names`."""
        self._found, self._names = found, tuple(names)
        self._sentence.setText(self.sentence)
        headings = [self.tr("Measure"), *(self._heading(place) for place in range(len(names)))]
        headings += [self.tr("p"), self.tr("q")]
        rows = [[self.tr("Verdict"), *(self._verdict(one) for one in found.judgements), "", ""]]
        for row in found.rows:
            columns, controls = row.comparison.separations.tolist(), row.comparison.controls.tolist()
            if len(columns) + len(controls) == len(names):  # else one of them has too few values to be listed
                values = [
                    (columns if halves is Halves.COLUMNS else controls).pop(0) for halves in found.halves
                ]
                cells = [decimal(100 * value, 0) for value in values]
                words = p_words(row.comparison.p), p_words(row.q)
                rows.append([measure_name(row.name), *cells, *words])
        self.table.show_words(headings, rows)
        self.table.show()
        self.compare_button.hide()

    def _heading(self, place: int) -> str:
        assert self._found is not None
        words = self.tr("{0}, two columns"), self.tr("{0}, arbitrary halves")
        return words[self._found.halves[place] is Halves.ARBITRARY].format(self._names[place])

    def _verdict(self, one: Judgement) -> str:
        words = {
            Verdict.DIFFER: self.tr("differ"),
            Verdict.PERHAPS: self.tr("perhaps"),
            Verdict.DO_NOT_DIFFER: self.tr("do not differ"),
            Verdict.CANNOT_TELL: self.tr("cannot tell"),
        }
        return words[one.verdict]

    @property
    def shown(self) -> bool:
        """Whether an answer is shown."""
        return self._found is not None

    @property
    def sentence(self) -> str:
        """What the archives say together."""
        if self._found is None:
            return self._sentence.text()
        with_columns = sum(halves is Halves.COLUMNS for halves in self._found.halves)
        controls = len(self._found.halves) - with_columns
        if min(with_columns, controls) < LEAST_RUNS:
            sentence = self.tr(
                "{0} networks with two columns, {1} controls with arbitrary halves: cases of 100 in which"
                " one side wins. With fewer than {2} of each kind this describes, and proves nothing."
            )
            return sentence.format(count(with_columns), count(controls), count(LEAST_RUNS))
        sentence = self.tr(
            "{0} networks with two columns against {1} controls with arbitrary halves: cases of 100 in which"
            " one side wins, and how likely such a difference between the kinds is by chance."
        )
        return sentence.format(count(with_columns), count(controls))

    @property
    def strips(self) -> Strips:
        """Every measure a row; networks with two columns are dots of theirs, controls are grey."""
        rows = []
        for row in self._found.rows if self._found else ():
            for values, column in ((row.comparison.separations, 0), (row.comparison.controls, None)):
                name = self.tr("{0}, two columns") if column == 0 else self.tr("{0}, arbitrary halves")
                if len(values):
                    numbers = np.arange(len(values))
                    rows.append(Strip(name.format(measure_name(row.name)), 100 * values, column, numbers))
        return Strips(tuple(rows), self.tr("cases of 100 in which one side wins"), 50.0, 100.0)

    def numbers(self) -> Table:
        """One row a measure and archive."""
        found = self._found
        if found is None:
            return Table(("measure",), [])
        rows = []
        for row in found.rows:
            kinds = (
                ("two columns", row.comparison.separations),
                ("arbitrary halves", row.comparison.controls),
            )
            for kind, values in kinds:
                for value in values.tolist():
                    rows.append((row.name, kind, value, row.comparison.auc, row.comparison.p, row.q))
        return Table(("measure", "halves", "separation", "AUC of runs above controls", "p", "q"), rows)
