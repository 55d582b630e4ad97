"""The room of the filters: every kernel a tile, one block per column, from noise to trained, and beyond."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.deeper_layers import deeper_layers, filters_in, read_layer, unit_blocks
from app.document import OpenArchive
from app.figure import Figure
from app.filter_detail import FilterDetail, Subject
from app.filter_order import Order
from app.filter_research import FilterResearch
from app.filter_sheet import FilterView, figure_of
from app.first_layer import FilterBlock, Kernels, blocks_of, facts_of
from app.measure_words import family_names, measure_name
from app.room import Museum, Room
from app.safe_file import replacement
from app.theme import label
from app.widgets.beside import Beside
from app.widgets.film_bar import FilmBar
from app.widgets.filter_card import describe
from app.widgets.filters_side import FiltersSide
from app.widgets.tile_sheet import TileSheet
from reproduction.analysis.measures import BY_NAME

CHOICES = ("contrast", "channel", "sorting")  # that sessions keep


class FiltersRoom(Room):
    """Draws first layers from the archive alone; measures, fits and answers come from the workers."""

    NAME = "filters"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self._trained: list[FilterBlock] = []  # the weights as they are now: they decide the order
        self._blocks: list[FilterBlock] = []  # the moment that is shown
        self._moments: list[list[FilterBlock] | None] = []  # one per place of the slider, once read
        self._table: Mapping[str, Any] = {}  # the measures of the trained filters, once they are known
        self._deep: tuple[str, dict[str, Kernels]] | None = None  # the later layer that was read last
        self._drawing = False  # what is selected meanwhile was selected by nobody
        self._research = FilterResearch(museum, self)
        self.sheet, self.beside, self.film = TileSheet(), Beside(), FilmBar()
        self._counter = label("", "muted", wrap=False)
        self.side = FiltersSide(self.figure_button("filters"))
        self.contrast, self.channel, self.sorting = self.side.contrast, self.side.channel, self.side.sorting
        self._detail = FilterDetail(museum, self.side, self._research, self)
        self.add_action("save-weights", self.tr("Save the weights (NPY)…"), self.ask_and_save_weights)
        self._lay_out()
        self._connect()
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_update)
        self._on_current_change()

    def _connect(self) -> None:
        side, research, document = self.side, self._research, self._document
        for choice in (side.contrast, side.channel, side.family, side.beside):
            choice.chosen.connect(self._draw)
        side.sorting.chosen.connect(lambda _key: self.sort_by(""))
        side.measure.chosen.connect(self.sort_by)
        side.layer.chosen.connect(self._on_layer)
        side.unit.valueChanged.connect(self._show_unit)
        self.sheet.shown.connect(self._on_shown)
        self.sheet.selected.connect(self._on_selected)
        self.film.moved.connect(self._on_moment)
        research.measured.connect(self._on_measures)
        document.pictureChanged.connect(self._on_picture)
        document.archivesChanged.connect(self._offer_archives)

    # Layout

    def _lay_out(self) -> None:
        self._layers = QStackedLayout(self)
        self._layers.addWidget(self._nothing_open())
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(28, 20, 20, 20)
        row.setSpacing(20)
        row.addLayout(self._main_column(), 1)
        row.addWidget(self.side)
        self._layers.addWidget(page)
        side = self.side
        self.from_depth("try", side.contrast, side.channel, side.sorting, side.answer)
        self.from_depth(
            "study", side.measure, side.family, side.layer, side.unit_part, side.beside, side.study
        )
        self.from_depth("study", self.beside)

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
        self._sentence = label("", "lead")
        column.addWidget(self._sentence)
        sheets = QHBoxLayout()
        sheets.setSpacing(20)
        sheets.addWidget(self.sheet, 1)
        sheets.addWidget(self.beside, 1)
        column.addLayout(sheets, 1)
        column.addWidget(self.film)
        return column

    def set_depth(self, depth: str) -> None:
        super().set_depth(depth)
        if self._blocks:
            self._draw()

    # Following the document

    def _on_current_change(self) -> None:
        archive = self._document.current
        self._layers.setCurrentIndex(0 if archive is None else 1)
        self._research.cancel()
        self._table, self._deep, self._blocks, self._moments = {}, None, [], []
        self.sheet.set_blocks([])
        self._detail.forget_picture()
        self._offer_archives()
        if archive is not None:
            layers = deeper_layers(archive.network)
            self.side.layer.offer({"": self.tr("First layer")} | {name: name for name in layers})
            self.side.layer.choose("")
            self.want(self.side.layer, bool(layers))
            self.film.slider.setValue(self.film.slider.maximum())
            self._offer_measures()
            self._read(archive)

    def _on_update(self, archive: OpenArchive) -> None:
        if archive is self._document.current:
            self._deep = None
            self._read(archive)

    def _read(self, archive: OpenArchive) -> None:
        """Reads the weights as they are now; the snapshots are read when the slider comes to them."""
        if self.side.layer.key:
            self._show_unit(self.side.unit.value())
            return
        weights = self._document.attempt(archive.first_layer_weights, None)
        if weights is None:
            return
        self._trained = blocks_of(archive.network, weights)
        self._moments = [None] * len(archive.snapshots) + [self._trained]
        self.film.set_epochs([snapshot.epoch for snapshot in archive.snapshots])
        self._on_moment(self.film.place)
        self._research.measure(archive)

    def _on_moment(self, place: int) -> None:
        archive = self._document.current
        if archive is None or not self._moments or self.side.layer.key:
            return
        blocks = self._moments[place]
        if blocks is None:
            weights = self._document.attempt(lambda: archive.snapshot(place), None)
            if weights is None:
                return
            blocks = self._moments[place] = blocks_of(archive.network, weights)
        self._blocks = blocks
        self._draw()

    # Measures, other archives, later layers

    def _on_measures(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self._offer_measures()
        if self.side.measure.key or self.side.family.key:
            self._draw()
        elif self.sheet.selection is not None:
            self._on_shown(self.sheet.selection)

    def _offer_measures(self) -> None:
        """Whatever some filter has a value of; nothing before it was measured."""
        known = [
            name for name, values in self._table.items() if name in BY_NAME and np.isfinite(values).any()
        ]
        orders = {"": self.tr("(as above)")} | {name: measure_name(name) for name in known}
        self.side.measure.offer(orders)
        kinds = {"": self.tr("All filters")} | (family_names() if known else {})
        self.side.family.offer({key: words for key, words in kinds.items() if key != "gabor-like"})
        self.side.fit()

    def _offer_archives(self) -> None:
        others = [archive for archive in self._document.archives if archive is not self._document.current]
        options = {"": self.tr("Nothing")} | {str(archive.path): archive.path.stem for archive in others}
        self.side.beside.offer(options)
        self.want(self.side.beside, bool(others))
        if self._blocks and self._document.current is not None:
            self._draw_beside()

    def sort_by(self, measure: str) -> None:
        """Sorts by a measure, or with "" as the three buttons say."""
        self.side.measure.choose(measure)
        if measure:
            self.sorting.choose_none()
        elif not self.sorting.is_chosen:
            self.sorting.choose("number")
        self._draw()

    def _on_layer(self, layer: str) -> None:
        archive = self._document.current
        if archive is not None and layer:
            self.side.unit.blockSignals(True)
            self.side.unit.setRange(0, filters_in(archive.network, layer) - 1)
            self.side.unit.blockSignals(False)
        if archive is not None:
            self._read(archive)

    def _show_unit(self, unit: int) -> None:
        """Shows what one filter of a later layer reads."""
        archive, layer = self._document.current, self.side.layer.key
        if archive is None or not layer:
            return
        if self._deep is None or self._deep[0] != layer:
            read = self._document.attempt(lambda: read_layer(archive.path, archive.network, layer), None)
            if read is None:
                return
            self._deep = layer, read
        self._trained = self._blocks = unit_blocks(archive.network, layer, self._deep[1], unit)
        self._draw()

    # Drawing

    @property
    def _view(self) -> FilterView:
        side = self.side
        order = Order(side.measure.key or side.sorting.key, side.family.key, self._table)
        if side.layer.key:
            order = Order("number", "", {})
        return FilterView(side.contrast.key, side.channel.key, order, side.layer.key, side.unit.value())

    def _draw(self, _key: str = "") -> None:
        """Draws all tiles as the choices say."""
        view, side = self._view, self.side
        sheet, total = view.sheet(self._blocks, self._trained), self._blocks[-1].stop
        self._drawing = True
        self.sheet.set_blocks(sheet)
        counter = self.tr("{0} of {1} kernels") if view.deep else self.tr("{0} of {1} filters")
        self._counter.setText(counter.format(sum(len(block.numbers) for block in sheet), total))
        self._sentence.setText(view.lead())
        self.sheet.set_caption(" ".join(view.explanation(self._blocks)))
        self.sheet.setAccessibleName(self.tr("Filters"))
        archive = self._document.current
        self.want(self.film, archive is not None and len(archive.snapshots) > 0 and not view.deep)
        self.want(side.channel, all(block.has_colour for block in self._blocks))
        self.want(side.unit_part, bool(view.deep))
        for widget in (side.sorting, side.measure, side.family, side.study):
            self.want(widget, not view.deep)
        self._draw_beside()
        if self.sheet.selection is not None:
            self._on_shown(self.sheet.selection)
        elif sheet:
            self.sheet.select(sheet[0].numbers[0])
        self._drawing = False

    def _draw_beside(self) -> None:
        """The other archive's filters, in their own order by the same rule."""
        path = self.side.beside.key
        other = next((one for one in self._document.archives if str(one.path) == path), None)
        self.want(self.beside, other is not None)
        if other is None:
            return
        weights = self._document.attempt(other.first_layer_weights, None)
        if weights is not None:
            blocks, side = blocks_of(other.network, weights), self.side
            view = FilterView(side.contrast.key, side.channel.key, Order(side.sorting.key, "", {}))
            caption = " ".join(view.explanation(blocks))
            self.beside.show_sheet(other.title, view.sheet(blocks, blocks), caption)

    def _on_shown(self, number: int) -> None:
        """A filter is pointed at or selected: shows it large, and what belongs to this depth."""
        archive, view = self._document.current, self._view
        if archive is None or not self._blocks:
            return
        moment = None if self.film.at_end or view.deep else self.film.place
        table = self._table if moment is None else {}
        subject = Subject(archive, self._blocks, number, view, table, moment)
        self.sheet.setAccessibleDescription(describe(subject.fact))
        self._detail.enlarge(subject)
        if self.isVisible() and self.shown_depth != "look":
            self._detail.ask_answer(subject)
        if self.isVisible() and self.shown_depth == "study" and not view.deep:
            self._detail.study(subject)

    def _on_selected(self, number: int) -> None:
        """Other rooms show the same filter; what was selected for want of anything else is nobody's wish."""
        if not self._drawing and not self.side.layer.key:
            fact = facts_of(self._blocks, number)
            self._document.select_unit(fact.layer, fact.index)

    def _on_picture(self) -> None:
        self._detail.forget_picture()
        if self.isVisible() and self.sheet.selection is not None:
            self._on_shown(self.sheet.selection)

    def showEvent(self, event: QShowEvent) -> None:
        """Asks for what was not asked while nobody looked."""
        super().showEvent(event)
        if self._blocks and self.sheet.selection is not None:
            self._on_shown(self.sheet.selection)

    # Taking home

    def figures(self) -> list[Figure]:
        """The sheet as it is shown, with measures and weights of every filter as its numbers."""
        archive = self._document.current
        if archive is None or not self._blocks:
            return []
        words, view = self._counter.text(), self._view
        made = figure_of(archive.name, self.film.moment, view, self._blocks, self._trained, words, self.sheet)
        return [made] if made else []

    def state(self) -> dict[str, Any]:
        """How the sheet is shown."""
        side = self.side
        return {name: getattr(side, name).key for name in CHOICES}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Shows it so again."""
        for name in CHOICES:
            if state.get(name) in getattr(self.side, name).keys:
                getattr(self.side, name).choose(state[name])
        if self._blocks:
            self._draw()

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
