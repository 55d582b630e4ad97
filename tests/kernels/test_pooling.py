"""Pooling against plain loops: windows over the edge, ties, overlaps, borders."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import picture_references
import pytest
import references
import torch

from reproduction.definition.layers import Pool
from reproduction.definition.parameters import Parameters
from reproduction.kernels import chain
from reproduction.kernels.pooling import Windows, max_over_maps, mean_of_random_pool, random_pool
from reproduction.model.layer_module import Pass
from reproduction.model.layers import PoolModule

Pooling = Callable[[torch.Tensor, Windows], torch.Tensor]


def pooling(kind: str) -> Pooling:
    """The operator, for one kind of pool."""
    return lambda images, windows: chain.pool(images, kind, windows)


max_pool, average_pool, sum_pool = pooling("max"), pooling("average"), pooling("sum")
largest_magnitude_pool = pooling("maxabs")

# side, size, stride, start
SHAPES = [
    (5, 2, 2, 0),
    (6, 3, 2, 0),
    (7, 3, 2, 0),
    (8, 3, 2, -1),
    (7, 3, 3, -2),
    (9, 4, 3, 2),
    (5, 5, 5, 0),
    (4, 1, 1, 0),
    (11, 4, 2, 1),
    (32, 3, 2, 0),
]


def outputs_of(side: int, size: int, stride: int, start: int) -> int:
    return 1 + math.ceil((side - start - size) / stride)


def drawn(side: int, maps: int = 3, levels: int = 0) -> np.ndarray:
    """Pictures (2, maps, side, side); with `levels` only so many different values, hence many ties."""
    random = np.random.default_rng(side)
    shape = (2, maps, side, side)
    return random.integers(0, levels, shape).astype(float) if levels else random.standard_normal(shape)


def gradients(pool, x: np.ndarray, g: np.ndarray, windows: Windows, layout) -> tuple[np.ndarray, np.ndarray]:
    """Output and input gradient of `pool` in float64."""
    images = torch.from_numpy(x).contiguous(memory_format=layout).requires_grad_()
    y = pool(images, windows)
    y.backward(torch.from_numpy(g))
    assert images.grad is not None
    return y.detach().numpy(), images.grad.numpy()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SHAPES)
def test_max_pooling_gives_every_maximum_the_full_gradient(side, size, stride, start, levels, layout) -> None:
    x = drawn(side, levels=levels)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(max_pool, x, g, Windows(size, stride, start, outputs), layout)
    np.testing.assert_array_equal(y, references.max_pool(x, size, stride, start, outputs))
    np.testing.assert_allclose(
        gradient, references.max_pool_gradient(x, g, size, stride, start), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SHAPES)
def test_average_pooling_divides_by_the_pixels_inside(side, size, stride, start, layout) -> None:
    x = drawn(side)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(average_pool, x, g, Windows(size, stride, start, outputs), layout)
    np.testing.assert_allclose(y, references.average_pool(x, size, stride, start, outputs), rtol=1e-12)
    np.testing.assert_allclose(
        gradient, references.average_pool_gradient(g, side, size, stride, start), rtol=1e-12, atol=1e-14
    )


def test_fewer_windows_than_fit_leave_the_rest_of_the_image_out() -> None:
    x = drawn(9)
    g = np.ones((2, 3, 2, 2))
    windows = Windows(size=3, stride=2, start=0, outputs=2)
    y, gradient = gradients(max_pool, x, g, windows, torch.contiguous_format)
    np.testing.assert_array_equal(y, references.max_pool(x, 3, 2, 0, 2))
    assert not gradient[:, :, 5:].any()
    y, gradient = gradients(average_pool, x, g, windows, torch.contiguous_format)
    np.testing.assert_allclose(y, references.average_pool(x, 3, 2, 0, 2))
    assert not gradient[:, :, :, 5:].any()


def test_a_flat_image_sends_the_gradient_to_all_pixels() -> None:
    images = torch.zeros(1, 1, 4, 4, requires_grad=True)
    max_pool(images, Windows(size=2, stride=2, start=0, outputs=2)).sum().backward()
    assert images.grad is not None
    assert images.grad.tolist() == torch.ones(1, 1, 4, 4).tolist()


def test_a_large_batch_is_pooled_in_pieces_with_the_same_result() -> None:
    x = torch.randn(70, 8, 24, 24, generator=torch.Generator().manual_seed(3))
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    windows = Windows(size=3, stride=2, start=0, outputs=12)
    y = max_pool(x, windows)
    g = torch.randn(y.shape, generator=torch.Generator().manual_seed(4))
    (gradient,) = torch.autograd.grad(y, x, g)
    expected = references.max_pool_gradient(x.detach().double().numpy(), g.double().numpy(), 3, 2, 0)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-5, atol=1e-5)


SMALL_SHAPES = [shape for shape in SHAPES if shape[0] < 20]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SMALL_SHAPES)
def test_sum_pooling_does_not_divide(side, size, stride, start, layout) -> None:
    x = drawn(side)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(sum_pool, x, g, Windows(size, stride, start, outputs), layout)
    y_expected, gradient_expected = picture_references.sum_pool(x, g, size, stride, start)
    np.testing.assert_allclose(y, y_expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(gradient, gradient_expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [0, 5])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SMALL_SHAPES)
def test_the_largest_magnitude_keeps_its_sign_and_the_later_pixel_wins(
    side, size, stride, start, levels, layout
) -> None:
    x = drawn(side, levels=levels) - levels // 2  # with levels -2 ... 2: many ties of 2 and -2
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(largest_magnitude_pool, x, g, Windows(size, stride, start, outputs), layout)
    y_expected = picture_references.largest_magnitude_pool(x, size, stride, start, outputs)
    np.testing.assert_array_equal(y, y_expected)
    expected = picture_references.picked_gradient(x, y_expected, g, size, stride, start)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-14)


def test_of_two_opposite_values_the_one_in_the_later_row_is_the_largest_magnitude() -> None:
    image = torch.tensor([[[[1.0, -3.0], [3.0, 2.0]]]])
    windows = Windows(size=2, stride=2, start=0, outputs=1)
    assert largest_magnitude_pool(image, windows).item() == 3
    assert largest_magnitude_pool(image.transpose(2, 3), windows).item() == -3


@pytest.mark.parametrize("levels", [0, 4])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SMALL_SHAPES)
def test_random_pooling_picks_a_positive_pixel_of_its_window_and_sends_all_to_it(
    side, size, stride, start, levels
) -> None:
    x = drawn(side, levels=levels)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    draw = partial(random_pool, generator=torch.Generator().manual_seed(1))
    y, gradient = gradients(draw, x, g, Windows(size, stride, start, outputs), torch.channels_last)
    for output, places in picture_references.pool_windows(x, size, stride, start, outputs):
        positive = {x[place] for place in places if x[place] > 0}
        assert y[output] in (positive or {0.0})
    expected = picture_references.picked_gradient(x, y, g, size, stride, start)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-14)


def test_a_pixel_is_drawn_with_a_probability_proportional_to_its_value() -> None:
    x = torch.tensor([[[[1.0, 0.0], [4.0, -2.0]]]]).expand(40_000, 1, 2, 2)
    windows = Windows(size=2, stride=2, start=0, outputs=1)
    y = random_pool(x, windows, torch.Generator().manual_seed(5))
    assert set(y.unique().tolist()) == {1.0, 4.0}
    assert abs((y == 4).float().mean().item() - 0.8) < 0.01
    assert mean_of_random_pool(x[:1], windows).item() == pytest.approx(0.8 * 4 + 0.2 * 1)


def test_a_pixel_of_value_zero_is_never_drawn() -> None:
    # In half precision one draw in 2048 is exactly 0, which must not hit the pixels before the first above 0.
    x = torch.tensor([[[[0.0, 0.0], [4.0, 0.0]]]], dtype=torch.float16).expand(20_000, 1, 2, 2)
    windows = Windows(size=2, stride=2, start=0, outputs=1)
    assert random_pool(x, windows, torch.Generator().manual_seed(5)).unique().tolist() == [4]


@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SMALL_SHAPES)
def test_random_pooling_gives_its_mean_in_tests(side, size, stride, start, levels) -> None:
    x = drawn(side, levels=levels)
    outputs = outputs_of(side, size, stride, start)
    y = mean_of_random_pool(torch.from_numpy(x), Windows(size, stride, start, outputs))
    expected = picture_references.mean_of_random_pool(x, size, stride, start, outputs)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)


def pool(kind: str, takes_maximum: bool = False) -> PoolModule:
    layer = Pool(
        name="pool",
        inputs=("x",),
        input_shapes=((3, 7, 7),),
        output_shape=(3, 3, 3),
        kind=kind,
        size=3,
        stride=2,
        start=0,
    )
    module = PoolModule(layer)
    module.use(Parameters(pools={"pool": takes_maximum} if kind == "random" else {}))
    return module


def test_a_random_pool_draws_in_training_from_the_generator_alone() -> None:
    x = torch.from_numpy(drawn(7)).abs()
    module = pool("random")
    made = [module(x, given=Pass(torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    with pytest.raises(ValueError, match="layer 'pool' of type pool needs a generator"):
        module(x)
    windows = Windows(size=3, stride=2, start=0, outputs=3)
    assert torch.equal(module.eval()(x), mean_of_random_pool(x, windows))
    for training in (True, False):
        assert torch.equal(pool("random", takes_maximum=True).train(training)(x), max_pool(x, windows))


@pytest.mark.parametrize(
    ("kind", "function"),
    [("max", max_pool), ("average", average_pool), ("sum", sum_pool), ("maxabs", largest_magnitude_pool)],
)
def test_a_pool_layer_pools_as_its_kind_says(kind, function) -> None:
    x = torch.from_numpy(drawn(7))
    windows = Windows(size=3, stride=2, start=0, outputs=3)
    assert torch.equal(pool(kind)(x), function(x, windows))


# maps, size, stride, start, outputs
OVER_MAPS = [
    (4, 2, 2, 0, 2),
    (7, 3, 2, -1, 4),
    (5, 3, 1, -2, 5),
    (5, 5, 5, 0, 1),
    (6, 4, 3, -3, 3),
    (3, 1, 1, 0, 3),
]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(("maps", "size", "stride", "start", "outputs"), OVER_MAPS)
def test_pooling_over_maps_takes_the_maximum_at_each_pixel(
    maps, size, stride, start, outputs, levels, layout
) -> None:
    x = drawn(5, maps=maps, levels=levels)
    g = np.random.default_rng(1).standard_normal((2, outputs, 5, 5))
    y, gradient = gradients(max_over_maps, x, g, Windows(size, stride, start, outputs), layout)
    y_expected, gradient_expected = picture_references.max_over_maps(x, g, size, stride, start, outputs)
    np.testing.assert_array_equal(y, y_expected)
    np.testing.assert_allclose(gradient, gradient_expected, rtol=1e-12, atol=1e-14)
