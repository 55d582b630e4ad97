"""Places the words of marked moments above a plot: none lies on another and no line runs through one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

WORD_ROWS = 4
BESIDE_PX = 6.0  # from a moment's line to its words
APART_PX = 14.0  # between the words of two moments in one row


@dataclass(frozen=True)
class Words:
    """The words of the moment at `x`: their left and right end and their row, 0 the lowest."""

    x: float
    left: float
    right: float
    row: int
    text: str


def place_words(
    moments: Sequence[tuple[float, str]], left: float, right: float, width_of: Callable[[str], float]
) -> list[Words]:
    """The words of moments (x, text) between `left` and `right`, each in the lowest row where it fits.

    They stand right of their line, or left of it where there is no room; what is longer than all the room is
    cut. A moment that finds no row is counted by the next one that did: "rate 0.001 (+2)".
    """
    placed: list[Words] = []
    passed_over = 0
    lines = [x for x, _ in moments]
    for x, text in sorted(moments, reverse=True):
        counted = f"{text} (+{passed_over})" if passed_over else text
        shown = _cut(counted, max(right - x, x - left) - BESIDE_PX, width_of)
        places = _places(x, shown, (left, right), lines, width_of)
        found = next((words for words in places if not any(_meet(words, other) for other in placed)), None)
        if found is None:
            passed_over += 1
        else:
            placed.append(found)
            passed_over = 0
    if passed_over and placed:
        first = placed[-1]
        text = _cut(f"(+{passed_over}) {first.text}", first.right - first.left, width_of)
        placed[-1] = replace(first, text=text)
    return placed


def _places(
    x: float,
    text: str,
    ends: tuple[float, float],
    lines: Sequence[float],
    width_of: Callable[[str], float],
) -> Iterator[Words]:
    """Where the words of a moment may stand, the best first: right of its line, low; or left of it, over the
    words of those whose lines they would meet.
    """
    width = width_of(text)
    start = x + BESIDE_PX
    if start + width <= ends[1] + 1:
        yield from (Words(x, start, start + width, row, text) for row in range(WORD_ROWS))
    start = x - BESIDE_PX - width
    if start >= ends[0]:
        below = min(WORD_ROWS - 1, sum(start - APART_PX <= line < x for line in lines))
        rows = [*range(below, WORD_ROWS), *reversed(range(below))]
        yield from (Words(x, start, start + width, row, text) for row in rows)


def _meet(one: Words, other: Words) -> bool:
    """Whether words lie on each other, or the line of one runs through the words of the other."""
    beside = one.right + APART_PX <= other.left or other.right + APART_PX <= one.left
    on_each_other = one.row == other.row and not beside
    return on_each_other or _crosses(one, other) or _crosses(other, one)


def _crosses(line: Words, words: Words) -> bool:
    """Whether the line of one moment, which reaches up to its own words, runs through those of another."""
    return words.row <= line.row and words.left - 2 <= line.x <= words.right + 2


def _cut(text: str, room: float, width_of: Callable[[str], float]) -> str:
    """The text, or as much of it as there is room for."""
    if width_of(text) <= room:
        return text
    for length in range(len(text) - 1, 0, -1):
        if width_of(f"{text[:length]}…") <= room:
            return f"{text[:length]}…"
    return "…"
