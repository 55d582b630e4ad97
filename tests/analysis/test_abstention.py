"""Abstention: the threshold keeps its promise, its figures come from other pictures, or there is none."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.abstention import abstains, calibrated


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A well calibrated network: right as often as it says."""
    random = np.random.default_rng(seed)
    probabilities = random.uniform(0.2, 1, count)
    return probabilities, random.uniform(0, 1, count) < probabilities


def test_of_the_accepted_pictures_the_rate_asked_for_is_right() -> None:
    rule = calibrated(*drawn(20_000), target=0.8)
    # Above p, a calibrated network with uniform p is right at the rate (p + 1) / 2.
    assert rule["threshold"] == pytest.approx(0.6, abs=0.03)
    assert rule["right"] == pytest.approx(0.8, abs=0.02)
    assert rule["accepted"] == pytest.approx(0.5, abs=0.04)
    assert rule["right_of_all"] == pytest.approx(0.6, abs=0.02)
    assert rule["calibrated_on"] == rule["checked_on"] == 10_000


def test_the_figures_are_of_pictures_that_the_threshold_was_not_taken_from() -> None:
    probabilities = np.tile([0.9, 0.9], 100)
    right = np.tile([True, False], 100)  # the even ones, from which it is taken, and the odd ones
    rule = calibrated(probabilities, right)
    assert rule["threshold"] == 0.9 and rule["right"] == 0 and rule["accepted"] == 1


def test_a_network_that_is_always_wrong_gets_no_threshold() -> None:
    rule = calibrated(np.linspace(0, 1, 100), np.zeros(100, bool))
    assert rule["threshold"] is None and rule["accepted"] == 0 and rule["right"] is None
    assert abstains(rule, 0.99) is None


def test_equal_probabilities_stand_or_fall_together() -> None:
    probabilities = np.repeat(np.r_[np.full(30, 0.9), np.full(30, 0.5)], 2)
    right = np.repeat(np.r_[np.full(30, True), np.full(15, True), np.full(15, False)], 2)
    rule = calibrated(probabilities, right, target=0.9)
    assert rule["threshold"] == 0.9  # taking some of those at 0.5 would do, but they cannot be told apart


def test_a_rate_over_a_few_pictures_is_none() -> None:
    probabilities = np.linspace(1, 0, 40)
    right = np.zeros(40, bool)
    right[:8] = True
    assert calibrated(probabilities, right)["threshold"] is None


@pytest.mark.parametrize(
    ("rule", "probability", "expected"),
    [
        (None, 0.5, None),
        ({}, 0.5, None),
        ({"rule": "probability", "threshold": None}, 0.5, None),
        ({"rule": "another", "threshold": 0.6}, 0.5, None),
        ({"rule": "probability", "threshold": "0.6"}, 0.5, None),
        ({"rule": "probability", "threshold": 0.6}, 0.5, True),
        ({"rule": "probability", "threshold": 0.6}, 0.6, False),
    ],
)
def test_without_a_rule_nothing_is_said(rule, probability, expected) -> None:
    assert abstains(rule, probability) is expected
