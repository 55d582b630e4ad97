"""The class tree of a treefc layer as arithmetic (original: the softmax tree of 2012).

Every node has a row of weights; a class answers with the sum of the rows on its path to the root. Backward,
a node receives the sum of what the classes below it receive, and its update is divided by their number.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reproduction.definition.class_tree import ROOT, Tree


def paths(parents: Tree, classes: int) -> Tensor:
    """(classes, nodes), sparse: 1 where the node lies on the path from the class to the root, both included.

    Times the weights of the nodes it gives those of the classes.
    """
    places = [(leaf, node) for leaf in range(classes) for node in sorted(_path(leaf, parents))]
    return torch.sparse_coo_tensor(
        torch.tensor(places, dtype=torch.int64).T,
        torch.ones(len(places)),
        (classes, len(parents)),
        check_invariants=True,
        is_coalesced=True,
    )


def leaf_counts(parents: Tree, classes: int) -> Tensor:
    """(nodes, 1): how many classes lie below each node; a class itself counts as one."""
    counts = torch.zeros(len(parents), 1)
    for leaf in range(classes):
        for node in _path(leaf, parents):
            counts[node] += 1
    return counts


def _path(node: int, parents: Tree) -> list[int]:
    """The node and all above it."""
    path = []
    while node != ROOT:
        path.append(node)
        node = parents[node]
    return path
