"""Curves: sensible axes, a nearest point under the pointer, something painted for every history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter

from app.theme import LIGHT
from app.widgets.curve_plot import Curve, CurvePlot, Curves, Moment, Panel, axes_of, nearest, nice_step, paint
from app.widgets.curve_plot import upper_end as upper_end_of


def curve(*values: float, role: str = "test") -> Curve:
    return Curve(role, role, np.arange(1.0, len(values) + 1), np.array(values))


def figure(*curves: Curve, moments: tuple[Moment, ...] = (), x_end: float = 0.0) -> Curves:
    return Curves((Panel("Loss", "", curves), Panel("Wrong", " %", curves)), moments, "Epochs", x_end)


@pytest.mark.parametrize(("span", "step"), [(1, 0.2), (7, 2), (90, 20), (0.03, 0.01), (100, 20), (2.4, 0.5)])
def test_steps_are_round_numbers(span: float, step: float) -> None:
    assert nice_step(span) == pytest.approx(step)


def test_one_wild_report_does_not_flatten_the_rest() -> None:
    values = [1.0] * 300
    values[0] = 1e6
    assert upper_end_of(Panel("Loss", "", (curve(*values),))) < 10


def test_numbers_that_are_none_are_passed_over() -> None:
    broken = curve(2.0, float("nan"), float("inf"), 1.0)
    assert nearest(broken, 2.2) == (1.0, 2.0)
    assert upper_end_of(Panel("Loss", "", (broken,))) < 4
    assert nearest(curve(float("nan")), 0.0) is None


def test_the_axis_goes_to_the_last_planned_epoch() -> None:
    (first, second) = axes_of(figure(curve(3, 2, 1), x_end=10), 800, 500, 7, 16)
    assert first.x_end == 10 and second.box.top() > first.box.bottom()


@pytest.mark.parametrize(
    "drawn",
    [
        Curves((), (), ""),
        figure(),
        figure(curve(1.0)),
        figure(curve(3, 2, 1), curve(3, 2, 1, role="train")),
        figure(curve(0.0, 0.0)),
        figure(curve(*np.linspace(3, 1, 200)), moments=tuple(Moment(i * 3, "rate " * i) for i in range(40))),
    ],
    ids=["nothing", "no curves", "one point", "two curves", "all zero", "many moments"],
)
@pytest.mark.parametrize("size", [(900, 500), (120, 80)])
def test_every_figure_can_be_painted(drawn: Curves, size: tuple[int, int], qtbot: Any) -> None:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint(painter, drawn, LIGHT, *size, at=1.0)
    assert painter.end()


def test_pointer_and_arrow_keys_read_out_the_nearest_report(qtbot: Any) -> None:
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(800, 500)
    plot.show_figure(figure(curve(3, 2, 1)))
    plot.show()
    read: list[float | None] = []
    plot.pointed.connect(read.append)
    qtbot.mouseMove(plot, QPoint(790, 100))
    qtbot.waitUntil(lambda: bool(read))
    assert read[-1] == 3.0
    plot.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_End):
        qtbot.keyClick(plot, key)
    assert read[-4:] == [2.0, 1.0, 2.0, 3.0]
