"""The tree of the classes: leaves first, every path to a root, and how a recipe holds it."""

from __future__ import annotations

import time

import pytest
from definition_texts import CONV, DATA, ENDS, PARAMETERS, texts

from reproduction.definition import assemble
from reproduction.definition.class_tree import checked, leaves
from reproduction.definition.layers import TreeFullyConnected
from reproduction.definition.recipe import read_recipe
from reproduction.errors import DefinitionError

TREE = DATA + CONV + "[fc10]\ntype=treefc\ninputs=conv1\ninitW=1\n" + ENDS


@pytest.mark.parametrize(
    ("parents", "count"),
    [([-1], 1), ([-1, -1, -1], 3), ([2, 2, -1], 2), ([3, 3, 4, 4, -1], 3), ([4, 3, 5, 5, 5, -1], 3)],
)
def test_leaves_are_the_nodes_before_the_lowest_parent(parents: list[int], count: int) -> None:
    assert leaves(checked(parents)) == count


@pytest.mark.parametrize(
    "parents",
    [[], [0], [1, 0], [-2], [5, -1], [1, -1, -1], [3, 3, -1, -1, 2], [2, 3, 3, 2], [1, 2, 3, 1]],
)
def test_what_is_no_tree_is_refused(parents: list[int]) -> None:
    with pytest.raises(ValueError, match="leaves first|circle"):
        checked(parents)


def test_long_paths_are_followed_once() -> None:
    begun = time.monotonic()
    count = 200_000
    chain = [count, *range(2, count), -1]  # leaf 0, and a leaf 1 below a long chain
    with pytest.raises(ValueError, match="leaves first"):
        checked(chain)
    assert leaves(checked([1, *range(2, count), -1])) == 1
    assert time.monotonic() - begun < 5


def test_a_recipe_holds_the_tree_of_its_data() -> None:
    recipe = "image-size = 32\ntree = [3, 3, 4, 4, -1]\n"
    network = assemble(texts(TREE, PARAMETERS, recipe + 'dialect = "2012"\n')).network
    layer = network["fc10"]
    assert isinstance(layer, TreeFullyConnected)
    assert (layer.parents, network.classes) == ((3, 3, 4, 4, -1), 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", "expected a list of whole numbers, got '3'"),
        ("[1.0]", "expected a list of whole numbers, got '[1.0]'"),
        (
            "[0, -1]",
            "expected for each node the one above it (-1: none), the leaves first, got 'a list of 2 nodes'",
        ),
    ],
)
def test_other_trees_in_a_recipe_are_refused(value: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_recipe(f"tree = {value}\n", "r.toml")
    assert str(caught.value) == f"r.toml: recipe key 'tree': {expected}"


def test_the_number_of_classes_may_stand_in_for_the_tree() -> None:
    network = assemble(texts(TREE, PARAMETERS), classes=7, dialect="2012").network
    assert network.classes == 7
