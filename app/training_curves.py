"""The curves of one run, or of two, as a figure, as rows of numbers, and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.archive_words import decimal, percent
from app.document import OpenArchive
from app.run_progress import changes, planned_epochs
from app.widgets.curve_plot import Curve, Curves, Moment, Panel, nearest

COLUMNS = ("epoch", "step", "images", "loss", "top1", "topk", "seconds")
Row = tuple[str, dict[str, Any]]


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("curves", text)


def guesses(archive: OpenArchive, otherwise: int = 5) -> int:
    """How many guesses the second error of this run counts."""
    test = archive.history.test
    return int(test["k"][-1]) if len(test) else otherwise


def names(k: int, error: str) -> dict[str, str]:
    """What panels and curves are called; `error` is "top1" or "topk"."""
    few = tr("Right answer not among the first {0}").format(k)
    return {
        "loss": tr("Loss"),
        "error": tr("Wrong answers") if error == "top1" else few,
        "train": tr("training"),
        "test": tr("test"),
        "other train": tr("other, training"),
        "other test": tr("other, test"),
        "epochs": tr("Epochs: passes over all training pictures"),
    }


def figure_of(
    archive: OpenArchive, error: str, with_loss: bool = True, other: OpenArchive | None = None
) -> Curves:
    """The curves of `archive` and, dashed, of `other`; `error` is "top1" or "topk"."""
    words = names(guesses(archive), error)
    panels = [Panel(words["loss"], "", _curves(archive, other, "loss", 1.0, words))] if with_loss else []
    panels.append(Panel(words["error"], " %", _curves(archive, other, error, 100.0, words)))
    end = planned_epochs(archive)
    # What was noted when all was over bent no curve, and beside the end there is no room for it.
    bends = [change for change in changes(archive) if end == 0 or change.epoch < end]
    marks = tuple(Moment(change.epoch, change.words) for change in bends)
    return Curves(tuple(panels), marks, words["epochs"], end)


def _curves(
    archive: OpenArchive, other: OpenArchive | None, column: str, factor: float, words: Mapping[str, str]
) -> tuple[Curve, ...]:
    tables = [("train", archive.history.train), ("test", archive.history.tests_alike)]
    if other is not None:
        tables += [("other train", other.history.train), ("other test", other.history.tests_alike)]
    return tuple(
        Curve(words[role], role, table["epoch"], table[column] * factor)
        for role, table in tables
        if len(table)
    )


def rows_of(archive: OpenArchive) -> list[Row]:
    """All reports in the order of training: ("train" or "test", the numbers by name)."""
    rows = [
        (role, {name: row[name].item() for name in COLUMNS})
        for role, table in (("train", archive.history.train), ("test", archive.history.test))
        for row in table
    ]
    return sorted(rows, key=lambda entry: entry[1]["step"])


def in_words(archive: OpenArchive) -> str:
    """The curves for the ear, and under the figure while nothing is pointed at."""
    test = archive.history.tests_alike
    if not len(test):
        return tr("No test has been reported yet.")
    best = int(np.argmin(test["top1"]))
    sentence = tr("Wrong on {0} % of the test pictures at first, on {1} % at last; best {2} % at epoch {3}.")
    return sentence.format(
        percent(test["top1"][0]),
        percent(test["top1"][-1]),
        percent(test["top1"][best]),
        decimal(test["epoch"][best], 1),
    )


def compared(archive: OpenArchive, other: OpenArchive) -> str:
    """Which of two runs was wrong less often at its end."""
    ends = [run.history.tests_alike["top1"][-1:] for run in (archive, other)]
    if not all(len(end) for end in ends):
        return tr("Dashed: {0}. One of the two has not been tested yet.").format(other.title)
    mine, others = (percent(end[0]) for end in ends)
    sentence = tr("Dashed: {0}. At the end it is wrong on {1} % of its test pictures, {2} on {3} %.")
    return sentence.format(other.title, others, archive.title, mine)


def read_out(figure: Curves, at: float) -> str:
    """Every curve at one epoch."""
    parts = [tr("Epoch {0}").format(decimal(at, 2))]
    for panel in figure.panels:
        for curve in panel.curves:
            near = nearest(curve, at)
            if near is not None:
                value = decimal(near[1], 1 if panel.unit else 3) + panel.unit
                parts.append(tr("{0}, {1}: {2}").format(panel.title, curve.name, value))
    return "  ·  ".join(parts)
