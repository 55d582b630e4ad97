"""Counts: exact tails against published and known figures, information against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.counts import (
    count_test,
    hypergeometric_tail,
    information_bits,
    information_test,
    pair_test,
)

HALVES = np.repeat([0, 1], 48)


def split(zero: int, one: int) -> np.ndarray:
    """Which of 96 filters are marked: so many of each half."""
    return np.concatenate([np.arange(48) < zero, np.arange(48) < one])


@pytest.mark.parametrize(
    ("on_one_side", "p"), [(34, 8.6e-5), (36, 1.7e-6), (40, 4.6e-11), (44, 1.2e-17), (48, 3.1e-28)]
)
def test_a_lopsided_deal_of_48_coloured_filters(on_one_side: int, p: float) -> None:
    found = [count_test(split(*sides), HALVES) for sides in ((on_one_side, 48 - on_one_side),) * 1]
    found += [count_test(split(48 - on_one_side, on_one_side), HALVES)]
    assert found[0][:2] == (on_one_side, 48 - on_one_side)
    for one in found:
        assert one[2] == pytest.approx(p, rel=0.03)


@pytest.mark.parametrize(
    ("total", "marked", "drawn", "found", "tail"), [(256, 9, 32, 9, 2.5e-9), (480, 30, 96, 30, 1.7e-23)]
)
def test_the_tails_of_branches_that_others_published(total, marked, drawn, found, tail: float) -> None:
    assert hypergeometric_tail(total, marked, drawn, found) == pytest.approx(tail, rel=0.03)


def test_an_even_deal_and_no_colour_are_no_surprise() -> None:
    assert count_test(split(24, 24), HALVES)[2] == 1.0
    assert count_test(split(0, 0), HALVES) == (0, 0, 1.0)
    assert count_test(split(48, 48), HALVES) == (48, 48, 1.0)


def test_counts_of_uneven_halves_are_compared_with_their_shares() -> None:
    labels = np.repeat([0, 1], [20, 80])
    marked = np.zeros(100, bool)
    marked[[*range(4), *range(20, 36)]] = True
    assert count_test(marked, labels)[2] == 1.0


def test_information_of_a_table() -> None:
    classes = np.concatenate([np.repeat([2, 0], [40, 8]), np.repeat([2, 0], [8, 40])])
    assert information_bits(classes, HALVES) == pytest.approx(0.35, abs=0.005)
    assert information_bits(HALVES, HALVES) == pytest.approx(1)
    even = np.tile([0, 1], 48)
    assert information_bits(even, HALVES) == pytest.approx(0, abs=1e-12)
    # What random teams tell by chance, which the test takes off.
    assert information_bits(even, HALVES) - information_test(even, HALVES)[0] == pytest.approx(
        0.0077, abs=5e-4
    )


def test_information_of_three_classes_is_tested() -> None:
    classes = np.concatenate([np.repeat([0, 1, 2], [30, 10, 8]), np.repeat([0, 1, 2], [8, 10, 30])])
    bits, p = information_test(classes, HALVES)
    assert bits > 0.15 and p == 1e-4
    assert information_test(np.zeros(96, int), HALVES) == (pytest.approx(0), 1.0)


def test_partners_on_one_column_are_noticed() -> None:
    pairs = np.arange(40).reshape(20, 2)
    together = np.repeat(np.arange(20) % 2, 2)
    assert pair_test(pairs, together)[:2] == (20, 20) and pair_test(pairs, together)[2] <= 2e-4
    apart = np.tile([0, 1], 20)
    assert pair_test(pairs, apart)[0] == 0 and pair_test(pairs, apart)[2] <= 2e-4
    mixed = np.concatenate([np.tile([0, 1], 10), np.repeat(np.arange(10) % 2, 2)])
    assert pair_test(pairs, mixed)[:2] == (10, 20) and pair_test(pairs, mixed)[2] > 0.5
    assert np.isnan(pair_test(np.zeros((0, 2), int), apart)[2])
