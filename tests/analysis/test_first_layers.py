"""First layers of any kind become kernels that can be measured."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import halves_as_weights, random_kernels, two_column_network

from reproduction.analysis.first_layers import blocks_of, columns_of, kernels_of


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((9, 3, 5, 5), (9, 3, 5, 5)), ((4, 9, 3, 5, 5), (9, 3, 5, 5)), ((9, 48), (9, 3, 4, 4))],
)
def test_any_first_layer_has_kernels(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert kernels_of(np.zeros(shape, np.float32), (3, 4, 4)).shape == expected


def test_filters_keep_their_column_and_stride() -> None:
    blocks = blocks_of(two_column_network(stride=4), halves_as_weights(random_kernels(1)))
    assert [(block.layer, block.column, block.stride) for block in blocks] == [
        ("conv1a", 0, 4),
        ("conv1b", 1, 4),
    ]
    assert columns_of(blocks).tolist() == [0] * 48 + [1] * 48


def test_arrays_that_are_missing_or_of_another_shape_are_named() -> None:
    network = two_column_network()
    weights = halves_as_weights(random_kernels(1))
    with pytest.raises(ValueError, match="conv1b/weights_0"):
        blocks_of(network, {"conv1a/weights_0": weights["conv1a/weights_0"]})
    with pytest.raises(ValueError, match=r"\(20, 3, 11, 11\)"):
        blocks_of(network, weights | {"conv1b/weights_0": weights["conv1b/weights_0"][:20]})
