"""The words of marked moments: legible, whichever moments there are."""

from __future__ import annotations

import numpy as np
import pytest

from app.widgets.moment_words import Words, place_words

LETTER_PX = 7.0


def place(moments: list[tuple[float, str]], right: float = 800.0) -> list[Words]:
    return place_words(moments, 0.0, right, lambda text: LETTER_PX * len(text))


def apart(one: Words, other: Words) -> bool:
    return one.row != other.row or one.right <= other.left or other.right <= one.left


def crossed(words: Words, line: Words) -> bool:
    """Whether a moment's line, from the plot up to its own words, runs through other words."""
    return words is not line and words.row <= line.row and words.left < line.x < words.right


@pytest.mark.parametrize("seed", range(20))
def test_no_words_lie_on_others_and_no_line_runs_through_them(seed: int) -> None:
    draw = np.random.default_rng(seed)
    moments = [(float(x), "rate " * int(draw.integers(1, 9))) for x in draw.uniform(1, 790, 12)]
    placed = place(moments)
    assert placed
    for one in placed:
        assert one.left >= 0 and one.right <= 801
        assert all(apart(one, other) and not crossed(one, other) for other in placed if other is not one)


def test_two_changes_near_the_end_are_both_told() -> None:
    placed = place([(680.0, "rate 0.0001; bias rate 0.0002"), (740.0, "rate 0.00001; bias rate 0.00002")])
    assert sorted(words.text for words in placed) == [
        "rate 0.00001; bias rate 0.00002",
        "rate 0.0001; bias rate 0.0002",
    ]


def test_moments_without_room_are_counted() -> None:
    placed = place([(300.0 + place, "rate 0.001, changed by hand") for place in range(9)])
    counted = sum(
        int(text[text.index("(+") + 2 : text.index(")")]) for text in (w.text for w in placed) if "(+" in text
    )
    assert len(placed) + counted == 9


def test_what_is_longer_than_the_room_is_cut() -> None:
    (words,) = place([(200.0, "word " * 100)], right=400.0)
    assert words.text.endswith("…") and words.right <= 401
