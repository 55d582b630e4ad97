"""How well a few typed letters fit a text: letters in order, better at the starts of words and in a row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

START, IN_A_ROW, ANYWHERE = 8, 5, 1  # what a letter is worth by where it is found


def plain(text: str) -> str:
    """Lower case, without accents: what people type when they search."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def fit(typed: str, text: str) -> int | None:
    """How well `typed` fits, more is better; None when its letters are not all there, in this order.

    Spaces in `typed` are passed over. Of all ways to find the letters the best one counts.
    """
    letters = [letter for letter in plain(typed) if not letter.isspace()]
    searched = plain(text)
    if not letters:
        return 0
    worths = [
        START if place == 0 or not searched[place - 1].isalnum() else ANYWHERE
        for place in range(len(searched))
    ]
    ends = {place: worths[place] for place, letter in enumerate(searched) if letter == letters[0]}
    for letter in letters[1:]:
        ends = _go_on(ends, letter, searched, worths)
    return max(ends.values(), default=None)


def _go_on(ends: dict[int, int], letter: str, searched: str, worths: list[int]) -> dict[int, int]:
    """The best value by the place of the last letter found, after one more letter."""
    further: dict[int, int] = {}
    reached: int | None = None  # the best value that ends before the place
    for place, other in enumerate(searched):
        if letter == other and reached is not None:
            value = reached + worths[place]
            if place - 1 in ends:
                value = max(value, ends[place - 1] + max(worths[place], IN_A_ROW))
            further[place] = value
        if place in ends:
            reached = ends[place] if reached is None else max(reached, ends[place])
    return further


def best_first(typed: str, items: Iterable[Item], words: Callable[[Item], str]) -> list[Item]:
    """The items that fit, best first, of equals the shorter text; all in their order for nothing typed."""
    fits = [(fit(typed, words(item)), len(words(item)), item) for item in items]
    if not typed.strip():
        return [item for _, _, item in fits]
    found = [(-value, length, item) for value, length, item in fits if value is not None]
    return [item for _, _, item in sorted(found, key=lambda entry: entry[:2])]
