"""Initial weights: the original's draws in the original's order, turned to our layout."""

from __future__ import annotations

import numpy as np
import small_training

from reproduction.training.initial_weights import initial_weights


def test_matrices_are_drawn_in_file_order_as_the_original_laid_them_out() -> None:
    network = small_training.experiment().network
    arrays = initial_weights(network, seed=5)
    random = np.random.RandomState(5)
    conv = 0.05 * random.randn(3 * 3 * 3, 8)  # rows (c, i, j), one column a filter
    local = 0.1 * random.randn(25 * 8 * 3 * 3, 4)  # rows (position, c, i, j)
    fc = 0.1 * random.randn(100, 4)  # inputs by outputs
    for c, i, j, f in np.ndindex(3, 3, 3, 8):
        assert arrays["conv-1.a/weights_0"][f, c, i, j] == np.float32(conv[(c * 3 + i) * 3 + j, f])
    for p, c, i, j, f in np.ndindex(25, 8, 3, 3, 4):
        row = ((p * 8 + c) * 3 + i) * 3 + j
        assert arrays["local2/weights_0"][p, f, c, i, j] == np.float32(local[row, f])
    np.testing.assert_array_equal(arrays["fc/weights_0"], fc.T.astype(np.float32))


def test_biases_start_at_their_value_and_draw_nothing() -> None:
    network = small_training.experiment("conv-1.a.initB=1").network
    arrays = initial_weights(network, seed=5)
    assert set(arrays["conv-1.a/biases"].tolist()) == {1.0}
    assert arrays["local2/biases"].shape == (4, 5, 5)
    without = initial_weights(small_training.experiment().network, seed=5)
    np.testing.assert_array_equal(arrays["fc/weights_0"], without["fc/weights_0"])


def test_every_array_of_the_network_is_there_as_float32() -> None:
    network = small_training.experiment().network
    arrays = initial_weights(network, seed=0)
    assert {name: array.shape for name, array in arrays.items()} == dict(network.array_shapes)
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    assert all(array.flags.c_contiguous for array in arrays.values())
