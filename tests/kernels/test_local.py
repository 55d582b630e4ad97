"""Local filters and their gradients against plain loops, in C++ and plain torch; what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
import references
import shim
import torch

from reproduction.kernels import cuda, native, products
from reproduction.kernels import local as module
from reproduction.kernels.filtering import Windows
from reproduction.kernels.local import local

# images, channels, side, filters, kernel, stride, padding, groups, outputs
SHAPES = [
    (2, 3, 5, 4, 3, 1, 1, 1, 5),
    (13, 4, 5, 6, 3, 2, 1, 2, 3),
    (1, 1, 1, 1, 1, 1, 0, 1, 1),
    (3, 6, 7, 9, 2, 3, 0, 3, 3),  # the last window hangs over at right and bottom
    (2, 40, 4, 35, 3, 1, 2, 1, 6),  # more than a panel of columns; the corner windows see one pixel
    (25, 34, 3, 66, 2, 1, 0, 2, 2),
    (4, 5, 6, 3, 3, 1, 3, 1, 9),  # with a padding of the kernel's size some windows see nothing
    (2, 3, 8, 2, 3, 2, 0, 1, 2),  # fewer windows than fit
    (0, 3, 5, 4, 3, 1, 1, 1, 5),
]
# Beside float64: the largest error relative to the largest value that rounding in the dtype explains.
BOUNDS = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}


@pytest.fixture(params=["compiled", "plain"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """With the C++ kernels, and as on a machine without a compiler."""
    if request.param == "plain":
        monkeypatch.setattr(native, "library", lambda name: None)
    elif native.library("local") is None:
        pytest.skip(f"no C++ kernels: {native.trouble('local')}")
    yield request.param


@lru_cache(maxsize=1)
def plain_loops(shape, dtype) -> tuple[tuple[torch.Tensor, ...], list[np.ndarray]]:
    """What `drawn` gives, and answers and both gradients in float64."""
    drawing = drawn(shape, dtype)
    x, weights, g = (values.double().numpy() for values in drawing)
    y = references.convolve_locally(x, weights, *shape[5:])
    gradients = references.convolve_locally_gradients(x, weights, g, *shape[5:8])
    return drawing, [y, *gradients]


def drawn(shape, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures, weights and a gradient at the answers, rounded to `dtype`."""
    images, channels, side, filters, kernel, _, _, groups, outputs = shape
    random = torch.Generator().manual_seed(side)
    x = torch.randn(images, channels, side, side, generator=random)
    weights = torch.randn(outputs**2, filters, channels // groups, kernel, kernel, generator=random)
    g = torch.randn(images, filters, outputs, outputs, generator=random)
    return x.to(dtype), weights.to(dtype), g.to(dtype)


def computed(x, weights, g, shape) -> list[torch.Tensor]:
    """Answers and both gradients."""
    x, weights = x.clone().requires_grad_(), weights.clone().requires_grad_()
    y = local(x, weights, *shape[5:])
    return [y.detach(), *torch.autograd.grad(y, (x, weights), g)]


def on_the_cpu(x, weights, g, shape, sanitizer: str = "") -> list[torch.Tensor]:
    """The same by the CUDA source, through the shim."""
    windows = Windows(weights.shape[-1], *shape[5:])
    options = (f"-DSCALAR={cuda.SCALARS[x.dtype]}",)

    def kernel(name: str) -> products.Kernel:
        return shim.host_kernel("local", name, options, sanitizer)

    return [
        products.answers(kernel("local"), x, weights, windows),
        products.image_gradient(kernel("local_image_gradient"), g, weights, windows, x.shape),
        products.weight_gradient(kernel("local_weight_gradient"), g, x, windows, weights.shape),
    ]


def assert_within(found: torch.Tensor, wanted: np.ndarray, bound: float) -> None:
    assert found.shape == wanted.shape
    scale = np.abs(wanted).max(initial=1e-300)
    assert np.abs(found.double().numpy() - wanted).max(initial=0) <= bound * scale


@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_answers_and_gradients_equal_plain_loops(shape, dtype, path) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(computed(*drawing, shape), expected, strict=True):
        assert found.dtype == dtype
        assert_within(found, wanted, BOUNDS[dtype])


needs_shim = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())


@needs_shim
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("shape", [*SHAPES, (130, 8, 2, 8, 2, 1, 1, 1, 3)], ids=str)
def test_the_cuda_source_equals_plain_loops_on_the_cpu(shape, dtype) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(on_the_cpu(*drawing, shape), expected, strict=True):
        assert_within(found, wanted, BOUNDS[dtype])


@needs_shim
@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_the_cuda_source_is_clean_under_the_sanitizers(sanitizer) -> None:
    shape = (2, 3, 3, 4, 2, 2, 1, 1, 2)
    drawing, expected = plain_loops(shape, torch.float32)
    for found, wanted in zip(on_the_cpu(*drawing, shape, sanitizer), expected, strict=True):
        assert_within(found, wanted, BOUNDS[torch.float32])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
def test_on_a_gpu_answers_and_gradients_equal_plain_torch_in_float64(dtype) -> None:
    for shape in (*SHAPES, (128, 64, 6, 32, 3, 1, 1, 1, 6)):
        drawing = drawn(shape, dtype)
        expected = computed(*(values.double() for values in drawing), shape)
        for found, wanted in zip(computed(*(v.cuda() for v in drawing), shape), expected, strict=True):
            assert_within(found.cpu(), wanted.numpy(), 10 * BOUNDS[dtype])


def test_the_references_gradients_are_the_true_ones() -> None:
    shape = (2, 4, 4, 2, 3, 2, 1, 2, 3)
    x, weights, g = (values.numpy() for values in drawn(shape))
    at_x, at_weights = references.convolve_locally_gradients(x, weights, g, *shape[5:8])

    def weighted(_: np.ndarray) -> float:
        return float((references.convolve_locally(x, weights, *shape[5:]) * g).sum())

    np.testing.assert_allclose(at_x, references.numerical_gradient(weighted, x), rtol=1e-6, atol=1e-8)
    few = weights[:1]
    np.testing.assert_allclose(at_weights[:1], references.numerical_gradient(weighted, few), atol=1e-8)


@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[3]], ids=str)
def test_gradcheck_is_content_in_float64(shape) -> None:
    x, weights, _ = drawn(shape)
    arrays = (x[:2].requires_grad_(), weights.requires_grad_())
    assert torch.autograd.gradcheck(lambda *both: local(*both, *shape[5:]), arrays, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("needed", [(True, True), (True, False), (False, True)])
def test_torch_finds_the_operators_registered_as_it_should_be(dtype, needed) -> None:
    shape = SHAPES[1]
    x, weights, g = drawn(shape, dtype)
    x, weights = x.requires_grad_(needed[0]), weights.requires_grad_(needed[1])
    names = torch.ops.alexnet
    torch.library.opcheck(names.local.default, (x, weights, *shape[5:]))
    torch.library.opcheck(names.local_image_gradient.default, (g, weights.detach(), shape[2], *shape[5:8]))
    torch.library.opcheck(names.local_weight_gradient.default, (g, x.detach(), shape[4], *shape[5:8]))


def test_views_that_are_not_contiguous_give_the_same(path) -> None:
    shape = (3, 4, 5, 6, 3, 1, 1, 2, 5)
    x, weights, g = drawn(shape, torch.float32)
    wanted = computed(x, weights, g, shape)
    padded = torch.full((3, 9, 7, 7), torch.nan)
    strided = padded[:, ::2, 1:6, 1:6][:, :4].copy_(x)
    turned = weights.transpose(0, 4).contiguous().transpose(0, 4)
    expanded = torch.ones(1, 1, 1, 1).expand_as(g)
    for found, ours in zip(computed(strided, turned, g, shape), wanted, strict=True):
        assert torch.equal(found, ours)
    ones = computed(x, weights, torch.ones_like(g), shape)
    for found, ours in zip(computed(strided, turned, expanded, shape), ones, strict=True):
        assert torch.equal(found, ours)


def test_results_hang_neither_on_threads_nor_on_the_batch() -> None:
    shape = (300, 5, 6, 7, 3, 1, 1, 1, 6)
    x, weights, g = drawn(shape, torch.float32)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            results.append(computed(x, weights, g, shape))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(*pair) for pair in zip(other, results[0], strict=True))
    y, at_x, _ = results[0]
    if native.library("local"):
        alone = computed(x[7:8], weights, g[7:8], shape)
        assert torch.equal(alone[0], y[7:8])
        assert torch.equal(alone[1], at_x[7:8])


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_a_number_reaches_the_windows_that_see_it_and_no_others(value, path) -> None:
    x, weights, _ = drawn((2, 3, 5, 4, 3, 1, 1, 1, 5), torch.float32)
    x[1, 2, 0, 0] = value
    y = local(x, weights, 1, 1, 1, 5)
    assert y[0].isfinite().all()
    assert not y[1, :, :2, :2].isfinite().any()
    assert y[1, :, 2:].isfinite().all()
    assert y[1, :, :, 2:].isfinite().all()


WRONG = [
    ({"x": (2, 4, 5, 6)}, "not \\(2, 4, 5, 6\\)"),
    ({"x": (4, 5, 5)}, "pictures \\(N, C, S, S\\)"),
    ({"x": (2, 6, 5, 5)}, "filters of shape \\(2, 3, 3\\) where \\(3, 3, 3\\) would fit"),
    ({"weights": (24, 6, 2, 3, 3)}, "for 5 x 5 windows"),
    ({"weights": (25, 6, 2, 3, 4)}, "where \\(2, 4, 4\\) would fit"),
    ({"weights": (25, 6, 2, 8, 8)}, "do not fit a picture of 5 pixels"),
    ({"groups": 4}, "4 channels and 6 filters in 4 groups"),
    ({"groups": 0}, "at least 1"),
    ({"stride": 0}, "at least 1"),
    ({"stride": 2}, "do not fit a picture of 5 pixels"),
    ({"padding": -1}, "padding at least 0"),
    ({"dtype": torch.int32}, "floating point"),
    ({"weights_dtype": torch.float64}, "one floating point"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_does_not_fit_is_refused_before_anything_is_computed(change, message, path) -> None:
    dtype = change.get("dtype", torch.float32)
    x = torch.ones(change.get("x", (2, 4, 5, 5)), dtype=dtype)
    weights = torch.ones(change.get("weights", (25, 6, 2, 3, 3)), dtype=change.get("weights_dtype", dtype))
    numbers = {"stride": 1, "padding": 1, "groups": 2, "outputs": 5}
    numbers |= {name: value for name, value in change.items() if name in numbers}
    with pytest.raises(ValueError, match=message):
        local(x, weights, **numbers)


def test_pictures_of_too_many_values_are_refused(path) -> None:
    x = torch.ones(1, 1, 1, 1).expand(1, 2, 32768, 32768)
    with pytest.raises(ValueError, match="too many for one image"):
        local(x, torch.ones(1, 1, 2, 1, 1), 1, 0, 1, 1)


def test_gradients_of_another_shape_than_the_answers_are_refused(path) -> None:
    g, weights, x = torch.ones(2, 6, 4, 5), torch.ones(25, 6, 2, 3, 3), torch.ones(2, 4, 5, 5)
    with pytest.raises(ValueError, match="gradients of shape"):
        torch.ops.alexnet.local_image_gradient(g, weights, 5, 1, 1, 2)
    with pytest.raises(ValueError, match="gradients of shape"):
        torch.ops.alexnet.local_weight_gradient(g, x, 3, 1, 1, 2)


def test_the_answers_to_one_picture_can_be_written_over() -> None:
    """Also where plain torch computes: a view could not be, where gradients are wanted."""
    x, weights = torch.randn(1, 2, 3, 3).double().requires_grad_(), torch.randn(4, 1, 2, 2, 2).double()
    answers = local(x, weights, 1, 0, 1, 2).add_(1)
    answers.sum().backward()
    assert x.grad is not None


def test_the_compiled_kernel_is_the_one_that_computes(monkeypatch) -> None:
    if native.library("local") is None:
        pytest.skip(f"no C++ kernels: {native.trouble('local')}")
    monkeypatch.setattr(module, "_plain", None)
    x, weights, _ = drawn(SHAPES[0], torch.float32)
    assert local(x, weights, *SHAPES[0][5:]).isfinite().all()
