"""Convolutions and their gradients against plain loops: the operator, and its CUDA sources on the CPU."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import references
import shim
import torch

from reproduction.kernels import cuda, products
from reproduction.kernels.convolution import SOURCES, convolution
from reproduction.kernels.filtering import Windows

# images, channels, side, filters, kernel, stride, padding, groups, outputs
SHAPES = [
    (2, 3, 5, 4, 3, 1, 1, 1, 5),
    (3, 4, 7, 6, 3, 2, 1, 2, 4),
    (1, 1, 1, 1, 1, 1, 0, 1, 1),
    (2, 3, 13, 5, 5, 4, 0, 1, 3),
    (2, 6, 8, 9, 2, 3, 0, 3, 3),  # the last windows hang over at right and bottom
    (1, 2, 6, 3, 3, 1, 3, 1, 10),  # with a padding of the kernel's size some windows see nothing
    (2, 3, 9, 2, 3, 2, 0, 1, 3),  # fewer windows than fit
    (0, 3, 5, 4, 3, 1, 1, 1, 5),
]
# For the kernels: more than a tile of rows, of columns, of the depth; runs that are whole and that are not.
LARGER = [
    (3, 16, 7, 72, 3, 1, 1, 1, 7),
    (2, 32, 6, 16, 3, 2, 1, 2, 3),
    (5, 5, 6, 67, 3, 1, 0, 1, 4),
    (1, 80, 5, 8, 2, 1, 0, 1, 4),
    (1, 3, 4, 130, 3, 1, 1, 1, 4),
]
# The largest error relative to the largest value that rounding in the dtype explains; tf32 keeps 11 bits.
BOUNDS = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}
TF32_BOUND = 2e-3


def drawn(shape, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures, weights and a gradient at the answers, rounded to `dtype`."""
    images, channels, side, filters, kernel, _, _, groups, outputs = shape
    random = torch.Generator().manual_seed(side)
    x = torch.randn(images, channels, side, side, generator=random)
    weights = torch.randn(filters, channels // groups, kernel, kernel, generator=random)
    g = torch.randn(images, filters, outputs, outputs, generator=random)
    return x.to(dtype), weights.to(dtype), g.to(dtype)


@lru_cache(maxsize=4)
def plain_loops(shape, dtype) -> tuple[tuple[torch.Tensor, ...], list[np.ndarray]]:
    """What `drawn` gives, and answers and both gradients in float64."""
    drawing = drawn(shape, dtype)
    x, weights, g = (values.double().numpy() for values in drawing)
    y = references.convolve(x, weights, *shape[5:])
    return drawing, [y, *references.convolve_gradients(x, weights, g, *shape[5:8])]


def computed(x, weights, g, shape, how: str) -> list[torch.Tensor]:
    """Answers and both gradients."""
    x, weights = x.clone().requires_grad_(), weights.clone().requires_grad_()
    y = convolution(x, weights, *shape[5:], how)
    return [y.detach(), *torch.autograd.grad(y, (x, weights), g)]


def on_the_cpu(x, weights, g, shape, how: str, sanitizer: str = "") -> list[torch.Tensor]:
    """The same by the CUDA source for `how`, through the shim."""
    windows = Windows(weights.shape[-1], *shape[5:])
    options = (f"-DSCALAR={cuda.SCALARS[x.dtype]}",)

    def kernel(name: str) -> products.Kernel:
        return shim.host_kernel(SOURCES[how], name, options, sanitizer)

    return [
        products.answers(kernel("convolution"), x, weights, windows),
        products.image_gradient(kernel("convolution_image_gradient"), g, weights, windows, x.shape),
        products.weight_gradient(kernel("convolution_weight_gradient"), g, x, windows, weights.shape),
    ]


def assert_within(found: torch.Tensor, wanted: np.ndarray, bound: float) -> None:
    assert found.shape == wanted.shape
    scale = np.abs(wanted).max(initial=1e-300)
    assert np.abs(found.double().numpy() - wanted).max(initial=0) <= bound * scale


def bound_of(how: str, dtype: torch.dtype) -> float:
    return TF32_BOUND if how == "tensor" and dtype == torch.float32 else BOUNDS[dtype]


@pytest.mark.parametrize("how", ["library", *SOURCES])
@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_answers_and_gradients_equal_plain_loops(shape, dtype, how) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(computed(*drawing, shape, how), expected, strict=True):
        assert found.dtype == dtype
        assert_within(found, wanted, BOUNDS[dtype])


needs_shim = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())


@needs_shim
@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("dtype", cuda.SCALARS, ids=str)
@pytest.mark.parametrize("shape", [*SHAPES, *LARGER], ids=str)
def test_the_cuda_sources_equal_plain_loops_on_the_cpu(shape, dtype, how) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(on_the_cpu(*drawing, shape, how), expected, strict=True):
        assert_within(found, wanted, bound_of(how, dtype))


@needs_shim
@pytest.mark.parametrize("how", SOURCES)
def test_a_weight_gradient_in_parts_is_the_same(how, monkeypatch) -> None:
    monkeypatch.setattr(products, "SHORTEST_PART", 7)
    shape = (3, 16, 7, 10, 3, 1, 1, 1, 7)
    drawing, expected = plain_loops(shape, torch.float16)
    assert products._part(3 * 49, 3) == 7
    for found, wanted in zip(on_the_cpu(*drawing, shape, how), expected, strict=True):
        assert_within(found, wanted, bound_of(how, torch.float16))


@needs_shim
@pytest.mark.parametrize("sanitizer", ["address", "thread"])
@pytest.mark.parametrize("how", SOURCES)
def test_the_cuda_sources_are_clean_under_the_sanitizers(how, sanitizer) -> None:
    shape = (2, 3, 5, 4, 3, 2, 1, 1, 3)
    drawing, expected = plain_loops(shape, torch.float32)
    for found, wanted in zip(on_the_cpu(*drawing, shape, how, sanitizer), expected, strict=True):
        assert_within(found, wanted, bound_of(how, torch.float32))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
def test_on_a_gpu_answers_and_gradients_equal_the_library_in_float64(dtype, how) -> None:
    for shape in (*SHAPES, *LARGER, (32, 48, 27, 256, 5, 1, 2, 2, 27)):
        drawing = drawn(shape, dtype)
        expected = computed(*(values.double() for values in drawing), shape, "library")
        on_the_gpu = computed(*(values.cuda() for values in drawing), shape, how)
        for found, wanted in zip(on_the_gpu, expected, strict=True):
            assert_within(found.cpu(), wanted.numpy(), 10 * bound_of(how, dtype))


@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[4]], ids=str)
@pytest.mark.parametrize("how", ["library", *SOURCES])
def test_gradcheck_is_content_in_float64(shape, how) -> None:
    x, weights, _ = drawn(shape)
    arrays = (x[:2].requires_grad_(), weights.requires_grad_())
    assert torch.autograd.gradcheck(lambda *both: convolution(*both, *shape[5:], how), arrays, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_torch_finds_the_operators_registered_as_it_should_be(dtype) -> None:
    shape = SHAPES[1]
    x, weights, g = drawn(shape, dtype)
    names, rest = torch.ops.alexnet, (*shape[5:8], "tensor")
    x, weights = x.requires_grad_(), weights.requires_grad_()
    torch.library.opcheck(names.convolution.default, (x, weights, *shape[5:], "tensor"))
    x, weights = x.detach(), weights.detach()
    torch.library.opcheck(names.convolution_image_gradient.default, (g, weights, shape[2], *rest))
    torch.library.opcheck(names.convolution_weight_gradient.default, (g, x, shape[4], *rest))


@pytest.mark.parametrize("how", ["library", *SOURCES])
def test_views_that_are_not_contiguous_give_the_same(how) -> None:
    shape = (3, 4, 5, 6, 3, 1, 1, 2, 5)
    (x, weights, g), expected = plain_loops(shape, torch.float64)
    padded = torch.full((3, 4, 7, 7), torch.nan, dtype=torch.float64)
    strided = padded[:, :, 1:6, 1:6].copy_(x)
    turned = weights.transpose(0, 3).contiguous().transpose(0, 3)
    upright = g.mT.contiguous().mT
    for found, wanted in zip(computed(strided, turned, upright, shape, how), expected, strict=True):
        assert_within(found, wanted, 1e-12)


@needs_shim
@pytest.mark.parametrize("how", SOURCES)
def test_the_cuda_sources_take_views_and_addresses_that_are_not_those_of_whole_tensors(how) -> None:
    shape = (2, 8, 5, 16, 3, 1, 1, 1, 5)
    (x, weights, g), expected = plain_loops(shape, torch.float32)
    # Channels in runs of eight, but beginning one float beside where a run would be one piece.
    beside = torch.full((x.numel() + 1,), torch.nan)[1:].view(2, 5, 5, 8).copy_(x.permute(0, 2, 3, 1))
    turned = weights.transpose(0, 3).contiguous().transpose(0, 3)
    found = on_the_cpu(beside.permute(0, 3, 1, 2), turned, g.contiguous(), shape, how)
    for ours, wanted in zip(found, expected, strict=True):
        assert_within(ours, wanted, bound_of(how, torch.float32))


def test_answers_have_the_channels_of_a_pixel_next_to_each_other() -> None:
    x, weights, g = drawn(SHAPES[1], torch.float32)
    y, at_x, at_weights = computed(x, weights, g, SHAPES[1], "direct")
    for values in (y, at_x, at_weights):
        assert values.is_contiguous(memory_format=torch.channels_last)


WRONG = [
    ({"x": (2, 4, 5, 6)}, "not \\(2, 4, 5, 6\\)"),
    ({"x": (4, 5, 5)}, "pictures \\(N, C, S, S\\)"),
    ({"x": (2, 6, 5, 5)}, "filters of shape \\(2, 3, 3\\) where \\(3, 3, 3\\) would fit"),
    ({"weights": (6, 2, 3)}, "filters \\(F, C, k, k\\), not \\(6, 2, 3\\)"),
    ({"weights": (6, 2, 3, 4)}, "where \\(2, 4, 4\\) would fit"),
    ({"weights": (6, 2, 8, 8)}, "do not fit a picture of 5 pixels"),
    ({"groups": 4}, "4 channels and 6 filters in 4 groups"),
    ({"groups": 0}, "at least 1"),
    ({"outputs": 6}, "do not fit a picture of 5 pixels"),
    ({"outputs": 0}, "at least 1"),
    ({"stride": 0}, "at least 1"),
    ({"padding": -1}, "padding at least 0"),
    ({"dtype": torch.int32}, "one floating point type"),
    ({"weights_dtype": torch.float64}, "one floating point type"),
]


@pytest.mark.parametrize("how", ["library", *SOURCES])
@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_does_not_fit_is_refused_before_anything_is_computed(change, message, how) -> None:
    dtype = change.get("dtype", torch.float32)
    x = torch.ones(change.get("x", (2, 4, 5, 5)), dtype=dtype)
    weights = torch.ones(change.get("weights", (6, 2, 3, 3)), dtype=change.get("weights_dtype", dtype))
    numbers = {"stride": 1, "padding": 1, "groups": 2, "outputs": 5}
    numbers |= {name: value for name, value in change.items() if name in numbers}
    with pytest.raises(ValueError, match=message):
        convolution(x, weights, **numbers, how=how)


def test_a_way_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="one of the ways direct, tensor, not 'winograd'"):
        convolution(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1), 1, 0, 1, 1, how="winograd")


def test_batches_of_too_many_pixels_are_refused() -> None:
    x = torch.ones(1, 1, 1, 1).expand(2**16, 1, 2**8, 2**8)
    with pytest.raises(ValueError, match="65536 pictures of 256 x 256 are too many at a time"):
        convolution(x, torch.ones(1, 1, 1, 1), 1, 0, 1, 1, how="direct")


def test_gradients_of_another_shape_than_the_answers_are_refused() -> None:
    g, weights, x = torch.ones(2, 6, 4, 5), torch.ones(6, 2, 3, 3), torch.ones(2, 4, 5, 5)
    with pytest.raises(ValueError, match="gradients of shape"):
        torch.ops.alexnet.convolution_image_gradient(g, weights, 5, 1, 1, 2, "direct")
    with pytest.raises(ValueError, match="gradients of shape"):
        torch.ops.alexnet.convolution_weight_gradient(g, x, 3, 1, 1, 2, "direct")
