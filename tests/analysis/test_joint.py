"""The discriminant leaves each filter out honestly, and its chance level is that of random teams."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.joint import accuracies, joint_test

HALVES = np.repeat([0, 1], 48)


def one_by_one(features: np.ndarray, one: np.ndarray) -> float:
    """Leave-one-out accuracy with a discriminant made anew for every filter."""
    right = 0
    for left_out in range(len(features)):
        kept = np.arange(len(features)) != left_out
        sides = features[kept & ~one], features[kept & one]
        means = [side.mean(axis=0) for side in sides]
        scatter = sum((side - mean).T @ (side - mean) for side, mean in zip(sides, means, strict=True))
        towards = np.linalg.solve(scatter / (len(features) - 3), means[1] - means[0])
        score = towards @ (features[left_out] - (means[0] + means[1]) / 2) + np.log(
            len(sides[1]) / len(sides[0])
        )
        right += int((score > 0) == one[left_out])
    return right / len(features)


@pytest.mark.parametrize("seed", range(5))
def test_the_short_way_is_the_long_way(seed: int) -> None:
    random = np.random.default_rng(seed)
    one = random.permutation(40) < 17
    features = random.standard_normal((40, 6)) + 0.5 * one[:, None]
    assert accuracies(features, one[None].astype(int))[0] == one_by_one(features, one)


def test_the_short_way_holds_for_few_filters_too() -> None:
    random = np.random.default_rng(9)
    for _ in range(60):
        one = random.permutation(14) < 6
        features = random.standard_normal((14, 5))
        assert accuracies(features, one[None].astype(int))[0] == one_by_one(features, one)


def test_chance_is_below_one_half() -> None:
    random = np.random.default_rng(1)
    null = [accuracies(random.standard_normal((96, 6)), HALVES[None])[0] for _ in range(1000)]
    assert np.mean(null) == pytest.approx(0.481, abs=0.006)
    assert np.quantile(null, 0.95) == pytest.approx(0.594, abs=0.011)


def test_halves_that_differ_a_little_in_everything_are_told_apart() -> None:
    random = np.random.default_rng(2)
    found = joint_test(random.standard_normal((96, 6)) + 0.5 * HALVES[:, None], HALVES)
    assert found.accuracy > 0.65 > found.unusual and found.p <= 0.01


def test_features_that_say_nothing_or_are_missing_do_no_harm() -> None:
    features = np.random.default_rng(3).standard_normal((96, 6))
    features[:, 2] = 5
    features[7, 0] = np.nan
    found = joint_test(features, HALVES)
    kept = np.delete(features[:, [0, 1, 3, 4, 5]], 7, axis=0)
    assert found == joint_test(kept, np.delete(HALVES, 7))
    assert np.isnan(joint_test(features[:12], HALVES[42:54]).p)
    assert np.isnan(joint_test(np.ones((96, 2)), HALVES).p)
