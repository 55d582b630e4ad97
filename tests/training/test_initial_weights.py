"""Initial weights: the original's draws in the original's order, turned to our layout."""

from __future__ import annotations

import numpy as np
import small_training

from reproduction.definition.dialect import DIALECTS
from reproduction.definition.language import parse
from reproduction.definition.network import Network, read_network
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


def test_all_nodes_of_a_tree_are_drawn_and_the_inner_ones_start_at_zero() -> None:
    network = built("[fc]\ntype=treefc\ninputs=data\ninitW=0.5\n", tree=(3, 3, 4, 4, -1))
    arrays = initial_weights(network, seed=2)
    drawn = 0.5 * np.random.RandomState(2).randn(12, 5)  # inputs by nodes
    np.testing.assert_array_equal(arrays["fc/weights_0"][:3], drawn.T[:3].astype(np.float32))
    assert not arrays["fc/weights_0"][3:].any()
    assert arrays["fc/biases"].shape == (3,)


def test_a_split_layer_is_drawn_as_inputs_by_the_outputs_of_a_part() -> None:
    arrays = initial_weights(built("[fc]\ntype=sfc\ninputs=data\noutputs=2\nparts=3\ninitW=0.5\n"), seed=2)
    drawn = 0.5 * np.random.RandomState(2).randn(12, 2)
    np.testing.assert_array_equal(arrays["fc/weights_0"], drawn.T.astype(np.float32))
    assert arrays["fc/biases"].shape == (6,)


def test_shared_weights_draw_nothing() -> None:
    shared = (
        "[fc0]\ntype=fc\ninputs=data\noutputs=2\ninitW=0.5\n"
        "[fc]\ntype=fc\ninputs=data,data\noutputs=2\ninitW=0.5,0.1\nweightSource=fc0,\n"
        "[sum]\ntype=eltsum\ninputs=fc0,fc\n"
    )
    arrays = initial_weights(built(shared, top="sum"), seed=2)
    random = np.random.RandomState(2)
    first, second = 0.5 * random.randn(12, 2), 0.1 * random.randn(12, 2)
    np.testing.assert_array_equal(arrays["fc0/weights_0"], first.T.astype(np.float32))
    np.testing.assert_array_equal(arrays["fc/weights_1"], second.T.astype(np.float32))
    assert "fc/weights_0" not in arrays


def test_biases_may_each_have_a_value_of_their_own() -> None:
    text = "[fc]\ntype=fc\ninputs=data\noutputs=3\ninitW=0.5\ninitBFunc=initw.makeb_vec(1,2.5,-3)\n"
    assert initial_weights(built(text), seed=0)["fc/biases"].tolist() == [1.0, 2.5, -3.0]


def built(layers: str, top: str = "fc", tree: tuple[int, ...] = ()) -> Network:
    """A network of these layers for pictures of 3x2x2."""
    data = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
    ends = f"[probs]\ntype=softmax\ninputs={top}\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
    return read_network(
        parse(data + layers + ends, "n.cfg"),
        name="n",
        dialect=DIALECTS["2011"],
        image_shape=(3, 2, 2),
        tree=tree,
    )
