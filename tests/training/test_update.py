"""The weight update: the reference numbers, frozen arrays, decay, periods, and steps against plain numpy."""

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


def moved(rule: UpdateRule, gradients: np.ndarray, divisors: torch.Tensor | None = None) -> np.ndarray:
    """Weights after each of the steps with these gradients (steps, rows, columns), from ones."""
    weights = torch.ones(gradients.shape[1:], dtype=torch.float64)
    momentum = Momentum({"w": weights}, {} if divisors is None else {"w": divisors})
    found = []
    for step, gradient in enumerate(gradients):
        momentum.step({"w": weights}, {"w": torch.from_numpy(-gradient)}, {"w": rule}, step)
        found.append(weights.numpy().copy())
    return np.array(found)


def test_rate_and_decay_of_a_tree_row_are_divided_by_its_classes() -> None:
    gradients, rule = np.random.default_rng(1).standard_normal((6, 3, 2)), UpdateRule(0.02, 0.9, 0.3)
    found = moved(rule, gradients, torch.tensor([[1.0], [2.0], [5.0]]))
    for row, n in enumerate((1, 2, 5)):
        for column in range(2):
            w, v = 1.0, 0.0
            for step in range(6):
                v = 0.9 * v + 0.02 / n * (gradients[step, row, column] - 0.3 / n * w)
                w += v
                assert found[step, row, column] == pytest.approx(w, rel=1e-12)


def test_an_update_period_gathers_the_gradients_of_so_many_minibatches() -> None:
    gradients = np.random.default_rng(2).standard_normal((6, 2, 2))
    found = moved(UpdateRule(0.02, 0.9, 0.3, update_period=3), gradients)
    at_once = moved(UpdateRule(0.02, 0.9, 0.3), gradients.reshape(2, 3, 2, 2).mean(axis=1))
    np.testing.assert_allclose(found[[2, 5]], at_once, rtol=1e-12)
    assert (found[:2] == 1).all() and (found[3] == found[2]).all()


def test_super_epsilon_divides_the_gradient_by_its_running_deviation() -> None:
    gradients = np.random.default_rng(3).standard_normal((8, 1, 1))
    rule = UpdateRule(0.02, 0.8, 0.3, super_epsilon=0.01)
    w, v, mean, square = 1.0, 0.0, 0.0, 0.0
    for found, g in zip(moved(rule, gradients).ravel(), gradients.ravel(), strict=True):
        mean, square = 0.8 * mean + 0.2 * g, 0.8 * square + 0.2 * g**2
        v = 0.9 * v + 0.02 * g / np.sqrt(square - mean**2 + 0.01)
        v -= 0.02 * 0.3 * w
        w += v
        assert found == pytest.approx(w, rel=1e-10)
