"""One filter, as deep as the visitor looks: enlarged; its answer to the picture; under the magnifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from app.document import OpenArchive
from app.filter_research import FilterResearch
from app.filter_sheet import FilterView
from app.first_layer import FilterBlock, FilterFacts, facts_of
from app.room import Museum
from app.widgets.filters_side import FiltersSide


@dataclass(frozen=True)
class Subject:
    """The filter that is pointed at. `table` holds the measures of all filters, empty while they are not
    known or of another moment; `moment` is the snapshot that is shown, None for now."""

    archive: OpenArchive
    blocks: Sequence[FilterBlock]
    number: int
    view: FilterView
    table: Mapping[str, Any]
    moment: int | None

    @property
    def block(self) -> FilterBlock:
        """The block that holds the filter."""
        return next(block for block in self.blocks if block.start <= self.number < block.stop)

    @property
    def fact(self) -> FilterFacts:
        """What can be said of it at once."""
        return facts_of(list(self.blocks), self.number)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.blocks[-1].stop


class FilterDetail(QObject):
    """Fills the side of the filters room and asks the workers for what that takes."""

    def __init__(self, museum: Museum, side: FiltersSide, research: FilterResearch, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._side, self._research = museum.document, side, research
        self._pictured = False  # the picture's square is shown or asked for
        self._number = -1  # the filter under the magnifier
        research.fitted.connect(self._on_fit)
        research.seen.connect(side.answer.show_square)
        research.answered.connect(lambda _layer, unit, values: side.answer.show_map(values, unit))
        research.failed.connect(side.answer.say)

    def forget_picture(self) -> None:
        """The picture or the network is another one."""
        self._pictured = False
        self._research.cancel_answers()

    def enlarge(self, subject: Subject) -> None:
        """Shows the filter large, with what is known at once."""
        kernel, limit = subject.block.kernels[subject.fact.index], subject.view.limit(subject.blocks)
        self._side.card.show_filter(subject.fact, subject.total, kernel, limit, bool(subject.view.deep))

    def ask_answer(self, subject: Subject) -> None:
        """Shows where the filter answers to the visitor's picture."""
        picture, view = self._document.picture, subject.view
        if picture is None:
            self._side.answer.clear()
            return
        if not self._pictured:
            self._pictured = True
            self._research.look(subject.archive, picture)
        layer, unit = (view.deep, view.unit) if view.deep else (subject.block.layer, subject.fact.index)
        self._research.answer(subject.archive, picture, layer, unit)

    def study(self, subject: Subject) -> None:
        """Puts the filter under the magnifier."""
        self._number = subject.number
        layers = {layer["name"]: layer for layer in subject.archive.network["layers"]}
        stride = (layers[subject.block.layer].get("stride") or [1])[0]
        self._side.study.show_kernel(subject.block.kernels[subject.fact.index])
        self._side.study.show_measures(subject.table, subject.number, int(stride))
        self._research.fit(subject.archive, subject.number, subject.total, subject.moment)

    def _on_fit(self, number: int, arrays: Mapping[str, Any]) -> None:
        if number == self._number:
            self._side.study.show_fit(arrays)
