"""Reported numbers and the loss: the original's rules for ties, and the fused gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reproduction.model.costs import (
    CostSums,
    cost_sums,
    log_mean_probabilities,
    reported_top_k,
    top_k_credit,
)

TIED = torch.tensor([[0.1, 0.3, 0.3, 0.2, 0.1]])


@pytest.mark.parametrize(
    ("label", "k", "credit"),
    [(1, 1, 0.5), (1, 2, 1.0), (3, 3, 1.0), (3, 2, 0.0), (0, 4, 0.5), (3, 1, 0.0), (0, 5, 1.0), (0, 9, 1.0)],
)
def test_ties_share_the_places_that_are_left(label, k, credit) -> None:
    assert top_k_credit(TIED, torch.tensor([label]), k).tolist() == [credit]


def test_sums_equal_plain_loops() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 3, (40, 6)).astype(float)
    labels = random.integers(0, 6, 40)
    sums = cost_sums(torch.log_softmax(torch.from_numpy(scores), 1), torch.from_numpy(labels), 3)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = top1 = top3 = 0.0
    for own, label in zip(scores, labels, strict=True):
        better, same = (own > own[label]).sum(), (own == own[label]).sum()
        top1 += 1 - (1 / same if better == 0 else 0)
        top3 += 1 - min(1, max(0, 3 - better) / same)
    loss = -np.log(probabilities[np.arange(40), labels]).sum()
    assert sums.images == 40
    assert sums.logprob == pytest.approx(loss)
    assert sums.top1 == pytest.approx(top1)
    assert sums.topk == pytest.approx(top3)


def test_sums_add_up_and_give_means() -> None:
    both = CostSums(2, 3.0, 1.0, 0.5) + CostSums(2, 1.0, 1.0, 0.5)
    assert both.means() == (1.0, 0.5, 0.25)
    assert CostSums().means() == (0, 0, 0)


def test_k_is_the_parameter_files_or_five_but_never_more_than_the_classes() -> None:
    assert [reported_top_k(1, 1000), reported_top_k(3, 1000), reported_top_k(1, 4)] == [5, 3, 4]


def test_certainty_about_the_wrong_class_costs_much_but_not_infinitely() -> None:
    scores = torch.tensor([[1000.0, 0.0]])
    assert cost_sums(torch.log_softmax(scores, 1), torch.tensor([1]), 2).logprob == 1000


def test_views_are_averaged_as_probabilities() -> None:
    views = [torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.2, 0.8]]).log()]
    torch.testing.assert_close(log_mean_probabilities(views).exp(), torch.tensor([[0.55, 0.45]]))
    assert log_mean_probabilities(views[:1]) is views[0]
