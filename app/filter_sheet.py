"""The sheet of filters as the choices of the room have it: tiles, titles, and the sentences below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.archive_words import count
from app.figure import Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.filter_mosaic import limit_of, tiles
from app.filter_order import Order
from app.first_layer import FilterBlock, table_of
from app.measure_words import family_names, measure_name
from app.theme import column_name
from app.widgets.filter_card import number_text
from app.widgets.tile_sheet import SheetBlock
from reproduction.analysis.measures import BY_NAME

CHANNELS = {"all": None, "red": 0, "green": 1, "blue": 2}


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("filters", text)


@dataclass(frozen=True)
class FilterView:
    """`contrast` is "common" or "tile", `channel` a key of CHANNELS; `deep` names a later layer, one
    filter of which (`unit`) is shown map by map, or is "" for the first layer."""

    contrast: str
    channel: str
    order: Order
    deep: str = ""
    unit: int = 0

    def limit(self, blocks: Sequence[FilterBlock]) -> float | None:
        """The weight drawn as white in all tiles; None when each tile has its own."""
        return limit_of([block.kernels for block in blocks]) if self.contrast == "common" else None

    def sheet(self, blocks: Sequence[FilterBlock], trained: Sequence[FilterBlock]) -> list[SheetBlock]:
        """The blocks as tiles; `trained` are the same filters as they are now, which decide the order."""
        limit = self.limit(blocks)
        channel = CHANNELS[self.channel] if all(block.has_colour for block in blocks) else None
        shown = []
        for block, now in zip(blocks, trained, strict=True):
            order = self.order.places(now)
            if order:
                pixels = tiles(block.kernels[order], limit, channel)
                numbers = tuple(block.start + place for place in order)
                shown.append(SheetBlock(self._title(block, len(order)), block.column, pixels, numbers))
        return shown

    def _title(self, block: FilterBlock, shown: int) -> str:
        if self.deep:
            filters = tr("maps of {0}: {1}").format(block.layer, count(shown))
        else:
            filters = tr("{0} filters of {1}").format(count(shown), block.layer)
        if block.column is None:
            return filters
        column = tr("Column {0} ({1})").format(block.column, column_name(block.column))
        return f"{column}  ·  {filters}"

    def lead(self) -> str:
        """What the sheet is, for somebody who sees it for the first time."""
        if self.deep:
            sentence = tr("What filter {0} of {1} reads: one tile for each map of the layers before it.")
            return sentence.format(self.unit, self.deep)
        return tr("Each tile is what the network looks for.")

    def explanation(self, blocks: Sequence[FilterBlock]) -> list[str]:
        """What the figure shows, in sentences: contrast, channels, order, what is left out."""
        limit, colour = self.limit(blocks), blocks[0].has_colour
        if limit is None:
            said = [tr("Each tile has its own contrast: grey is zero, strengths cannot be compared.")]
        else:
            both = number_text(-limit), number_text(limit)
            said = [tr("One contrast for all: grey is zero, the range is {0} to {1}.").format(*both)]
        names = {"red": tr("red"), "green": tr("green"), "blue": tr("blue")}
        if self.channel in names and colour:
            said.append(tr("Only what reads {0} is shown.").format(names[self.channel]))
        if self.order.by == "norm" and not self.deep:
            said.append(tr("Strongest of the trained filters first."))
        elif self.order.by == "colour" and colour:
            said.append(tr("Most colourful of the trained filters first."))
        elif self.order.by in BY_NAME and not self.deep:
            order = tr("The trained filters with the most of this measure first: {0}.")
            said.append(order.format(measure_name(self.order.by)))
        if self.order.family:
            kind = tr("Only filters of this kind are shown: {0}.")
            said.append(kind.format(family_names()[self.order.family]))
        return said


def figure_of(
    archive: str,
    moment: str,
    view: FilterView,
    blocks: Sequence[FilterBlock],
    trained: Sequence[FilterBlock],
    counter: str,
    widget: QWidget,
) -> Figure | None:
    """The sheet as a figure, with measures and weights of every filter as numbers; None when it is empty."""
    sheet, said = view.sheet(blocks, trained), view.explanation(blocks)
    if not sheet:
        return None
    title = tr("First layer of {0}, {1}").format(archive, moment)
    if view.deep:
        title = tr("Filter {0} of {1} in {2}").format(view.unit, view.deep, archive)
    facts = (
        (tr("Layer"), ", ".join(block.layer for block in blocks)),
        (tr("Contrast"), said[0]),
        (tr("Epoch"), moment),
    )
    return Figure(
        name="filters",
        title=title,
        description=" ".join([view.lead(), *said, f"{counter}."]),
        paint=lambda painter, box: paint_figure(painter, sheet, box),
        size=figure_size(sheet),
        table=lambda: _table(blocks),
        widget=widget,
        facts=facts,
    )


def _table(blocks: Sequence[FilterBlock]) -> Table:
    columns, *rows = table_of(list(blocks))
    return Table(tuple(columns), rows)
