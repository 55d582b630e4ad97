"""A few letters find what was meant: in order, better at the starts of words."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fuzzy import ANYWHERE, IN_A_ROW, START, best_first, fit

COMMANDS = [
    "File: Open an archive…",
    "File: Open pictures…",
    "View: Full screen",
    "Rooms: Filters",
    "View: Dark",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("oa", "File: Open an archive…"),
        ("op", "File: Open pictures…"),
        ("full", "View: Full screen"),
        ("FILT", "Rooms: Filters"),
        ("vd", "View: Dark"),
        ("pict", "File: Open pictures…"),
    ],
)
def test_the_first_found_is_what_was_meant(typed: str, meant: str) -> None:
    assert best_first(typed, COMMANDS, str)[0] == meant


def test_nothing_typed_leaves_everything_in_its_order() -> None:
    assert best_first("  ", COMMANDS, str) == COMMANDS


def test_letters_that_are_not_there_in_this_order_find_nothing() -> None:
    assert best_first("xyz", COMMANDS, str) == []
    assert fit("ba", "ab") is None and fit("aa", "a") is None


def test_accents_and_case_need_not_be_typed() -> None:
    assert fit("menu", "Über das Menü") is not None and fit("uber", "Über das Menü") is not None


def by_hand(typed: str, text: str) -> int | None:
    """Every way to place the letters, counted one by one."""
    values = []
    for places in combinations(range(len(text)), len(typed)):
        if all(text[place] == letter for place, letter in zip(places, typed, strict=True)):
            value = 0
            for number, place in enumerate(places):
                worth = START if place == 0 or not text[place - 1].isalnum() else ANYWHERE
                in_a_row = number > 0 and places[number - 1] == place - 1
                value += max(worth, IN_A_ROW) if in_a_row else worth
            values.append(value)
    return max(values, default=None)


@given(st.text("ab", min_size=1, max_size=4), st.text("ab ", max_size=9))
def test_the_best_of_all_ways_to_place_the_letters_counts(typed: str, text: str) -> None:
    assert fit(typed, text) == by_hand(typed, text)
