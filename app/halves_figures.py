"""The figures of two halves: their filters, one measure of them, what random teams do, all the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app import battery
from app.archive_words import decimal
from app.dealing import Dealing
from app.figure import Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.halves_sheet import sheet_of
from app.halves_words import half_names, half_title, question_name, team_names
from app.measure_words import axis_words, measure_name
from app.theme import current
from app.widgets.halves_page import HalvesPage
from app.widgets.onset_card import OnsetCard
from app.widgets.runs_card import RunsCard
from app.widgets.strips import Strip, Strips, nice_range, paint
from app.widgets.tile_sheet import SheetBlock
from reproduction.analysis.comparison import Labels
from reproduction.analysis.findings import Halves, Specialisation
from reproduction.analysis.first_layers import Block
from reproduction.analysis.specialisation import halves_of

ROW_PX, WIDTH_PX, NAME_PX = 24.0, 720.0, 300.0


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("halves", text)


@dataclass(frozen=True)
class Shown:
    """What the room shows now."""

    archive: str
    moment: str
    name: str
    """The measure."""
    names: tuple[str, str]
    """What the two groups shown are called."""
    columns: tuple[int | None, int | None]
    labels: Labels
    """(F,): the groups shown, which are the halves or random teams."""
    dealing: Dealing | None
    """None while nothing was measured."""
    blocks: Sequence[SheetBlock]

    @property
    def caption(self) -> str:
        """What is seen, in sentences."""
        contrast = tr("One contrast for all: grey is zero.")
        if self.dealing is None:
            return contrast
        order = tr("In each group, the filters with the most of this measure ({0}) come first.")
        return " ".join([order.format(measure_name(self.name)), contrast])

    @property
    def measured(self) -> Dealing:
        """The measure's values; only for figures of a measure."""
        assert self.dealing is not None
        return self.dealing


def shown_of(archive: str, moment: str, name: str, blocks: Sequence[Block], dealing: Dealing | None) -> Shown:
    """The halves of `blocks`, or the random teams of `dealing`, in the measure `name`."""
    labels, halves = halves_of(blocks)
    columns: tuple[int | None, int | None] = (0, 1) if halves is Halves.COLUMNS else (None, None)
    names = half_names(halves)
    if dealing is not None and dealing.teams is not None:
        labels, columns, names = dealing.teams, (None, None), team_names()
    zero, one = (half_title(names[side], int((labels == side).sum())) for side in (0, 1))
    values = dealing.values if dealing is not None else None
    sheet = sheet_of(blocks, labels, values, (zero, one), columns)
    return Shown(archive, moment, name, names, columns, labels, dealing, sheet)


def spread_strips(shown: Shown) -> Strips:
    """The values of both groups, a row each."""
    rows = []
    for side in (0, 1):
        numbers = np.flatnonzero(shown.labels == side)
        values = shown.measured.values[numbers].astype(np.float64)
        mean = not shown.measured.circular
        name = shown.names[side][:1].upper() + shown.names[side][1:]
        rows.append(Strip(name, values, shown.columns[side], numbers, mean))
    inside = shown.measured.values[shown.labels >= 0]
    low, high = (0.0, 180.0) if shown.measured.circular else nice_range(inside)
    return Strips(tuple(rows), axis_words(shown.name), low, high)


def chance_strips(dealing: Dealing) -> Strips:
    """How far apart the teams of every deal were, above how far apart the true halves are."""
    factor, low, high = (1.0, 0.0, 2.0) if dealing.circular else (100.0, 50.0, 100.0)
    title = (
        tr("distance of the mean directions")
        if dealing.circular
        else tr("cases of 100 in which one side wins")
    )
    deals = factor * np.array(dealing.deals, np.float64)
    true = np.array([factor * dealing.true])
    rows = (
        Strip(tr("Random teams"), deals, None, np.arange(len(deals))),
        Strip(tr("True halves"), true, None, np.array([-1]), large=True),
    )
    return Strips(rows, title, low, high)


def figures_of(shown: Shown, page: HalvesPage, found: Specialisation | None) -> list[Figure]:
    """Every figure that there is, each described by the sentences that the page shows beside it."""
    made = [sheet_figure(shown, " ".join([page.lead.text(), shown.caption]), page.sheet)]
    if shown.dealing is not None:
        made.append(measure_figure(shown, page.spread_words.text(), page.spread))
        if shown.dealing.deals:
            made.append(chance_figure(shown, page.deal_words.text(), page.chance))
    if found is not None:
        words = " ".join([page.lead.text(), page.tests_words.text()])
        made.append(tests_figure(shown.archive, found, words, page.tests))
        if page.onset.can_show(found.past, shown.name):
            made.append(onset_figure(shown.archive, page.onset))
    return made + ([runs_figure(page.runs)] if page.runs.shown else [])


def sheet_figure(shown: Shown, description: str, widget: QWidget) -> Figure:
    """The filters as they are shown."""
    return Figure(
        name="two-gpus-sheet",
        title=tr("The filters of {0} in two groups, {1}").format(shown.archive, shown.moment),
        description=description,
        paint=lambda painter, box: paint_figure(painter, shown.blocks, box),
        size=figure_size(shown.blocks),
        table=lambda: _values(shown),
        widget=widget,
        facts=((tr("Epoch"), shown.moment), (tr("Order"), measure_name(shown.name))),
    )


def measure_figure(shown: Shown, description: str, widget: QWidget) -> Figure:
    """The values of both groups."""
    return Figure(
        name="two-gpus-measure",
        title=tr("{0} in {1}, {2}").format(measure_name(shown.name), shown.archive, shown.moment),
        description=description,
        paint=lambda painter, box: paint(painter, spread_strips(shown), current(), box),
        size=(640, 300),
        table=lambda: _values(shown),
        widget=widget,
        facts=((tr("Epoch"), shown.moment),),
    )


def chance_figure(shown: Shown, description: str, widget: QWidget) -> Figure:
    """What was dealt, beside the true halves."""
    deals = shown.measured.deals
    return Figure(
        name="two-gpus-chance",
        title=tr("{0} random deals of the filters of {1}").format(len(deals), shown.archive),
        description=description,
        paint=lambda painter, box: paint(painter, chance_strips(shown.measured), current(), box),
        size=(640, 240),
        table=lambda: Table(
            ("deal", "separation"), [(0, shown.measured.true), *enumerate(deals, 1)]
        ),  # deal 0 is the truth
        widget=widget,
        facts=((tr("Measure"), measure_name(shown.name)), (tr("Epoch"), shown.moment)),
    )


def tests_figure(archive: str, found: Specialisation, description: str, widget: QWidget) -> Figure:
    """The effect in every measure with its interval; all questions as its numbers."""
    rows = [one for one in battery.questions(found) if one.kind == battery.AUC]
    return Figure(
        name="two-gpus-tests",
        title=tr("The halves of {0} in every measure").format(archive),
        description=description,
        paint=lambda painter, box: _paint_forest(painter, box, rows),
        size=(WIDTH_PX, ROW_PX * (len(rows) + 3)),
        table=lambda: battery.table(found),
        widget=widget,
    )


def onset_figure(archive: str, card: OnsetCard) -> Figure:
    """When the halves came apart."""
    plot = card.plot
    return Figure(
        name="two-gpus-onset",
        title=tr("When the halves of {0} came apart").format(archive),
        description=card.sentence,
        paint=lambda painter, box: card.paint(painter, box),
        size=(float(max(480, plot.width())), float(max(360, plot.height()))),
        table=card.table,
        widget=plot,
    )


def runs_figure(card: RunsCard) -> Figure:
    """How far apart the halves of several archives are, in every measure."""
    return Figure(
        name="two-gpus-runs",
        title=tr("The halves of several archives"),
        description=card.sentence,
        paint=lambda painter, box: paint(painter, card.strips, current(), box),
        size=(640, 60 + 60 * len(card.strips.strips)),
        table=card.numbers,
        widget=card.table,
    )


def _values(shown: Shown) -> Table:
    """Every filter with its group and its value, where that is known."""
    values = shown.dealing.values if shown.dealing is not None else np.full(len(shown.labels), np.nan)
    rows = [
        (number, shown.names[side], None if value != value else value)
        for number, (side, value) in enumerate(zip(shown.labels.tolist(), values.tolist(), strict=True))
        if side >= 0
    ]
    return Table(("filter", "group", shown.name or "value"), rows)


def _paint_forest(painter: QPainter, box: QRectF, rows: Sequence[battery.Question]) -> None:
    """One row a measure: AUC as a dot, its interval as a line, 0.5 as the line down the middle."""
    theme, factor = current(), min(box.width() / WIDTH_PX, box.height() / (ROW_PX * (len(rows) + 3)))
    painter.translate(box.topLeft())
    painter.scale(factor, factor)
    font = painter.font()
    font.setPixelSize(13)
    painter.setFont(font)
    left, width = NAME_PX, WIDTH_PX - NAME_PX - 110
    bottom = ROW_PX * (len(rows) + 1)
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(left + width + 14, 0, 96, ROW_PX), Qt.AlignmentFlag.AlignVCenter, tr("q"))
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = left + width * tick
        painter.setPen(QPen(QColor(theme.edge if tick == 0.5 else theme.line), 1))
        painter.drawLine(QPointF(x, ROW_PX), QPointF(x, bottom))
        painter.setPen(QColor(theme.muted))
        place = QRectF(x - 40, bottom, 80, ROW_PX)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, decimal(tick, 2))
    title = QRectF(left, bottom + ROW_PX, width, ROW_PX)
    painter.drawText(title, Qt.AlignmentFlag.AlignCenter, tr("AUC; above 0.5 the second half has more"))
    for number, one in enumerate(rows, 1):
        _paint_row(painter, one, number * ROW_PX, left, width)


def _paint_row(painter: QPainter, one: battery.Question, top: float, left: float, width: float) -> None:
    theme, middle = current(), top + ROW_PX / 2
    painter.setPen(QColor(theme.text))
    painter.drawText(
        QRectF(0, top, NAME_PX - 14, ROW_PX), Qt.AlignmentFlag.AlignVCenter, question_name(one.key)
    )
    if one.effect != one.effect:
        return
    place = QRectF(left + width + 14, top, 96, ROW_PX)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, "" if one.q != one.q else decimal(one.q, 4))
    painter.setPen(QPen(QColor(theme.accent), 2))
    painter.drawLine(
        QPointF(left + width * one.interval[0], middle), QPointF(left + width * one.interval[1], middle)
    )
    painter.setBrush(QColor(theme.accent))
    painter.drawEllipse(QPointF(left + width * one.effect, middle), 4, 4)
