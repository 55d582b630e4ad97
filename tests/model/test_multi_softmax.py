"""The dynamic programming of the multi-softmax against the sum over all sets, one by one."""

from __future__ import annotations

import cost_references
import numpy as np
import pytest
import torch

from reproduction.model.multi_softmax import log_marginals, log_partition, multi_softmax_losses

SIZES = [(6, 3), (5, 1), (4, 4), (7, 2)]


def drawn(classes: int) -> np.ndarray:
    return 2 * np.random.default_rng(classes).standard_normal((3, classes))


@pytest.mark.parametrize(("classes", "members"), SIZES)
def test_the_marginals_are_those_of_all_sets(classes: int, members: int) -> None:
    energies = drawn(classes)
    found = log_marginals(torch.from_numpy(energies), members).exp().numpy()
    np.testing.assert_allclose(found, cost_references.marginals(energies, members), rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), members, rtol=1e-10)


@pytest.mark.parametrize(("classes", "members"), SIZES)
def test_the_gradient_of_the_log_of_all_sets_is_the_marginals(classes: int, members: int) -> None:
    energies = torch.from_numpy(drawn(classes)).requires_grad_()
    (gradient,) = torch.autograd.grad(log_partition(energies, members).sum(), energies)
    expected = cost_references.marginals(energies.detach().numpy(), members)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-10)
    assert torch.autograd.gradcheck(lambda values: log_partition(values, members), [energies])


@pytest.mark.parametrize(("classes", "members"), [(6, 3), (5, 1), (7, 2)])
def test_the_loss_and_its_gradient_are_those_of_all_sets_with_the_label(classes: int, members: int) -> None:
    energies, labels = torch.from_numpy(drawn(classes)).requires_grad_(), np.array([0, classes - 1, 1])
    values = multi_softmax_losses(energies, torch.from_numpy(labels), members)
    (gradient,) = torch.autograd.grad(values.sum(), energies)
    losses, slopes = cost_references.multi_softmax(energies.detach().numpy(), labels, members)
    np.testing.assert_allclose(values.detach().numpy(), losses, rtol=1e-10)
    np.testing.assert_allclose(gradient.numpy(), slopes, rtol=1e-9, atol=1e-12)
