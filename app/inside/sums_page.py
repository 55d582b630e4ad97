"""One number of the network, step by step: what is read, times the weights, summed, biased, activated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from app.answers import Arrays
from app.archive_words import count, decimal
from app.figure import Cell, Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.inside.inquiry import Inquiry
from app.inside.page import Page
from app.inside.unit_card import grey
from app.theme import label
from app.widgets.pixel_view import PixelView
from app.widgets.tile_sheet import SheetBlock

SHOWN = 4  # channels (numbers of a flat input) that weigh most
TILE_PX = 76


@dataclass(frozen=True)
class Term:
    """One channel of what is read: its numbers (k, k), the weights on them, and what they come to."""

    source: str
    channel: int
    numbers: NDArray[np.float32]
    weights: NDArray[np.float32]

    @property
    def total(self) -> float:
        """The sum of the products."""
        return float((self.numbers.astype(np.float64) * self.weights).sum())


class SumsPage(Page):
    """The arithmetic of the selected unit at its place; another place is chosen in its map."""

    def __init__(self, inquiry: Inquiry) -> None:
        super().__init__(inquiry)
        self.terms: list[Term] = []
        self._message: dict[str, Any] = {}
        self._shown: object = None
        self.steps = label("", "lead")
        self.steps.setTextFormat(Qt.TextFormat.PlainText)
        self._heads = [
            label(text, "small")
            for text in (
                self.tr("channel"),
                self.tr("what is read"),
                self.tr("× weights"),
                self.tr("= products"),
                self.tr("their sum"),
            )
        ]
        self._content = QWidget()
        self._content.setAccessibleName(self.tr("One number, step by step"))
        self._grid = QGridLayout(self._content)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)
        for place, head in enumerate(self._heads):
            self._grid.addWidget(head, 0, place)
        self._lines = [_Line(self._grid, place + 1) for place in range(SHOWN)]
        self._grid.setColumnStretch(len(self._heads), 1)
        self._grid.setRowStretch(SHOWN + 1, 1)
        area = QScrollArea()
        area.setWidget(self._content)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.steps)
        column.addWidget(area, 1)
        inquiry.unitChanged.connect(self.refresh)

    def refresh(self) -> None:
        seen = self.inquiry.seen
        unit = None if seen is None else seen.unit
        if not self.isVisible():
            return
        if seen is None or unit is None:
            self._shown = None
            self._say(self.tr("Select a unit first: tap one of the maps."))
            return
        key = seen.number, unit.layer, unit.channel, unit.row, unit.column
        if key == self._shown:
            return
        self._shown = key
        if seen.layers[unit.layer].kind not in ("conv", "local", "fc"):
            words = self.tr("{0} has no weights: it pools or scales what it reads. Choose another layer.")
            self._say(words.format(unit.layer))
            return
        place = {"row": unit.row, "column": unit.column}
        more = {"layer": unit.layer, "channel": unit.channel, **place}
        self.inquiry.request("arithmetic", self._on_answer, do="arithmetic", **more)

    def _say(self, sentence: str) -> None:
        self.terms, self._message = [], {}
        self.steps.setText(sentence)
        self._content.setVisible(False)

    def _on_answer(self, message: dict[str, Any], arrays: Arrays) -> None:
        self._message = message
        self.terms = terms_of(message, arrays)
        self._content.setVisible(True)
        self.steps.setText(self._words())
        shown = self.terms[:SHOWN]
        limits = [
            max((float(np.abs(getattr(term, name)).max()) for term in shown), default=0.0)
            for name in ("numbers", "weights")
        ]
        for line, term in zip(self._lines, [*shown, *[None] * (SHOWN - len(shown))], strict=True):
            line.show_term(term, *limits)
        self._content.setAccessibleDescription(self.steps.text())

    def _words(self) -> str:
        """The whole way in one sentence."""
        message = self._message
        number = count(sum(term.numbers.size for term in self.terms))
        whole = float(message["total"]) - float(message["bias"])
        said = self.tr("{0} products add up to {1}; the bias {2} makes it {3}").format(
            number, decimal(whole, 3), decimal(message["bias"], 3), decimal(message["total"], 3)
        )
        parts = [said]
        if float(message["kept"]) != 1:
            parts.append(self.tr("dropout's share {0} is taken of it").format(decimal(message["kept"], 2)))
        name, answer = str(message["activation"]), decimal(message["answer"], 3)
        if name:
            parts.append(self.tr("the activation {0} makes it {1}.").format(name, answer))
        else:
            parts.append(self.tr("without an activation the answer is {0}.").format(answer))
        return "; ".join(parts)

    def sentence(self) -> str:
        return self.tr("How one number comes about: the channels that weigh most, and the whole sum.")

    def figures(self) -> list[Figure]:
        terms = self.terms
        if not terms:
            return []
        blocks = blocks_of(terms[:SHOWN])
        return [
            Figure(
                name="sums",
                title=self.tr("One number, step by step"),
                description=self.steps.text(),
                paint=lambda painter, box: paint_figure(painter, blocks, box),
                size=figure_size(blocks),
                table=lambda: table_of(terms),
                widget=self._content,
            )
        ]


class _Line:
    """One row of the grid: a channel's numbers, weights, products and their sum."""

    def __init__(self, grid: QGridLayout, row: int) -> None:
        self._name, self._total = label("", "muted"), label("", "heading", wrap=False)
        self._views = [PixelView(TILE_PX) for _ in range(3)]
        for place, part in enumerate((self._name, *self._views, self._total)):
            grid.addWidget(part, row, place)

    def show_term(self, term: Term | None, numbers: float, weights: float) -> None:
        """Shows a channel; `numbers` and `weights` are drawn as white, their negatives as black."""
        for part in (self._name, *self._views, self._total):
            part.setVisible(term is not None)
        if term is None:
            return
        self._name.setText(f"{term.source} {term.channel}")
        self._total.setText(decimal(term.total, 3))
        products = numbers * weights
        values = (term.numbers, numbers), (term.weights, weights), (term.numbers * term.weights, products)
        for view, (shown, limit) in zip(self._views, values, strict=True):
            view.show_pixels(np.repeat(grey(shown, -limit, limit)[..., None], 3, axis=2))


def terms_of(message: dict[str, Any], arrays: Arrays) -> list[Term]:
    """Every channel of every input, those that weigh most first. Of a flat input every number is one."""
    found = []
    for index, part in enumerate(message["parts"]):
        numbers, weights = arrays[f"numbers:{index}"], arrays[f"weights:{index}"]
        if numbers.ndim == 1:
            numbers, weights = numbers[:, None, None], weights[:, None, None]
        channels = part["channels"] or range(len(numbers))
        for channel, number, weight in zip(channels, numbers, weights, strict=True):
            found.append(Term(str(part["source"]), int(channel), number, weight))
    return sorted(found, key=lambda term: -abs(term.total))


def blocks_of(terms: list[Term]) -> list[SheetBlock]:
    """The terms as rows of three tiles for a figure."""
    blocks = []
    for term in terms:
        tiles = []
        for values in (term.numbers, term.weights, term.numbers * term.weights):
            limit = float(np.abs(values).max())
            tiles.append(np.repeat(grey(values, -limit, limit)[..., None], 3, axis=2))
        title = f"{term.source} {term.channel}: {decimal(term.total, 3)}"
        blocks.append(SheetBlock(title, None, np.stack(tiles), (0, 1, 2)))
    return blocks


def table_of(terms: list[Term]) -> Table:
    """Every product: where its number comes from, number, weight, product."""
    rows: list[tuple[Cell, ...]] = []
    for term in terms:
        for (row, column), number in np.ndenumerate(term.numbers):
            weight = float(term.weights[row, column])
            rows.append(
                (term.source, term.channel, row, column, float(number), weight, float(number) * weight)
            )
    return Table(("source", "channel", "row", "column", "number", "weight", "product"), rows)
