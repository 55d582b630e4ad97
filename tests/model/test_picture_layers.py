"""Operations on pictures against plain loops, the reference vectors, and finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import picture_references as plain
import pytest
import torch

from reproduction.definition.layers import (
    Blur,
    Crop,
    Layer,
    Mirror,
    Nailbed,
    RandomScale,
    Resize,
    ToLab,
    ToYuv,
)
from reproduction.definition.parameters import Parameters
from reproduction.model.layer_module import LayerModule, Pass
from reproduction.model.layers import build
from reproduction.model.pictures import resize


def module(kind: type[Layer], side: int, outputs: int, channels: int = 3, **more: object) -> LayerModule:
    """The module of a layer that reads pictures (channels, side, side)."""
    layer = kind(
        name="op",
        inputs=("x",),
        input_shapes=((channels, side, side),),
        output_shape=(channels, outputs, outputs),
        **more,
    )
    made = build(layer)
    made.use(Parameters())
    return made


def drawn(side: int, channels: int = 3, seed: int = 1) -> torch.Tensor:
    pictures = np.random.default_rng(seed).standard_normal((2, channels, side, side))
    return torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)


def assert_linear(made: LayerModule, x: torch.Tensor, reference: Callable) -> None:
    """Output and input gradient of a linear operation are those of the plain loops, and the true ones."""
    expected = reference(x.numpy())
    x.requires_grad_()
    y = made(x)
    assert y.shape[1:] == made.layer.output_shape
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-11, atol=1e-13)
    g = np.random.default_rng(2).standard_normal(expected.shape)
    (gradient,) = torch.autograd.grad(y, x, torch.from_numpy(g))
    one = x.detach().numpy()[:1]
    expected_gradient = plain.linear_gradient(reference, one, g[:1])
    np.testing.assert_allclose(gradient[:1].numpy(), expected_gradient, rtol=1e-11, atol=1e-13)
    assert torch.autograd.gradcheck(made, [x], fast_mode=True)


@pytest.mark.parametrize(("side", "size", "stdev"), [(9, 9, 4.0), (5, 5, 1.0), (7, 3, 0.8), (8, 7, 30.0)])
def test_blur_equals_plain_loops(side, size, stdev) -> None:
    made = module(Blur, side, side, channels=2, kernel_size=size, stdev=stdev)
    assert_linear(made, drawn(side, channels=2), lambda x: plain.blur(x, size, stdev))


@pytest.mark.parametrize(
    ("size", "stdev", "half"),
    [
        (9, 4.0, [0.0816744, 0.1016455, 0.1188356, 0.1305154, 0.1346584]),
        (5, 1.0, [0.0544887, 0.2442013, 0.4026199]),
    ],
)
def test_blur_spreads_a_point_with_the_reference_kernel(size, stdev, half) -> None:
    point = torch.zeros(1, 1, 11, 11, dtype=torch.float64)
    point[..., 5, 5] = 1
    blurred = module(Blur, 11, 11, channels=1, kernel_size=size, stdev=stdev)(point)[0, 0]
    across = np.zeros(11)
    across[5 - size // 2 : 6 + size // 2] = [*half, *half[-2::-1]]
    np.testing.assert_allclose(blurred.sum(0).numpy(), across, atol=1e-7)
    np.testing.assert_allclose(blurred.numpy(), np.outer(across, across), atol=1e-7)


@pytest.mark.parametrize(("side", "stride"), [(7, 2), (10, 3), (11, 4), (5, 5), (4, 1)])
def test_nailbed_takes_every_pixel_of_a_grid(side, stride) -> None:
    outputs = math.ceil(side / stride)
    start = (side - stride * (outputs - 1)) // 2
    made = module(Nailbed, side, outputs, stride=stride, start=start)
    assert_linear(made, drawn(side), lambda x: plain.nailbed(x, stride, start, outputs))


def test_the_mirror_exchanges_left_and_right() -> None:
    assert_linear(module(Mirror, 5, 5), drawn(5), plain.mirror)


def test_a_crop_is_the_window_that_it_says() -> None:
    made = module(Crop, 9, 4, top=1, left=5)
    assert_linear(made, drawn(9), lambda x: plain.crop(x, 1, 5, 4))


@pytest.mark.parametrize(("side", "scale"), [(7, 1.3), (6, 2.0), (5, 0.5), (9, 0.77), (8, 1.0), (11, 1.6)])
def test_resize_equals_plain_loops(side, scale) -> None:
    outputs = math.floor(side / scale)
    made = module(Resize, side, outputs, scale=scale)
    assert_linear(made, drawn(side), lambda x: plain.resize(x, scale, outputs))


def test_resize_gives_the_reference_vectors() -> None:
    x = torch.arange(16.0, dtype=torch.float64).view(1, 1, 4, 4)
    np.testing.assert_allclose(resize(x, 1.5, 2).numpy()[0, 0], [[2.5, 4], [8.5, 10]], atol=1e-12)
    columns = torch.arange(4.0, dtype=torch.float64).expand(1, 1, 4, 4)
    expected = [0, 0.5, 1, 1.5, 2, 2.5, 2.99, 2.99]
    np.testing.assert_allclose(resize(columns, 0.5, 8).numpy()[0, 0, 3], expected, atol=1e-12)


def test_a_single_pixel_can_be_resized() -> None:
    x = torch.full((1, 3, 1, 1), 5.0)
    assert resize(x, 0.5, 2).tolist() == torch.full((1, 3, 2, 2), 5.0).tolist()


def test_yuv_equals_plain_loops_and_its_inverse_gives_the_colours_back() -> None:
    assert_linear(module(ToYuv, 3, 3), drawn(3), plain.to_yuv)
    x = drawn(3)
    y, u, v = module(ToYuv, 3, 3)(x).unbind(1)
    # The inverse that the original showed pictures with; it is exact to four places.
    colors = torch.stack([y + 1.28033 * v, y - 0.21482 * u - 0.38059 * v, y + 2.12798 * u], dim=1)
    np.testing.assert_allclose(colors.numpy(), x.numpy(), atol=1e-3)


@pytest.mark.parametrize("center", [True, False])
def test_lab_equals_plain_loops(center) -> None:
    made = module(ToLab, 5, 5, center=center)
    x = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x[0, :, :2] *= 0.008  # dark enough for the straight part of the curve
    x[0, :, 0, 0] = 0
    y = made(x)
    np.testing.assert_allclose(y.numpy(), plain.to_lab(x.numpy(), center), rtol=1e-11, atol=1e-11)
    assert torch.autograd.gradcheck(made, [x.requires_grad_()])


def test_white_and_black_have_no_colour_in_lab() -> None:
    x = torch.tensor([1.0, 0.0], dtype=torch.float64).view(1, 1, 1, 2).expand(1, 3, 1, 2)
    lab = module(ToLab, 2, 2, center=False)(x.expand(1, 3, 2, 2))[0, :, 0]
    np.testing.assert_allclose(lab.numpy(), [[100, 0], [0, 0], [0, 0]], atol=1e-4)


def scaler(side: int, outputs: int, max_scale: float, scales_in_tests: bool = False) -> LayerModule:
    return module(RandomScale, side, outputs, max_scale=max_scale, scales_in_tests=scales_in_tests)


def coordinates(side: int) -> torch.Tensor:
    """A picture of its own rows, columns and a constant."""
    place = torch.arange(float(side), dtype=torch.float64)
    rows, columns = torch.meshgrid(place, place, indexing="ij")
    return torch.stack([rows, columns, torch.ones_like(rows)])[None].repeat(2, 1, 1, 1)


def seen(seed: int) -> tuple[int, float, int, int]:
    """Of a random scaling of 12 pixels to 8: surplus of the scaled side, scale, and place of the window."""
    y = scaler(12, 8, 1.5)(coordinates(12), given=Pass(torch.Generator().manual_seed(seed)))
    assert torch.equal(y[0], y[1])
    inner = y[0, :2, 3:5, 3:5].numpy()  # which rows and columns came to the places 3 and 4
    scale = inner[1, 0, 1] - inner[1, 0, 0]
    assert scale == pytest.approx(inner[0, 1, 0] - inner[0, 0, 0])
    scaled_side = math.floor(12 / scale + 1e-9)
    down, right = ((inner[:, 0, 0] - 6) / scale + scaled_side / 2 - 3).tolist()
    assert down == pytest.approx(round(down), abs=1e-6)
    assert right == pytest.approx(round(right), abs=1e-6)
    return scaled_side - 8, float(scale), round(down), round(right)


def test_random_scales_have_the_chances_of_the_squares_they_hold() -> None:
    drawn_ones = [seen(seed) for seed in range(600)]
    for surplus, scale, down, right in drawn_ones:
        assert max(1, 12 / (9 + surplus)) - 1e-9 <= scale <= 12 / (8 + surplus) + 1e-9
        assert 0 <= down <= surplus
        assert 0 <= right <= surplus
    surpluses = np.array([one[0] for one in drawn_ones])
    for surplus in range(5):  # (s + 1)^2 of 55
        assert abs((surpluses == surplus).mean() - (surplus + 1) ** 2 / 55) < 0.06
    whole = [(down, right) for surplus, _, down, right in drawn_ones if surplus == 4]
    assert set(whole) == {(down, right) for down in range(5) for right in range(5)}
    middling = [scale for surplus, scale, _, _ in drawn_ones if surplus == 2]
    assert np.ptp(middling) > 0.9 * (12 / 10 - 12 / 11)


def test_a_target_above_the_least_side_is_scaled_between_its_own_side_and_one() -> None:
    # Sides 10 ... 14 of 12 pixels: from max(1, 12/15) to 12/14, and so on; two of them enlarge.
    made = scaler(12, 10, 1.5)
    scales = []
    for seed in range(200):
        y = made(coordinates(12), given=Pass(torch.Generator().manual_seed(seed)))[0, 1].numpy()
        scales.append(y[5, 5] - y[5, 4])
    assert min(scales) >= 12 / 14 - 1e-9
    assert min(scales) < 12 / 14 + 0.02
    assert max(scales) <= 12 / 10 + 1e-9


def test_a_random_scale_depends_on_the_generator_alone() -> None:
    assert seen(5) == seen(5)
    with pytest.raises(ValueError, match="layer 'op' of type rscale needs a generator"):
        scaler(12, 8, 1.5)(coordinates(12))


def test_a_random_scaling_is_a_plain_resize_and_a_plain_crop() -> None:
    x = drawn(12)
    for seed in range(12):
        surplus, scale, down, right = seen(seed)
        y = scaler(12, 8, 1.5)(x, given=Pass(torch.Generator().manual_seed(seed)))
        scaled = x.numpy() if surplus == 4 else plain.resize(x.numpy(), scale, 8 + surplus)
        np.testing.assert_allclose(y.numpy(), plain.crop(scaled, down, right, 8), rtol=1e-8, atol=1e-8)


def test_a_test_of_one_view_scales_in_2014_and_cuts_the_middle_in_2012() -> None:
    x = drawn(12)
    in_2014 = scaler(12, 8, 1.5, scales_in_tests=True).eval()
    np.testing.assert_allclose(in_2014(x).numpy(), plain.resize(x.numpy(), 1.5, 8), rtol=1e-11, atol=1e-12)
    in_2012 = scaler(12, 8, 1.5).eval()
    np.testing.assert_array_equal(in_2012(x).numpy(), plain.crop(x.numpy(), 2, 2, 8))


@pytest.mark.parametrize("scales_in_tests", [True, False])
def test_the_views_of_a_test_of_several_are_not_scaled(scales_in_tests) -> None:
    x = drawn(8)
    view = Pass(multi_view=True)
    assert torch.equal(scaler(8, 8, 1.5, scales_in_tests).eval()(x, given=view), x)
    cut = scaler(8, 6, 1.5, scales_in_tests).eval()(x, given=view)
    assert torch.equal(cut, x[..., 1:7, 1:7])
