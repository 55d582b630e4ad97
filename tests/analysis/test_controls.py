"""Networks that cannot differ are said to differ no more often than p says (`controls.py` in full)."""

from __future__ import annotations

from collections import Counter

import controls
import pytest

from reproduction.analysis.specialisation import compare_all

SEEDS, MOST = 100, 4  # more than 4 of 100 have p <= 0.01 with a probability of 0.3 %, by measure


@pytest.mark.slow
@pytest.mark.parametrize("name", controls.CASES)
def test_a_control_is_rarely_said_to_differ(name: str) -> None:
    counts = controls.small_p(controls.CASES[name](SEEDS), draws=499)
    assert len(counts) >= 17
    assert not {question: count for question, count in counts.items() if count > MOST}


def test_untrained_wiring_is_rarely_said_to_prefer_a_column() -> None:
    assert controls.small_p_of_wiring(SEEDS, draws=499) <= MOST


def test_fits_of_untrained_filters_rarely_differ() -> None:
    found: Counter[str] = Counter()
    for table, labels in controls.gabor_cases(10, filters=24):
        for row in compare_all(table, labels, draws=499):
            found[row.name] += row.difference.p <= 0.01
    assert set(found) == {"gabor_r2"}, "untrained filters are not Gabor-like: only their fit can be compared"
    assert found["gabor_r2"] <= 1
