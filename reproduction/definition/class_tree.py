"""The tree of the classes that a softmax tree needs (treefc), as a list: for each node the node above it."""

from __future__ import annotations

Tree = tuple[int, ...]
ROOT = -1  # above the root, there is nothing


def leaves(tree: Tree) -> int:
    """The number of classes: leaves come first, so the lowest node above another is their number."""
    return min((parent for parent in tree if parent != ROOT), default=len(tree))


def checked(parents: list[int]) -> Tree:
    """The list as a tree; ValueError unless the leaves come first and every path ends at a root."""
    nodes = len(parents)
    above = {parent for parent in parents if parent != ROOT}
    if not nodes or above != set(range(nodes - len(above), nodes)) or len(above) == nodes:
        raise ValueError("for each node the one above it (-1: none), the leaves first")
    seen = [0] * nodes  # the walk that came by: a path that meets its own walk is a circle
    for start in range(nodes):
        node = start
        while node != ROOT and not seen[node]:
            seen[node] = start + 1
            node = parents[node]
        if node != ROOT and seen[node] == start + 1:
            raise ValueError(f"paths that end at a root (there is a circle through node {node})")
    return tuple(parents)
