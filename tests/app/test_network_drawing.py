"""The museum and the command line show the same drawing in the same colours."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter

from app.theme import DARK, LIGHT, column_name
from app.widgets.network_drawing import ink, paint
from reproduction.definition import svg
from reproduction.definition.drawing import Ink
from reproduction.definition.experiment import assemble, find_texts
from reproduction.definition.layout import Type, lay_out


@pytest.mark.parametrize("role", ["column", "name", "crossing", "text", "muted"])
@pytest.mark.parametrize("column", [None, 0, 1, 2])
def test_a_file_has_the_colours_of_the_light_theme(role: str, column: int | None) -> None:
    if role != "name" or column is not None:
        assert svg.color_of(Ink(role, column)) == ink(Ink(role, column), LIGHT).name()


@pytest.mark.parametrize("shade", [-1, 0, 1])
def test_faces_of_a_file_are_as_pale_as_the_museum_s(shade: int) -> None:
    wanted = Ink("column", 1, 0.16, shade)
    there, here = QColor(svg.color_of(wanted)), ink(wanted, LIGHT)
    pairs = zip(there.getRgb(), here.getRgb(), strict=True)  # type: ignore[arg-type]
    assert max(abs(one - other) for one, other in pairs) <= 4


def test_columns_have_the_same_names_in_both(qapp: Any) -> None:
    assert column_name(1) == svg.column_name(1)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_drawing_is_painted_in_both_columns_colours(qapp: Any, theme: Any) -> None:
    network = assemble(find_texts("alexnet-2012")).to_json()
    image = QImage(QSize(980, 440), QImage.Format.Format_RGB32)
    image.fill(QColor(theme.card))
    painter = QPainter(image)
    paint(painter, lay_out(network, 980, 440, Type(7.0, 16.0)), theme, marked="conv3a")
    painter.end()
    seen = {image.pixelColor(x, y).name() for x in range(980) for y in range(0, 440, 2)}
    assert {theme.columns[0], theme.columns[1], theme.shared} <= seen
