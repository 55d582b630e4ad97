"""The training room: curves of a run, live while it goes on, its first layer taking shape, and the levers.

The curves are those of the current archive; another run may be drawn beside it. The film of the first layer
runs over the snapshots, and a line in the curves shows where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.document import OpenArchive, Version
from app.figure import Figure, Table
from app.room import Museum, Room
from app.run_progress import changes, standing
from app.theme import current, label
from app.training_curves import COLUMNS, compared, figure_of, guesses, in_words, read_out, rows_of
from app.widgets.choice import Choice
from app.widgets.curve_plot import CurvePlot, Curves, paint
from app.widgets.film_bar import FilmBar
from app.widgets.filter_film import FilterFilm, Kernels
from app.widgets.other_run import OtherRun
from app.widgets.reports_table import ReportsModel, ReportsTable
from app.widgets.training_desk import TrainingDesk

MARGIN_PX = 36
LOWEST = 0.5  # height of the plot at least, as a part of the room's height
WIDEST = 0.7  # ... though no more than this part of its width
TALLEST = 1.0  # height of the plot's card as a part of the room's width
FILM_PART = 0.27  # of the room's width is the film's
FOLD_LETTERS = 88  # of text across: in a narrower room the film stands below the curves
LOOK_AT_CLOCK_MS = 5000  # a run that falls silent is noticed without any change on disk


class TrainingRoom(Room):
    """Shows the history of the current archive and follows it; trains in a process of its own."""

    NAME = "training"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self._frames: dict[int, Kernels] = {}
        self._frames_of: tuple[Path, Version | None] | None = None
        self.banner = label("", "lead")
        self.plot = CurvePlot()
        self.film, self.film_bar = FilterFilm(), FilmBar()
        self.sentence, self.read_out = label("", "lead"), label("", "muted")
        self.happened = label("", "body")
        self.model = ReportsModel()
        self.table = ReportsTable(self.model)
        self.desk = TrainingDesk(document)
        self.other = OtherRun(document)
        self._error = Choice(
            self.tr("An answer is wrong when the class is not"),
            {"top1": self.tr("the first guess"), "topk": self.tr("among the first few")},
        )
        self._clock = QTimer(self, interval=LOOK_AT_CLOCK_MS)
        self._clock.timeout.connect(self._show_standing)
        self._lay_out()
        self._connect()
        self._clock.start()
        self._on_current_change()

    def _connect(self) -> None:
        self._error.chosen.connect(self._show_curves)
        self.other.chosen.connect(self._show_curves)
        self.plot.pointed.connect(self._on_pointed)
        self.film_bar.moved.connect(self._on_moved)
        self.desk.process.changed.connect(self._show_standing)
        self._document.currentChanged.connect(self._on_current_change)
        self._document.archiveUpdated.connect(self._on_archive_update)
        self._document.momentChanged.connect(self._on_moment)

    def closing(self) -> None:
        """The run that was begun here writes its archive before the museum goes."""
        self.desk.process.shut_down()

    # Layout

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN_PX, 20, MARGIN_PX, 30)
        column.setSpacing(12)
        column.addWidget(label(self.tr("How it learnt"), "title"))
        column.addWidget(self.sentence)
        self._banner_frame = _card("banner", self.banner)
        column.addWidget(self._banner_frame)
        column.addWidget(self._make_plot_card(), 1000)
        column.addWidget(self.desk)
        heading = label(self.tr("What was changed, and when"), "heading")
        self._happened_card = _card("card", heading, self.happened)
        column.addWidget(self._happened_card)
        self._table_card = self._make_table_card()
        column.addWidget(self._table_card, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self.from_depth("try", self.desk, self.read_out)
        self.from_depth("study", self._head, self._happened_card, self._table_card)

    def _make_plot_card(self) -> QFrame:
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        for choice in (self._error, self.other):
            head.addWidget(choice, 0, Qt.AlignmentFlag.AlignTop)
        head.addStretch(1)
        head.addWidget(self.figure_button("training"), 0, Qt.AlignmentFlag.AlignBottom)
        self._side = QHBoxLayout()
        self._side.setSpacing(16)
        self._side.addWidget(self.plot, 1)
        self._side.addWidget(self.film)
        pictures = QWidget()
        pictures.setLayout(self._side)
        self._side.setContentsMargins(0, 0, 0, 0)
        self._plot_card = _card("card", self._head, pictures, self.film_bar, self.read_out)
        layout = self._plot_card.layout()
        assert isinstance(layout, QBoxLayout)
        layout.setStretchFactor(pictures, 1)
        return self._plot_card

    def _make_table_card(self) -> QFrame:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(self.tr("The numbers"), "heading"), 1)
        row.addWidget(self.figure_button("training", self.tr("Save the numbers…")))
        return _card("card", head, self.table)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        """The curves fill most of the first screen; in a tall window the table gets what they need not."""
        width, height = self.width(), self.height()
        beside = width >= FOLD_LETTERS * self.fontMetrics().averageCharWidth()
        self._side.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        film = int(FILM_PART * width)
        self.film.setFixedWidth(film if beside else max(film, width - 4 * MARGIN_PX))
        self.plot.setMinimumHeight(int(min(LOWEST * height, WIDEST * width)))
        self._plot_card.setMaximumHeight(
            max(self._plot_card.minimumSizeHint().height(), int(TALLEST * width))
        )

    def set_depth(self, depth: str) -> None:
        """Look shows the one curve that matters, study both and all that belongs to them."""
        super().set_depth(depth)
        self._show_curves()

    # Following the document

    def _on_archive_update(self, archive: OpenArchive) -> None:
        if archive is self._document.current:
            self._on_current_change()
        elif archive is self.other.archive:
            self._show_curves()

    def _on_current_change(self) -> None:
        archive = self._document.current
        self.other.follow()
        self._show_standing()
        self._show_curves()
        self._show_film()
        self.model.show_rows([] if archive is None else rows_of(archive), guesses(archive) if archive else 5)
        line = self.tr("Epoch {0}: {1}")
        happened = [] if archive is None else changes(archive)
        self.happened.setText(
            "\n".join(line.format(f"{change.epoch:.4g}", change.words) for change in happened)
        )
        self.want(self._happened_card, bool(happened))

    def _show_curves(self, _chosen: str = "") -> None:
        archive = self._document.current
        if archive is None:
            self.plot.show_figure(Curves((), (), ""))
        else:
            with_loss = self.shown_depth == "study"
            self.plot.show_figure(figure_of(archive, self._error.key, with_loss, self.other.archive))
        self._on_pointed(self.plot.at)
        self.sentence.setText(self._sentence())
        self.plot.setAccessibleName(self._sentence())

    def _sentence(self) -> str:
        """What the curves show."""
        archive, other = self._document.current, self.other.archive
        if archive is None:
            return self.tr("Open an archive to see how its network learnt.")
        return in_words(archive) if other is None else " ".join((in_words(archive), compared(archive, other)))

    def _show_standing(self) -> None:
        archive = self._document.current
        sentence = "" if archive is None else standing(archive, self.desk.goes_on(archive))
        self.banner.setText(sentence)
        self._banner_frame.setVisible(bool(sentence))
        self.desk.follow()

    def _on_pointed(self, at: float | None) -> None:
        pointed = at is not None and self._document.current is not None
        hint = self.tr("Point at a curve, or use the arrow keys on it, to read it.")
        self.read_out.setText(read_out(self.plot.figure, at or 0.0) if pointed else hint)

    # The film

    def _show_film(self) -> None:
        archive = self._document.current
        epochs = [] if archive is None else [snapshot.epoch for snapshot in archive.snapshots]
        self.film_bar.set_epochs(epochs)
        for part in (self.film, self.film_bar):
            self.want(part, bool(epochs))
        self._on_moment()

    def _on_moved(self, place: int) -> None:
        archive = self._document.current
        if archive is not None:
            self._document.select_moment(place if place < len(archive.snapshots) else None)

    def _on_moment(self) -> None:
        """Shows the moment that is selected, here or in another room."""
        archive, moment = self._document.current, self._document.moment
        if archive is None or not len(archive.snapshots):
            self.film.clear()
            return
        self.film_bar.show_place(len(archive.snapshots) if moment is None else moment)
        trained = self._document.attempt(archive.first_layer_weights, None)
        shown = trained if moment is None else self._frame(archive, moment)
        if trained is not None and shown is not None:
            self.film.show_kernels(archive.network, shown, trained)
        name = self.tr("Filters of the first layer, {0}").format(self.film_bar.moment)
        self.film.setAccessibleName(name)
        self.plot.point_at(None if moment is None else archive.snapshots[moment].epoch)

    def _frame(self, archive: OpenArchive, moment: int) -> Kernels | None:
        """The first layer at a snapshot, read once."""
        key = archive.path, archive.version
        if key != self._frames_of:
            self._frames_of, self._frames = key, {}
        if moment not in self._frames:
            read = self._document.attempt(lambda: archive.snapshot(moment), None)
            if read is None:
                return None
            self._frames[moment] = read
        return self._frames[moment]

    # Taking it home

    def figures(self) -> list[Figure]:
        """The curves, with all reports as their numbers; the first layer at the moment shown."""
        archive = self._document.current
        if archive is None:
            return []
        curves = Figure(
            name="training",
            title=self.tr("How {0} learnt").format(archive.name),
            description=self._sentence(),
            paint=self._paint_curves,
            size=(float(self.plot.width()), float(self.plot.height())),
            table=lambda: Table(
                ("kind", *COLUMNS), [(role, *numbers.values()) for role, numbers in rows_of(archive)]
            ),
            widget=self.plot,
        )
        return [curves]

    def _paint_curves(self, painter: QPainter, box: QRectF) -> None:
        painter.translate(box.topLeft())
        paint(painter, self.plot.figure, current(), box.width(), box.height(), None)

    # Sessions

    def state(self) -> dict[str, Any]:
        """What counts as wrong."""
        return {"error": self._error.key}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Puts the choice back."""
        if state.get("error") in ("top1", "topk"):
            self._error.choose(str(state["error"]))
            self._show_curves()


def _card(role: str, *widgets: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("role", role)
    column = QVBoxLayout(card)
    column.setContentsMargins(20, 14, 20, 14)
    for widget in widgets:
        column.addWidget(widget)
    return card
