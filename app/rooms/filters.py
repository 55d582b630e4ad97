"""The room of the first layer: every kernel a tile, one block per column, from noise to trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.document import OpenArchive
from app.figure import Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.filter_mosaic import limit_of, tiles
from app.first_layer import FilterBlock, blocks_of, facts_of, table_of
from app.room import Museum, Room
from app.safe_file import replacement
from app.theme import column_name, label
from app.widgets.choice import Choice
from app.widgets.film_bar import FilmBar
from app.widgets.filter_card import FilterCard, describe, number_text
from app.widgets.tile_sheet import SheetBlock, TileSheet

CHANNELS = {"all": None, "red": 0, "green": 1, "blue": 2}
SIDE_WIDTH = 340


class FiltersRoom(Room):
    """Draws the current archive's first layer; needs the archive alone, no worker."""

    NAME = "filters"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self._trained: list[FilterBlock] = []  # the weights as they are now: they decide the order
        self._blocks: list[FilterBlock] = []  # the moment that is shown
        self._moments: list[list[FilterBlock] | None] = []  # one per place of the slider, once read
        self.sheet = TileSheet()
        self.film = FilmBar()
        self.card = FilterCard()
        self._counter = label("", "muted", wrap=False)
        self._make_choices()
        self._lay_out()
        self.sheet.shown.connect(self._on_shown)
        self.film.moved.connect(self._on_moment)
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_update)
        self._on_current_change()

    def _make_choices(self) -> None:
        self.contrast = Choice(
            self.tr("Contrast"), {"common": self.tr("One for all"), "tile": self.tr("Each its own")}
        )
        self.channel = Choice(
            self.tr("Channels"),
            {"all": self.tr("Colour"), "red": self.tr("R"), "green": self.tr("G"), "blue": self.tr("B")},
        )
        self.sorting = Choice(
            self.tr("Order"),
            {"number": self.tr("Number"), "norm": self.tr("Strength"), "colour": self.tr("Colour")},
        )
        for choice in (self.contrast, self.channel, self.sorting):
            choice.chosen.connect(self._draw)
        self.keep_button = self.figure_button("filters")
        self.add_action("save-weights", self.tr("Save the weights (NPY)…"), self.ask_and_save_weights)

    # Layout

    def _lay_out(self) -> None:
        self._layers = QStackedLayout(self)
        self._layers.addWidget(self._nothing_open())
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(28, 20, 20, 20)
        row.setSpacing(20)
        row.addLayout(self._main_column(), 1)
        row.addWidget(self._side())
        self._layers.addWidget(page)

    def _nothing_open(self) -> QLabel:
        text = label(self.tr("Open an archive to see the filters of its first layer."), "lead")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return text

    def _main_column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(10)
        heading = QHBoxLayout()
        heading.addWidget(label(self.tr("Filters"), "title", wrap=False))
        heading.addStretch()
        heading.addWidget(self._counter, alignment=Qt.AlignmentFlag.AlignBottom)
        column.addLayout(heading)
        sentence = self.tr("What the network looks for first: each tile is a pattern it answers to.")
        column.addWidget(label(sentence, "lead"))
        column.addWidget(self.sheet, 1)
        column.addWidget(self.film)
        return column

    def _side(self) -> QWidget:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        for widget in (self.card, self.contrast, self.channel, self.sorting, self.keep_button):
            column.addWidget(widget)
        column.addStretch()
        area = QScrollArea()
        area.setWidget(card)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its contents take the focus and are scrolled to
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_area, self._side_card = area, card
        self._fit_side()
        return area

    def _fit_side(self) -> None:
        """The side is as wide as its words need: they grow with the text size."""
        bar = self._side_area.verticalScrollBar().sizeHint().width()
        self._side_area.setFixedWidth(max(SIDE_WIDTH, self._side_card.minimumSizeHint().width() + bar))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_side()

    # Following the document

    def _on_current_change(self) -> None:
        archive = self._document.current
        self._layers.setCurrentIndex(0 if archive is None else 1)
        if archive is not None:
            self.film.slider.setValue(self.film.slider.maximum())
            self._read(archive)

    def _on_update(self, archive: OpenArchive) -> None:
        if archive is self._document.current:
            self._read(archive)

    def _read(self, archive: OpenArchive) -> None:
        """Reads the weights as they are now; the snapshots are read when the slider comes to them."""
        weights = self._document.attempt(archive.first_layer_weights, None)
        if weights is None:
            return
        self._trained = blocks_of(archive.network, weights)
        self._moments = [None] * len(archive.snapshots) + [self._trained]
        self.film.set_epochs([snapshot.epoch for snapshot in archive.snapshots])
        self.film.setVisible(len(archive.snapshots) > 0)
        self.channel.setVisible(all(block.has_colour for block in self._trained))
        self._on_moment(self.film.place)

    def _on_moment(self, place: int) -> None:
        archive = self._document.current
        if archive is None or not self._moments:
            return
        blocks = self._moments[place]
        if blocks is None:
            weights = self._document.attempt(lambda: archive.snapshot(place), None)
            if weights is None:
                return
            blocks = self._moments[place] = blocks_of(archive.network, weights)
        self._blocks = blocks
        self._draw()

    # Drawing

    @property
    def _limit(self) -> float | None:
        """The weight drawn as white in all tiles; None when each tile has its own."""
        return limit_of([block.kernels for block in self._blocks]) if self.contrast.key == "common" else None

    def _draw(self, _key: str = "") -> None:
        """Draws all tiles as the choices say."""
        self.sheet.set_blocks(self._sheet_blocks())
        count = self._blocks[-1].stop
        self._counter.setText(self.tr("{0} of {0} filters").format(count))
        self.sheet.set_caption(" ".join(self._explanation()))
        if self.sheet.selection is None:
            self.sheet.select(self._blocks[0].start)
        else:
            self._on_shown(self.sheet.selection)

    def _sheet_blocks(self) -> list[SheetBlock]:
        limit = self._limit
        channel = CHANNELS[self.channel.key] if all(block.has_colour for block in self._blocks) else None
        shown = []
        for block, trained in zip(self._blocks, self._trained, strict=True):
            order = trained.order(self.sorting.key)
            pixels: NDArray[np.uint8] = tiles(block.kernels[order], limit, channel)
            numbers = tuple(block.start + place for place in order)
            shown.append(SheetBlock(self._title(block), block.column, pixels, numbers))
        return shown

    def _title(self, block: FilterBlock) -> str:
        filters = self.tr("{0} filters of {1}").format(len(block.kernels), block.layer)
        if block.column is None:
            return filters
        column = self.tr("Column {0} ({1})").format(block.column, column_name(block.column))
        return f"{column}  ·  {filters}"

    def _explanation(self) -> list[str]:
        """What the figure shows, in sentences: contrast, channels, order."""
        limit = self._limit
        if limit is None:
            sentences = [
                self.tr("Each tile has its own contrast: grey is zero, strengths cannot be compared.")
            ]
        else:
            both = number_text(-limit), number_text(limit)
            sentences = [
                self.tr("One contrast for all: grey is zero, the range is {0} to {1}.").format(*both)
            ]
        names = {"red": self.tr("red"), "green": self.tr("green"), "blue": self.tr("blue")}
        if self.channel.key in names and self._blocks[0].has_colour:
            sentences.append(self.tr("Only what reads {0} is shown.").format(names[self.channel.key]))
        if self.sorting.key == "norm":
            sentences.append(self.tr("Strongest of the trained filters first."))
        elif self.sorting.key == "colour" and self._blocks[0].has_colour:
            sentences.append(self.tr("Most colourful of the trained filters first."))
        return sentences

    def _on_shown(self, number: int) -> None:
        block = next(block for block in self._blocks if block.start <= number < block.stop)
        fact = facts_of(self._blocks, number)
        self.card.show_filter(fact, self._blocks[-1].stop, block.kernels[fact.index], self._limit)
        self.sheet.setAccessibleName(self.tr("Filters"))
        self.sheet.setAccessibleDescription(describe(fact))

    # Taking home

    def figures(self) -> list[Figure]:
        """The sheet as it is shown, with measures and weights of every filter as its numbers."""
        archive = self._document.current
        if archive is None or not self._blocks:
            return []
        sheet, blocks, moment = self._sheet_blocks(), self._blocks, self.film.slider.accessibleDescription()
        return [
            Figure(
                name="filters",
                title=self.tr("First layer of {0}, {1}").format(archive.name, moment),
                description=" ".join([*self._explanation(), f"{self._counter.text()}."]),
                paint=lambda painter, box: paint_figure(painter, sheet, box),
                size=figure_size(sheet),
                table=lambda: _table(blocks),
                widget=self.sheet,
                facts=(
                    (self.tr("Layer"), ", ".join(block.layer for block in blocks)),
                    (self.tr("Contrast"), self._explanation()[0]),
                    (self.tr("Epoch"), moment),
                ),
            )
        ]

    def save_weights(self, path: Path) -> None:
        """Writes the weights of the moment shown: (filters, C, K, K), column after column. Raises OSError."""
        with replacement(path) as beside, beside.open("wb") as file:
            np.save(file, np.concatenate([block.kernels for block in self._blocks]))

    def ask_and_save_weights(self) -> None:
        """The file dialog, then the weights; says so when they cannot be written."""
        archive = self._document.current
        if archive is None:
            return
        title = self.tr("Save the weights")
        name, _ = QFileDialog.getSaveFileName(self, title, f"{archive.name}-filters.npy", "*.npy")
        if name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(".npy")
            try:
                self.save_weights(path)
            except OSError as error:
                sentence = self.tr("{0} could not be written: {1}.")
                self._document.problem.emit(sentence.format(path.name, error.strerror or error))


def _table(blocks: list[FilterBlock]) -> Table:
    columns, *rows = table_of(blocks)
    return Table(tuple(columns), rows)
