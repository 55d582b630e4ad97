"""Every cost against plain loops, value and gradient, at awkward sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cost_references
import numpy as np
import pytest
import references
import torch

from reproduction.definition.layers import (
    BinaryCrossEntropy,
    ClassCrossEntropy,
    Cost,
    CrossEntropy,
    GatedSumOfSquares,
    MultiSoftmax,
    RobustSquares,
    SumOfSquares,
    TopographicCost,
)
from reproduction.definition.parameters import CostParameters
from reproduction.model.losses import Judged, log_answers, losses

PLAIN = CostParameters(1.0, 1)
FIELDS = {"name": "cost", "inputs": ("labels", "answers"), "output_shape": ()}


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def some_targets(images: int, classes: int) -> np.ndarray:
    """None, one or several classes an image."""
    return np.random.default_rng(7).integers(0, 2, (images, classes)).astype(float)


def value_and_gradient(
    cost: Cost, settings: CostParameters, x: np.ndarray, judge: Callable[[torch.Tensor], Judged]
) -> tuple[np.ndarray, np.ndarray]:
    """Values (N,) of a cost, and the gradient of their sum at `x`, of which `judge` makes what it sees."""
    read = torch.from_numpy(x.copy()).requires_grad_()
    values = losses(cost, settings, judge(read))
    values.sum().backward()
    assert read.grad is not None
    return values.detach().numpy(), read.grad.numpy()


def judged(answers: torch.Tensor, **parts: torch.Tensor | None) -> Judged:
    nothing = Judged(answers, None, torch.zeros(len(answers), dtype=torch.int64), None)
    return replace(nothing, **parts)


def assert_same(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_the_cross_entropy_of_a_softmax_sends_back_probability_less_label() -> None:
    scores, labels = drawn(5, 7), np.array([6, 0, 3, 3, 1])
    found = value_and_gradient(
        CrossEntropy(**FIELDS),
        PLAIN,
        scores,
        lambda x: judged(torch.softmax(x, 1), scores=x, labels=torch.from_numpy(labels)),
    )
    assert_same(found, cost_references.cross_entropy(scores, labels))


def test_the_class_cross_entropy_has_its_true_gradient_for_any_number_of_labels() -> None:
    scores, t = drawn(5, 7), some_targets(5, 7)
    found = value_and_gradient(
        ClassCrossEntropy(**FIELDS),
        PLAIN,
        scores,
        lambda x: judged(torch.softmax(x, 1), scores=x, targets=torch.from_numpy(t)),
    )
    assert_same(found, cost_references.class_cross_entropy(scores, t))


@pytest.mark.parametrize("kind", ["cost.crossent2", "cost.bce", "cost.dce"])
@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_the_binary_cross_entropy_is_differentiated_with_its_logistic_function(weight, kind) -> None:
    scores, t = drawn(3, 5), some_targets(3, 5)
    found = value_and_gradient(
        BinaryCrossEntropy(**FIELDS, kind=kind),
        replace(PLAIN, positive_weight=weight),
        scores,
        lambda x: judged(x.sigmoid(), scores=x, targets=torch.from_numpy(t)),
    )
    assert_same(found, cost_references.binary_cross_entropy_over_logistic(scores, t, weight))


def test_an_answer_that_is_certain_and_wrong_still_learns() -> None:
    cost = BinaryCrossEntropy(**FIELDS, kind="cost.bce")
    scores, t = np.array([[200.0, -200.0]]), np.array([[0.0, 1.0]])
    values, gradient = value_and_gradient(
        cost, PLAIN, scores, lambda x: judged(x.sigmoid(), scores=x, targets=torch.from_numpy(t))
    )
    assert values.tolist() == [400.0]
    assert gradient.tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_the_binary_cross_entropy_of_other_answers_has_the_right_signs(weight) -> None:
    y, t = np.random.default_rng(1).uniform(0.01, 0.99, (4, 3)), some_targets(4, 3)
    cost, settings = BinaryCrossEntropy(**FIELDS, kind="cost.bce"), replace(PLAIN, positive_weight=weight)
    found = value_and_gradient(cost, settings, y, lambda x: judged(x, targets=torch.from_numpy(t)))
    assert_same(found, cost_references.binary_cross_entropy(y, t, weight))


def test_the_log_of_zero_is_minus_fifty() -> None:
    cost = BinaryCrossEntropy(**FIELDS, kind="cost.bce")
    y, t = torch.tensor([[0.0, 1.0]], dtype=torch.float64), torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    assert losses(cost, PLAIN, judged(y, targets=t)).tolist() == pytest.approx([100.0])


def test_the_sum_of_squares() -> None:
    x = drawn(3, 2, 3, 3)
    cost = SumOfSquares(name="cost", inputs=("x",), output_shape=())
    assert_same(value_and_gradient(cost, PLAIN, x, judged), cost_references.sum_of_squares(x))


def test_the_gated_sum_of_squares_sends_back_to_gate_and_input() -> None:
    gate, x = drawn(4, 1, seed=1), drawn(4, 2, 3, 3)
    cost = GatedSumOfSquares(**FIELDS)
    values, gate_gradient, gradient = cost_references.gated_sum_of_squares(gate, x.reshape(4, -1))
    found = value_and_gradient(cost, PLAIN, x, lambda v: judged(v, targets=torch.from_numpy(gate)))
    assert_same(found, (values, gradient.reshape(x.shape)))
    found = value_and_gradient(cost, PLAIN, gate, lambda v: judged(torch.from_numpy(x), targets=v))
    assert_same(found, (values, gate_gradient))


def test_the_robust_squares() -> None:
    y, t = drawn(3, 5), some_targets(3, 5)
    found = value_and_gradient(
        RobustSquares(**FIELDS), PLAIN, y, lambda v: judged(v, targets=torch.from_numpy(t))
    )
    assert_same(found, cost_references.robust_squares(y, t))


@pytest.mark.parametrize(("side", "size"), [(5, 3), (4, 2), (6, 5), (3, 1), (4, 4)])
def test_the_topographic_cost_sends_back_what_the_original_did(side, size) -> None:
    x = drawn(2, 3, side, side)
    cost = TopographicCost(
        name="cost", inputs=("x",), input_shapes=((3, side, side),), output_shape=(), size=size
    )
    expected = cost_references.topographic(x, size)
    assert_same(value_and_gradient(cost, PLAIN, x, judged), expected)
    flat = value_and_gradient(cost, PLAIN, x.reshape(2, -1), judged)
    assert_same(flat, (expected[0], expected[1].reshape(2, -1)))


@pytest.mark.parametrize(("classes", "members"), [(6, 3), (5, 1), (4, 3), (7, 2)])
def test_the_multi_softmax_equals_the_sum_over_all_sets(classes, members) -> None:
    energies, labels = 2 * drawn(3, classes), np.array([0, classes - 1, 1])
    cost, settings = MultiSoftmax(**FIELDS), replace(PLAIN, set_size=members)
    found = value_and_gradient(cost, settings, energies, lambda x: judged(x, labels=torch.from_numpy(labels)))
    assert_same(found, cost_references.multi_softmax(energies, labels, members))
    logs = log_answers(cost, settings, judged(torch.from_numpy(energies)))
    np.testing.assert_allclose(logs.exp(), cost_references.marginals(energies, members), rtol=1e-10)


def test_the_multi_softmax_stands_large_energies() -> None:
    energies = torch.tensor([[900.0, -900.0, 0.0, 1000.0]], requires_grad=True)
    settings = replace(PLAIN, set_size=2)
    values = losses(MultiSoftmax(**FIELDS), settings, judged(energies, labels=torch.tensor([1])))
    values.sum().backward()
    assert values.tolist() == [1800.0]
    assert energies.grad is not None
    assert energies.grad.tolist() == [[1.0, -1.0, 0.0, 0.0]]


@pytest.mark.parametrize("cost", [CrossEntropy, ClassCrossEntropy, RobustSquares, MultiSoftmax])
def test_finite_differences_agree(cost) -> None:
    x, labels, t = drawn(2, 5), torch.tensor([4, 2]), torch.from_numpy(some_targets(2, 5))
    settings = replace(PLAIN, set_size=2)
    softmax = cost in (CrossEntropy, ClassCrossEntropy)

    def judge(v: torch.Tensor) -> Judged:
        return judged(v, scores=v if softmax else None, labels=labels, targets=t)

    def total(values: np.ndarray) -> float:
        return float(losses(cost(**FIELDS), settings, judge(torch.from_numpy(values))).sum())

    _, gradient = value_and_gradient(cost(**FIELDS), settings, x, judge)
    np.testing.assert_allclose(gradient, references.numerical_gradient(total, x), rtol=1e-6, atol=1e-8)
