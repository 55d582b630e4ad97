"""Several runs, and one run over time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reproduction.analysis.runs import compare_runs, onset

HALVES = np.repeat([0, 1], 48)


def test_four_runs_that_all_lie_above_four_controls() -> None:
    found = compare_runs(np.array([0.9, 0.8, 0.85, 0.95]), np.array([0.55, 0.6, 0.52, 0.58]))
    assert found.auc == 1 and found.p == pytest.approx(2 / 70)


def test_p_counts_all_deals_of_the_runs() -> None:
    runs, controls = np.array([0.9, 0.55, 0.85, 0.7, 0.7]), np.array([0.55, 0.6, 0.7, 0.58])
    pooled = np.concatenate([runs, controls])

    def wins(one: np.ndarray, zero: np.ndarray) -> float:
        return float(((one[:, None] > zero) + (one[:, None] == zero) / 2).sum())

    true = wins(runs, controls)
    deals = [np.isin(np.arange(9), chosen) for chosen in itertools.combinations(range(9), 5)]
    as_far = [abs(wins(pooled[deal], pooled[~deal]) - 10) >= abs(true - 10) - 1e-9 for deal in deals]
    found = compare_runs(runs, controls)
    assert found.auc == pytest.approx(true / 20) and found.p == pytest.approx(np.mean(as_far))


def test_few_runs_are_described_without_a_p() -> None:
    found = compare_runs(np.array([0.9, 0.8, 0.85]), np.array([0.5, 0.6, 0.55, 0.52]))
    assert found.auc == 1 and np.isnan(found.p)
    assert np.isnan(compare_runs(np.array([0.9]), np.zeros(0)).auc)


def test_many_runs_are_drawn_and_agree() -> None:
    random = np.random.default_rng(1)
    assert compare_runs(random.normal(1, 1, 15), random.normal(0, 1, 15)).p < 0.05
    assert compare_runs(random.normal(0, 1, 15), random.normal(0, 1, 15)).p > 0.05


def test_the_split_is_where_the_halves_come_apart_for_good() -> None:
    random = np.random.default_rng(2)
    shifts = [0, 0, 3, 0, 0, 2, 2.5, 3]
    found = onset([random.standard_normal(96) + shift * HALVES for shift in shifts], HALVES)
    assert found.split == 5
    assert found.separations[2] > found.limits[2], "it had come apart before, and together again"
    # 99 % of random teams, two-sided: 0.5 + 2.58 times the spread of an AUC.
    assert found.limits == pytest.approx(np.full(8, 0.5 + 2.58 * 0.059), abs=0.01)


@pytest.mark.parametrize(("shifts", "split"), [([0, 0, 0], -1), ([3, 3, 3], 0), ([3, 3, 0], -1), ([], -1)])
def test_halves_that_never_or_always_differ(shifts: list[float], split: int) -> None:
    values = [np.random.default_rng(3).standard_normal(96) + shift * HALVES for shift in shifts]
    assert onset(values, HALVES, draws=999).split == split


def test_a_snapshot_without_values_is_no_difference() -> None:
    found = onset([np.full(96, np.nan), 3.0 * HALVES], HALVES, draws=99)
    assert np.isnan(found.separations[0]) and found.split == 1
