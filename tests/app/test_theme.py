"""The colours as those see them who see fewer: columns and curves stay apart for every common vision."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.theme import DARK, LIGHT, Appearance, Theme, column_pen

Values = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0; they act on linear RGB.
VISIONS = {
    "all three cones": np.eye(3),
    "no long-wave cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no middle-wave cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no short-wave cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = XYZ_OF_RGB @ np.ones(3)
APART = 20.0  # CIE 1976 difference


def linear(color: str) -> Values:
    """sRGB without its gamma."""
    parts = np.array(QColor(color).getRgbF()[:3])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: Values) -> Values:
    """CIE L*a*b* of linear RGB."""
    ratio = XYZ_OF_RGB @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_categories_stay_apart_for_every_colour_vision(theme: Theme, vision: str) -> None:
    # Columns, what crosses between them, and the curves of test and training, which are drawn together.
    pairs = [theme.columns, theme.column_texts, (theme.test, theme.muted)]
    pairs += [(color, theme.crossing) for color in theme.columns]
    for one, other in pairs:
        seen = [lab(VISIONS[vision] @ linear(color)) for color in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > APART, (one, other)


def test_columns_differ_in_line_and_not_only_in_colour() -> None:
    assert column_pen(0).style() is Qt.PenStyle.SolidLine and column_pen(1).style() is Qt.PenStyle.DashLine


def test_the_light_columns_are_of_okabe_and_itos_palette() -> None:
    assert LIGHT.columns == ("#0072b2", "#d55e00")


def test_text_sizes_reach_twice_the_systems_own(qapp: QApplication) -> None:
    appearance = Appearance(qapp)
    appearance.choose("light", 100)
    normal = qapp.font().pointSizeF()
    appearance.choose("light", 200)
    assert qapp.font().pointSizeF() == pytest.approx(2 * normal)
    appearance.choose("light", 100)
    qapp.setStyleSheet("")


def test_no_two_colours_of_a_theme_that_stand_side_by_side_are_one() -> None:
    for theme in (LIGHT, DARK):
        names = ("window", "card", "selected", "hover")
        assert all(getattr(theme, one) != getattr(theme, other) for one, other in combinations(names, 2))
