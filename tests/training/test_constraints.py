"""What binds the filters after a step: norm limits and ball, against plain numpy, in each layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reproduction.definition.parameters import UpdateRule
from reproduction.training.constraints import constrain

Array = NDArray[np.float64]
SHAPES = [(4, 3, 2, 2), (5, 7), (9, 4, 3, 2, 2)]  # conv, fc, local


def rows(weights: Array) -> Array:
    """One row for each filter: all that an output sees."""
    outputs = weights.shape[:2] if weights.ndim == 5 else weights.shape[:1]
    return weights.reshape(int(np.prod(outputs)), -1)


def constrained(weights: Array, rule: UpdateRule) -> Array:
    tensor = torch.from_numpy(weights.copy())
    constrain(tensor, rule)
    return tensor.numpy()


def drawn(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(3).standard_normal(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_soft_ball_shortens_what_is_longer_and_leaves_the_rest(shape: tuple[int, ...]) -> None:
    weights = drawn(shape)
    lengths = [float(np.sqrt(sum(w * w for w in row))) for row in rows(weights)]
    radius = float(np.median(lengths))
    result = constrained(weights, UpdateRule(0.1, 0.9, 0.0, ball_radius=radius))
    for before, after, length in zip(rows(weights), rows(result), lengths, strict=True):
        np.testing.assert_allclose(after, before * min(1.0, radius / length), rtol=1e-12)
    assert np.array_equal(result, weights) is False


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hard_ball_puts_every_filter_on_it(shape: tuple[int, ...]) -> None:
    rule = UpdateRule(0.1, 0.9, 0.0, ball_radius=2.0, ball_is_hard=True)
    for row in rows(constrained(drawn(shape), rule)):
        assert float(np.sqrt((row * row).sum())) == pytest.approx(2.0)


def test_norm_limits_scale_the_filter_by_its_spread_and_keep_its_mean_in() -> None:
    weights = drawn((6, 3, 2, 2))
    rule = UpdateRule(0.1, 0.9, 0.0, norm_limits=(0.2, 0.3))
    for before, after in zip(rows(weights), rows(constrained(weights, rule)), strict=True):
        spread = float(np.sqrt(sum((w - before.mean()) ** 2 for w in before))) / before.size
        wanted = min(max(spread, 0.2), 0.3)
        np.testing.assert_allclose(after, before * wanted / spread, rtol=1e-12)


def test_the_norm_limits_come_before_the_ball() -> None:
    rule = UpdateRule(0.1, 0.9, 0.0, norm_limits=(5.0, 5.0), ball_radius=0.5)
    for row in rows(constrained(drawn((6, 3, 2, 2)), rule)):
        assert float(np.sqrt((row * row).sum())) == pytest.approx(0.5)


def test_frozen_arrays_and_filters_of_zeros_stay_as_they_are() -> None:
    weights = drawn((4, 3, 2, 2))
    assert np.array_equal(constrained(weights, UpdateRule(0.0, 0.9, 0.0, ball_radius=0.1)), weights)
    zeros = np.zeros((2, 3))
    rule = UpdateRule(0.1, 0.9, 0.0, ball_radius=1.0, ball_is_hard=True)
    assert np.array_equal(constrained(zeros, rule), zeros)
