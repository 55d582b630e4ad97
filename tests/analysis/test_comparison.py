"""The tests of difference: as sensitive as their power says, no more often wrong than their p says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reproduction.analysis.comparison import (
    arbitrary_halves,
    auc,
    aucs,
    bootstrap_interval,
    compare,
    deal_teams,
    permutation_test,
    q_values,
    ranks,
    shuffled_labels,
)

HALVES = np.repeat([0, 1], 48)


def normal(seed: int, shift: float = 0.0) -> np.ndarray:
    """96 values, the second half `shift` standard deviations above the first."""
    return np.random.default_rng(seed).standard_normal(96) + shift * HALVES


@pytest.mark.parametrize(("shift", "power"), [(0.3, 0.36), (0.5, 0.66), (0.8, 0.98), (1.0, 1.00)])
def test_power_of_the_permutation_test(shift: float, power: float) -> None:
    small = [permutation_test(normal(seed, shift), HALVES, draws=499)[1] <= 0.05 for seed in range(1200)]
    # Two standard errors of our 1,200 draws and of a reference from some 200 (0.3 gives 0.31 in theory).
    allowed = 0.005 + 2 * np.sqrt(power * (1 - power) * (1 / 1200 + 1 / 200))
    assert np.mean(small) == pytest.approx(power, abs=allowed)


def test_p_is_the_share_of_all_deals_that_are_as_far_apart() -> None:
    values, labels = np.array([3.0, 1.0, 7.0, 8.0, 2.0, 9.0, 4.0]), np.array([0, 0, 1, 1, 0, 1, 0])
    deals = [np.isin(np.arange(7), chosen) for chosen in itertools.combinations(range(7), 3)]
    apart = [abs(values[deal].mean() - values[~deal].mean()) for deal in deals]
    true = abs(values[labels == 1].mean() - values[labels == 0].mean())
    exact = np.mean(np.array(apart) >= true - 1e-12)
    statistic, p = permutation_test(values, labels)
    assert statistic == pytest.approx(true)
    assert p == pytest.approx(exact, abs=0.01)


def test_p_is_never_zero_and_never_above_one() -> None:
    assert permutation_test(100.0 * HALVES, HALVES, draws=99)[1] == 0.01
    assert permutation_test(np.ones(96), HALVES, draws=99)[1] == 1.0


@pytest.mark.parametrize("median", [False, True])
def test_which_half_is_called_0_does_not_matter(median: bool) -> None:
    values = normal(1, 0.4)
    there = permutation_test(values, HALVES, median=median, draws=999)
    back = permutation_test(values, 1 - HALVES, median=median, draws=999)
    assert back[0] == pytest.approx(there[0])
    assert back[1] == pytest.approx(there[1], abs=0.02)
    differences = compare(values, HALVES), compare(values, 1 - HALVES)
    assert differences[0].separation == pytest.approx(differences[1].separation)
    assert differences[0].delta == pytest.approx(-differences[1].delta)


def test_medians_are_compared_where_that_is_asked() -> None:
    values = np.zeros(20)
    values[0] = 1000
    assert permutation_test(values, np.repeat([0, 1], 10), median=True, draws=99)[0] == 0


def test_auc_counts_pairs_and_half_of_the_ties() -> None:
    values, labels = np.array([1.0, 2.0, 2.0, 5.0, 0.0]), np.array([0, 0, 1, 1, 1])
    wins = [(one > zero) + (one == zero) / 2 for one in (2, 5, 0) for zero in (1, 2)]
    assert auc(values, labels) == pytest.approx(np.mean(wins))
    assert auc(values, 1 - labels) == pytest.approx(1 - np.mean(wins))
    assert ranks(values).tolist() == [2, 3.5, 3.5, 5, 1]


def test_spread_of_auc_without_a_difference() -> None:
    assert aucs(normal(2), shuffled_labels(HALVES, 4000)).std() == pytest.approx(0.059, abs=0.002)


def test_effect_sizes_are_those_put_in() -> None:
    # Of two normal distributions `shift` apart: P(one above the other) = Phi(shift / sqrt 2).
    found = [compare(normal(seed, 1.0), HALVES, draws=9) for seed in range(60)]
    assert np.mean([one.auc for one in found]) == pytest.approx(0.7602, abs=0.02)
    assert np.mean([one.delta for one in found]) == pytest.approx(0.5205, abs=0.04)
    assert np.mean([one.statistic for one in found]) == pytest.approx(1.0, abs=0.06)
    covered = [one.low <= 0.7602 <= one.high for one in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.08)


def test_the_interval_is_the_same_every_time_and_holds_the_effect() -> None:
    values = normal(3, 0.6)
    first, again = (bootstrap_interval(values, HALVES) for _ in range(2))
    assert first == again and first[0] < auc(values, HALVES) < first[1]


def test_angles_are_compared_as_directions() -> None:
    random = np.random.default_rng(4)
    about_lying = np.concatenate([random.normal(178, 5, 30) % 180, random.normal(2, 5, 30) % 180])
    same = compare(about_lying, np.tile([0, 1], 30), circular=True)
    assert same.p > 0.05 and np.isnan(same.auc)
    turned = compare(
        np.concatenate([about_lying[:30], about_lying[30:] + 40]), np.repeat([0, 1], 30), circular=True
    )
    assert turned.p == 1e-4
    assert turned.means == (pytest.approx(178, abs=4), pytest.approx(42, abs=4))


def test_values_that_are_not_known_are_left_out() -> None:
    values = normal(5, 1.0)
    values[[3, 50, 51]] = np.nan
    found = compare(values, HALVES)
    known = np.isfinite(values)
    assert found.counts == (47, 46)
    assert found.auc == auc(values[known], HALVES[known])
    nothing = compare(np.full(96, np.nan), HALVES)
    assert nothing.counts == (0, 0) and np.isnan([nothing.p, nothing.auc, nothing.separation]).all()


def test_q_values_of_benjamini_and_hochberg() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.5])
    assert q_values(p) == pytest.approx([0.04, 4 * 0.04 / 3, np.nan, 4 * 0.04 / 3, 0.5], nan_ok=True)
    assert q_values(np.array([0.9, 0.95])) == pytest.approx([0.95, 0.95])
    assert len(q_values(np.zeros(0))) == 0


def test_teams_are_dealt_with_the_same_sizes_and_another_seed_deals_others() -> None:
    labels = np.repeat([0, 1, 1], 10)
    deals = [deal_teams(labels, seed) for seed in (1, 1, 2)]
    assert all(sorted(deal) == sorted(labels) for deal in deals)
    assert (deals[0] == deals[1]).all() and (deals[0] != deals[2]).any()
    assert arbitrary_halves(5).tolist() == [0, 0, 0, 1, 1]
