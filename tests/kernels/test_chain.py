"""Chains of small layers, in C++ and in plain torch: values and gradients against plain loops in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import chain_references
import numpy as np
import pytest
import torch

from reproduction.kernels import native
from reproduction.kernels.chain import chain
from reproduction.kernels.normalisation import Normalisation
from reproduction.kernels.pooling import Windows
from reproduction.kernels.stages import (
    BIAS,
    RELU,
    Stage,
    dropout_stage,
    encoded,
    norm_stage,
    output_shape,
    pool_stage,
)

# Largest deviation from float64, as a part of the largest value: what one rounding of each of a handful of
# operations may add up to (float32), or the rounding of the result alone (bfloat16, float16).
BOUNDS = {torch.float32: 2e-6, torch.bfloat16: 8e-3, torch.float16: 1e-3}
SIDE = 11

Named = tuple[str, dict[str, Any]]
ACROSS: Named = ("across", {"size": 5, "alpha": 0.3, "power": 0.75, "constant": 2.0})
BLOCKED: Named = ("across", {"size": 4, "alpha": 0.3, "power": 0.75, "constant": 1.0, "blocked": True})
WITHIN: Named = ("within", {"size": 5, "alpha": 0.1, "power": 0.75, "constant": 1.0})
CONTRAST: Named = ("contrast", {"size": 4, "alpha": 0.1, "power": 0.5, "constant": 1.0})
WINDOWS = {"size": 3, "stride": 2, "start": 0, "outputs": 5}
MAX, AVERAGE, SUM, MAGNITUDE = ((kind, WINDOWS) for kind in ("max", "average", "sum", "maxabs"))
RELUS: Named = ("relu", {})
BIASES: Named = ("bias", {})

SINGLE: list[list[Named]] = [
    [RELUS],
    [ACROSS],
    [("across", {**ACROSS[1], "size": 4, "power": 1.3})],
    [("across", {**ACROSS[1], "size": 9})],
    [("across", {**ACROSS[1], "size": 34})],  # wider than two vectors
    [("across", {**ACROSS[1], "constant": 0.0})],  # nothing beyond the last map is divided by nothing
    [("across", {**ACROSS[1], "power": 0.5}), RELUS],
    [BLOCKED],
    [WITHIN],
    [("within", {**WITHIN[1], "size": 2, "power": 0.5})],
    [CONTRAST],
    [MAX],
    [("max", {"size": 2, "stride": 3, "start": 0, "outputs": 3})],
    [("max", {"size": 4, "stride": 3, "start": -2, "outputs": 5})],
    [AVERAGE],
    [("average", {"size": 5, "stride": 4, "start": -1, "outputs": 3})],
    [SUM],
    [MAGNITUDE],
]
HISTORICAL: list[list[Named]] = [
    [BIASES, ACROSS, MAX, RELUS],  # AlexNet's first layer
    [BIASES, RELUS, ACROSS, WITHIN, MAX],  # its second
    [BIASES, MAX, RELUS],  # its fifth
    [BIASES, RELUS],
    [MAX, RELUS, WITHIN],  # cuda-convnet's 18 % net
    [RELUS, AVERAGE, WITHIN],
    [RELUS, MAX, ACROSS],  # its 11 % net
    [RELUS, ACROSS, MAX],
    [CONTRAST, AVERAGE, CONTRAST, RELUS],
    [WITHIN, WITHIN, MAX, ACROSS, ("max", {"size": 2, "stride": 2, "start": 0, "outputs": 3})],
]


def as_stage(named: Named) -> Stage:
    kind, c = named
    if kind in ("bias", "relu"):
        return BIAS if kind == "bias" else RELU
    if kind == "dropout":
        return dropout_stage(c["keep"], c["scale"])
    if kind in ("across", "within", "contrast"):
        return norm_stage(Normalisation(across_maps=kind == "across", contrast=kind == "contrast", **c))
    return pool_stage(kind, Windows(**c))


def drawn(stages: list[Named], channels: int, levels: int, images: int = 2) -> tuple[torch.Tensor, ...]:
    """Pictures, of few different values where `levels` are given, a bias, and a gradient at the output."""
    torch.manual_seed(channels)
    x = torch.randn(images, channels, SIDE, SIDE)
    x = (x * levels).round() / levels if levels else x
    shape = output_shape(x.shape, [as_stage(stage) for stage in stages])
    return x, torch.randn(channels), torch.randn(shape)


def deviation(found: torch.Tensor, expected: np.ndarray) -> float:
    return float(np.abs(found.double().numpy() - expected).max() / np.abs(expected).max())


@pytest.fixture(params=["compiled", "plain"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The C++ kernels, or what computes without a compiler."""
    native.library.cache_clear()
    if request.param == "plain":
        monkeypatch.setenv(native.CHOICE_VARIABLE, "plain")
    elif native.library("chain") is None:
        pytest.skip(native.trouble("chain"))
    yield request.param
    native.library.cache_clear()


@pytest.mark.parametrize("channels", [1, 3, 16, 37])
@pytest.mark.parametrize("named", SINGLE + HISTORICAL, ids=lambda named: "-".join(kind for kind, _ in named))
def test_a_chain_and_its_gradient_equal_plain_loops(named: list[Named], channels: int, backend: str) -> None:
    x, bias, g = drawn(named, channels, levels=0)
    named = [(kind, {"values": bias.double().numpy()} if kind == "bias" else c) for kind, c in named]
    y_expected, gradient_expected = chain_references.both(x.double().numpy(), g.double().numpy(), named)
    images = x.requires_grad_()
    added = bias.requires_grad_() if named[0][0] == "bias" else None
    y = chain(images, [as_stage(stage) for stage in named], bias=added)
    y.backward(g)
    assert images.grad is not None
    assert deviation(y.detach(), y_expected) < BOUNDS[torch.float32]
    # Values that differ in float64 may be equal in float32 and then share a gradient; seldom.
    apart = np.abs(images.grad.double().numpy() - gradient_expected) > 5e-6 * np.abs(gradient_expected).max()
    assert apart.mean() < 1e-3
    if added is not None and added.grad is not None and not apart.any():
        assert deviation(added.grad, gradient_expected.sum(axis=(0, 2, 3))) < 1e-5


@pytest.mark.parametrize("named", [[MAX], [MAGNITUDE], [RELUS, MAX], [MAX, RELUS, MAX][:2]])
def test_ties_share_nothing_each_gets_the_whole_gradient(named: list[Named], backend: str) -> None:
    x, _, g = drawn(named, 5, levels=1)
    images = x.requires_grad_()
    chain(images, [as_stage(stage) for stage in named]).backward(g)
    expected = chain_references.both(x.detach().double().numpy(), g.double().numpy(), named)[1]
    assert images.grad is not None
    np.testing.assert_allclose(images.grad.double().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_numbers_are_computed_in_float32(dtype: torch.dtype, backend: str) -> None:
    if backend == "plain":
        pytest.skip("plain torch computes in the dtype it is given")
    x, _, g = drawn(HISTORICAL[1][1:], 16, levels=0)
    named = HISTORICAL[1][1:]
    images = x.to(dtype).requires_grad_()
    y = chain(images, [as_stage(stage) for stage in named])
    y.backward(g.to(dtype))
    wide = images.detach().double().numpy()
    y_expected, _ = chain_references.both(wide, g.to(dtype).double().numpy(), named)
    assert y.dtype == dtype and images.grad is not None and images.grad.dtype == dtype
    assert deviation(y.detach(), y_expected) < BOUNDS[dtype]


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("shape", [(5, 7), (3, 40), (2, 3, 4, 4)])
def test_dropout_keeps_what_was_drawn_below(shape: tuple[int, ...], scale: float, backend: str) -> None:
    torch.manual_seed(1)
    x, bias, uniform, g = torch.randn(shape), torch.randn(shape[1]), torch.rand(shape), torch.randn(shape)
    images = x.requires_grad_()
    y = chain(images, [BIAS, RELU, dropout_stage(0.5, scale)], bias=bias, uniform=uniform)
    y.backward(g)
    four = (*shape, 1, 1)[:4]
    named: list[Named] = [
        ("bias", {"values": bias.double().numpy()}),
        RELUS,
        ("dropout", {"uniform": uniform.double().numpy().reshape(four), "keep": 0.5, "scale": scale}),
    ]
    as_images = [values.detach().double().numpy().reshape(four) for values in (x, g)]
    y_expected, gradient_expected = chain_references.both(as_images[0], as_images[1], named)
    assert images.grad is not None
    np.testing.assert_allclose(y.detach().numpy().reshape(four), y_expected, atol=1e-6)
    np.testing.assert_allclose(images.grad.numpy().reshape(four), gradient_expected, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_do_not_depend_on_the_threads(threads: int) -> None:
    stages = [as_stage(stage) for stage in HISTORICAL[1]]
    x, bias, g = drawn(HISTORICAL[1], 48, levels=0, images=7)
    before = torch.get_num_threads()

    def both_ways(count: int) -> tuple[torch.Tensor, ...]:
        torch.set_num_threads(count)
        images, added = x.clone().requires_grad_(), bias.clone().requires_grad_()
        y = chain(images, stages, bias=added)
        y.backward(g)
        assert images.grad is not None and added.grad is not None
        return y.detach(), images.grad, added.grad

    try:
        assert all(map(torch.equal, both_ways(threads), both_ways(1)))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("images", [1, 2, 3])
def test_a_single_picture_in_bands_equals_the_same_in_a_batch(images: int) -> None:
    x = torch.randn(images, 16, 55, 55)
    layer = {"size": 3, "stride": 2, "start": 0, "outputs": 27}
    stages = [as_stage(stage) for stage in (RELUS, ACROSS, WITHIN, CONTRAST, ("max", layer))]
    many = chain(torch.cat([x] * 12), stages)
    assert torch.equal(chain(x, stages), many[:images])


def test_every_layout_gives_the_same(backend: str) -> None:
    stages = [as_stage(stage) for stage in HISTORICAL[0][1:]]
    x = torch.randn(2, 6, SIDE, 2 * SIDE)[..., ::2]
    expected = chain(x.contiguous(memory_format=torch.channels_last), stages)
    assert torch.equal(chain(x, stages), expected)
    assert torch.equal(chain(x.contiguous(), stages), expected)
    assert expected.is_contiguous(memory_format=torch.channels_last)


def test_no_pictures_give_no_results(backend: str) -> None:
    x = torch.zeros(0, 4, SIDE, SIDE, requires_grad=True)
    y = chain(x, [as_stage(stage) for stage in HISTORICAL[1][1:]])
    y.sum().backward()
    assert y.shape == (0, 4, 5, 5) and x.grad is not None and x.grad.shape == x.shape


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30])
@pytest.mark.parametrize("named", [[ACROSS], [WITHIN], [MAX], [AVERAGE], [RELUS], HISTORICAL[1][1:]])
def test_what_is_no_number_comes_out_as_in_plain_torch(
    named: list[Named], value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = drawn(named, 16, levels=0)[0]
    x[0, 3, 4, 5] = value
    stages = [as_stage(stage) for stage in named]
    compiled = chain(x, stages)
    expected = chain(x.double(), stages)
    assert torch.equal(
        compiled.isnan(), expected.isnan() | (expected.abs() > 3e38).logical_and(compiled.isnan())
    )
    known = expected.isfinite() & compiled.isfinite()
    torch.testing.assert_close(compiled[known].double(), expected[known], rtol=1e-5, atol=1e-6)


def test_the_gradients_agree_with_finite_differences() -> None:
    x = torch.randn(2, 5, 7, 7, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(5, dtype=torch.float64, requires_grad=True)
    windows = {"size": 3, "stride": 2, "start": 0, "outputs": 3}
    stages = [as_stage(stage) for stage in (BIASES, RELUS, ACROSS, WITHIN, ("average", windows))]
    assert torch.autograd.gradcheck(lambda images, added: chain(images, stages, bias=added), (x, bias))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("named", [HISTORICAL[0], HISTORICAL[4]])
def test_torch_finds_the_operator_well_made(named: list[Named], dtype: torch.dtype) -> None:
    x, bias, _ = drawn(named, 16, levels=0)
    plan, numbers = encoded([as_stage(stage) for stage in named])
    added = bias.to(dtype).requires_grad_() if named[0][0] == "bias" else None
    torch.library.opcheck(
        torch.ops.alexnet.chain.default, (x.to(dtype).requires_grad_(), added, None, plan, numbers)
    )


def test_torch_compiles_what_uses_the_operator() -> None:
    x, bias, _ = drawn(HISTORICAL[0], 16, levels=0)
    stages = [as_stage(stage) for stage in HISTORICAL[0]]

    def used(images: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        return chain(images * 2, stages, bias=added).sin()

    compiled = torch.compile(used, fullgraph=True, backend="aot_eager")
    images = x.requires_grad_()
    torch.testing.assert_close(compiled(images, bias), used(images, bias))
    (expected,), (found,) = (torch.autograd.grad(f(images, bias).sum(), [images]) for f in (used, compiled))
    torch.testing.assert_close(found, expected)


def test_under_autocast_the_operator_keeps_the_dtype_it_is_given() -> None:
    x = torch.randn(2, 16, SIDE, SIDE, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert chain(x, [RELU]).dtype == torch.bfloat16
        assert chain(x.float(), [RELU]).dtype == torch.float32


REFUSED = [
    ((2, 3, 5), [RELU], "takes"),
    ((2, 3, 5, 6), [pool_stage("max", Windows(3, 2, 0, 2))], "not square"),
    ((2, 3, 5, 5), [pool_stage("max", Windows(3, 2, 0, 4))], "beyond the image"),
    ((2, 3, 5, 5), [pool_stage("max", Windows(0, 2, 0, 2))], "at least 1"),
    ((2, 3, 5, 5), [pool_stage("max", Windows(3, -2, 0, 2))], "at least 1"),
    ((2, 3, 5, 5), [pool_stage("max", Windows(3, 2, -7, 2))], "reach the image"),
    ((2, 3, 5, 5), [RELU, BIAS], "first stage"),
    ((2, 3, 5, 5), [BIAS], "a bias goes with"),
    ((2, 3, 5, 5), [dropout_stage(0.5, 1), RELU], "last stage"),
    ((2, 3, 5, 5), [dropout_stage(0.5, 1)], "random numbers go with"),
    ((2, 3, 5, 5), [norm_stage(Normalisation(0, 1, 1, 1, True))], "neighbours"),
]


@pytest.mark.parametrize(("shape", "stages", "said"), REFUSED, ids=[said for *_, said in REFUSED])
def test_what_does_not_fit_is_refused_alike(
    shape: tuple[int, ...], stages: list[Stage], said: str, backend: str
) -> None:
    with pytest.raises(ValueError, match=said):
        chain(torch.zeros(shape), stages)


def test_images_of_too_many_values_are_refused_before_anything_is_made() -> None:
    huge = torch.zeros(1).expand(1, 70000, 200, 200)
    with pytest.raises(ValueError, match="too many for one image"):
        chain(huge, [RELU])


def test_other_things_that_do_not_fit_are_refused(backend: str) -> None:
    x = torch.zeros(2, 3, 5, 5)
    with pytest.raises(ValueError, match="for 3 channels"):
        chain(x, [BIAS], bias=torch.zeros(4))
    with pytest.raises(ValueError, match="for values of shape"):
        chain(x, [dropout_stage(0.5, 1)], uniform=torch.zeros(2, 3, 5, 4))
    with pytest.raises(ValueError, match="floating point"):
        chain(x.long(), [RELU])
