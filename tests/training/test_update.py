"""The weight update: the reference numbers, frozen arrays, decay, and steps against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reproduction.definition.parameters import UpdateRule
from reproduction.training.update import Momentum, update


def test_one_step_gives_the_reference_numbers() -> None:
    weights, velocity = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    update(weights, velocity, torch.tensor(-2.0, dtype=torch.float64), UpdateRule(0.01, 0.9, 0.0005))
    assert velocity.item() == pytest.approx(0.469995, abs=1e-12)
    assert weights.item() == pytest.approx(1.469995, abs=1e-12)


def test_a_rate_of_zero_freezes_weights_and_keeps_the_velocity() -> None:
    weights, velocity = torch.tensor([1.0]), torch.tensor([0.5])
    update(weights, velocity, torch.tensor([3.0]), UpdateRule(0.0, 0.9, 0.1))
    assert (weights.item(), velocity.item()) == (1.0, 0.5)


def test_many_steps_equal_the_formula() -> None:
    random = np.random.default_rng(0)
    rule = UpdateRule(0.02, 0.9, 0.004)
    w, v = random.standard_normal(20), np.zeros(20)
    weights = torch.from_numpy(w.copy())
    momentum = Momentum({"fc/weights_0": weights})
    for _ in range(10):
        gradient = random.standard_normal(20)
        v = rule.momentum * v + rule.rate * gradient - rule.rate * rule.decay * w
        w = w + v
        momentum.step(
            {"fc/weights_0": weights}, {"fc/weights_0": torch.from_numpy(-gradient)}, {"fc/weights_0": rule}
        )
    np.testing.assert_allclose(weights.numpy(), w, rtol=1e-12)
    np.testing.assert_allclose(momentum.velocities["fc/weights_0"].numpy(), v, rtol=1e-12)


def test_arrays_without_a_gradient_stay() -> None:
    arrays = {"a": torch.ones(2), "b": torch.ones(2)}
    momentum = Momentum(arrays)
    rules = dict.fromkeys(arrays, UpdateRule(0.1, 0.9, 0.1))
    momentum.step(arrays, {"a": torch.ones(2)}, rules)
    assert arrays["b"].tolist() == [1, 1]
    assert arrays["a"].tolist() != [1, 1]
