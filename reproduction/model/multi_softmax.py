"""The multi-softmax (original: cost.msm): a set of K classes is chosen with probability in proportion to
exp(sum of the energies of its members).

The sums over all sets come from dynamic programming over (classes seen, members chosen), in the log domain:

    forward   A[i, k] = log of the sum over sets of k among the classes before i
    backward  B[i, k] = the same among the classes from i on
    log Z = A[C, K]
    P(class i is in the set) = exp(e_i - log Z) * sum over k of exp(A[i, k] + B[i+1, K-1-k])

Letters: N images, C classes, K members of a set.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def _forward_table(energies: Tensor, members: int) -> Tensor:
    """A of the module's heading, (C + 1, N, members + 1), from energies (N, C)."""
    count, classes = energies.shape
    table = energies.new_full((classes + 1, count, members + 1), -torch.inf)
    table[:, :, 0] = 0
    for seen in range(classes):
        table[seen + 1, :, 1:] = torch.logaddexp(
            table[seen, :, 1:], table[seen, :, :-1] + energies[:, seen, None]
        )
    return table


def _log_marginals(energies: Tensor, members: int, before: Tensor) -> Tensor:
    """Log of P(class is in the set), (N, C); `before` is the forward table."""
    after = _forward_table(energies.flip(1), members).flip(0)  # B of the heading: the same from the other end
    rest = torch.logsumexp(before[:-1, :, :members] + after[1:, :, :members].flip(2), dim=2)  # (C, N)
    return energies + rest.T - before[-1, :, members, None]


class _LogPartition(torch.autograd.Function):
    """log Z, whose derivative by an energy is the probability that the class is in the set."""

    @staticmethod
    def forward(ctx: Any, energies: Tensor, members: int) -> Tensor:
        table = _forward_table(energies, members)
        ctx.save_for_backward(energies, table)
        ctx.members = members
        return table[-1, :, members].clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        energies, table = ctx.saved_tensors
        return _log_marginals(energies, ctx.members, table).exp() * gradient[:, None], None


def log_partition(energies: Tensor, members: int) -> Tensor:
    """log Z (N,): log of the sum over all sets of `members` classes of exp(sum of their energies (N, C))."""
    result: Tensor = _LogPartition.apply(energies, members)  # type: ignore[no-untyped-call]
    return result


def log_marginals(energies: Tensor, members: int) -> Tensor:
    """Log of the probability that each class is in the set, (N, C); no gradient."""
    with torch.no_grad():
        return _log_marginals(energies, members, _forward_table(energies, members))


def multi_softmax_losses(energies: Tensor, labels: Tensor, members: int) -> Tensor:
    """-log of the probability that the label is in the set, (N,).

    Its gradient is the marginals less the marginals given that the label is in the set.
    """
    own = energies.gather(1, labels[:, None])[:, 0]
    others = energies.scatter(1, labels[:, None], -torch.inf)
    return log_partition(energies, members) - own - log_partition(others, members - 1)
