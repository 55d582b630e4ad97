"""Chains by the GPU's kernel: its indexing on the CPU, under sanitizers too; the operator where a GPU is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import chain_references
import numpy as np
import pytest
import shim
import torch
from test_chain import ACROSS, BIASES, BLOCKED, MAX, RELUS, SUM, WITHIN, Named, as_stage
from torch import Tensor

from reproduction.definition import assemble, find_texts
from reproduction.kernels import chain, cuda, native, nvrtc, tiles
from reproduction.kernels.stages import dropout_stage, encoded, output_shape
from reproduction.model.network_module import NetworkModule

needs_compiler = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU for CUDA")

# Largest deviation from float64, as a part of the largest value: that of a handful of operations in float32,
# or the rounding of the result alone.
BOUNDS = {torch.float32: 4e-6, torch.bfloat16: 8e-3, torch.float16: 1e-3}

OVER_THE_EDGE = {"size": 3, "stride": 2, "start": -1, "outputs": 5}  # of 9 pixels
APART: Named = ("maxabs", {"size": 2, "stride": 3, "start": 0, "outputs": 4})  # pixels that no window covers
CONTRAST: Named = ("contrast", {"size": 4, "alpha": 0.3, "power": 1.3, "constant": 1.0})
EVEN: Named = ("across", {"size": 4, "alpha": 0.3, "power": 0.5, "constant": 1.0})
SMALL: Named = ("max", {"size": 2, "stride": 1, "start": 0, "outputs": 4})
SUMS: Named = ("sum", {"size": 4, "stride": 3, "start": -2, "outputs": 4})
LOOSE: Named = ("average", OVER_THE_EDGE)
DROPOUT: Named = ("dropout", {"keep": 0.7, "scale": 1.5})

# What the chain is made of, the shape of x, and pixels (on a side) and channels of a tile: there are several
# tiles on every axis, and the last ones go beyond the picture.
Chain = tuple[list[Named], tuple[int, ...], tuple[int, int]]
CHAINS: dict[str, Chain] = {
    "layer 1": ([BIASES, ACROSS, MAX, RELUS], (2, 13, 11, 11), (3, 4)),
    "layer 2": ([RELUS, ACROSS, WITHIN, MAX], (2, 9, 10, 10), (4, 6)),
    "layer 5": ([MAX, RELUS], (3, 10, 11, 11), (4, 8)),
    "bias and relu": ([BIASES, RELUS], (3, 37, 5, 4), (3, 16)),
    "fully connected": ([BIASES, RELUS, DROPOUT], (5, 300), (1, 256)),
    "average, norm": ([RELUS, LOOSE, ("within", {**WITHIN[1], "size": 2})], (2, 10, 9, 9), (3, 7)),
    "blocked, sum": ([BLOCKED, SUMS], (2, 18, 9, 9), (3, 7)),
    "contrast, magnitude": ([CONTRAST, APART, DROPOUT], (1, 9, 10, 10), (3, 5)),
    "two pools": ([BIASES, MAX, EVEN, SMALL], (2, 11, 11, 11), (3, 4)),
}


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Runs kernels by the shim: a function that sets the size of tiles, and a sanitizer."""

    def set_up(tile: tuple[int, int] | None = None, sanitizer: str = "", shared_bytes: int = 200_000) -> None:
        def kernel(name: str, function: str, device: torch.device, options: list[str]) -> object:
            return shim.host_kernel(name, function, tuple(options), sanitizer)

        tiles.tiling.cache_clear()
        if tile is not None:
            monkeypatch.setattr(tiles, "_sizes", lambda side, across: [min(side, tile[across])])
        monkeypatch.setattr(cuda, "available", lambda device: True)
        monkeypatch.setattr(cuda, "shared_bytes_limit", lambda device: shared_bytes)
        monkeypatch.setattr(cuda, "kernel", kernel)
        for name in ("_plain", "_plain_backward"):
            monkeypatch.setattr(chain, name, lambda *_: pytest.fail("this fell back to plain torch"))

    yield set_up
    tiles.tiling.cache_clear()


class Case:
    """A chain with inputs, drawn, and what the references make of them."""

    def __init__(
        self,
        named: list[Named],
        shape: tuple[int, ...],
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> None:
        generator = torch.Generator().manual_seed(sum(shape))

        def drawn(size: tuple[int, ...]) -> Tensor:
            return torch.randn(size, generator=generator).to(dtype)

        kinds = [kind for kind, _ in named]
        self.stages = [
            dropout_stage(c["keep"], c["scale"]) if kind == "dropout" else as_stage((kind, c))
            for kind, c in named
        ]
        self.x, self.g = drawn(shape), drawn(output_shape(shape, self.stages))
        if kinds[0] in ("max", "maxabs"):
            self.x = self.x.round()  # many ties
        self.bias = drawn((shape[1],)) if kinds[0] == "bias" else None
        has_dropout = kinds[-1] == "dropout"
        self.uniform = torch.rand(self.g.shape, generator=generator) if has_dropout else None
        given = {"bias": {"values": _array(self.bias)}, "dropout": {"uniform": _array(self.uniform)}}
        self.named = [(kind, {**c, **given.get(kind, {})}) for kind, c in named]
        self.device = device

    def arguments(self) -> list[object]:
        tensors = (self.x, self.bias, self.uniform)
        return [*(None if t is None else t.to(self.device) for t in tensors), *encoded(self.stages)]

    def both_passes(self) -> tuple[Tensor, Tensor, Tensor]:
        """The GPU's side of the operator, wherever its kernels run: y, and gradients at x and at the bias."""
        y = chain._cuda(*self.arguments())
        return y, *chain._cuda_backward(self.g.to(self.device), *self.arguments())

    def check(self, y: Tensor, dx: Tensor, sums: Tensor) -> None:
        x, g = _array(self.x), _array(self.g)
        assert x is not None and g is not None and y.shape == self.g.shape and dx.shape == self.x.shape
        expected_y, expected_dx = chain_references.both(x, g, self.named)
        self._close(y, expected_y)
        self._close(dx, expected_dx)
        assert sums.numel() == (0 if self.bias is None else len(self.bias))
        if self.bias is not None:
            self._close(sums, expected_dx.sum(axis=(0, 2, 3)))

    def _close(self, found: Tensor, expected: np.ndarray) -> None:
        assert found.dtype == self.x.dtype
        difference = found.cpu().double().numpy().reshape(expected.shape) - expected
        assert np.abs(difference).max() <= BOUNDS[found.dtype] * np.abs(expected).max()


def _array(values: Tensor | None) -> np.ndarray | None:
    """As images in float64, or a bias."""
    if values is None or values.dim() == 1:
        return None if values is None else values.double().numpy()
    return values.double().numpy().reshape((*values.shape, 1, 1)[:4])


@needs_compiler
@pytest.mark.parametrize("name", CHAINS)
def test_the_kernels_equal_the_references_forward_and_gradient(name, on_the_cpu) -> None:
    named, shape, tile = CHAINS[name]
    on_the_cpu(tile)
    case = Case(named, shape)
    case.check(*case.both_passes())


@needs_compiler
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_numbers_are_computed_in_float32(dtype, on_the_cpu) -> None:
    on_the_cpu((3, 4))
    case = Case(*CHAINS["layer 1"][:2], dtype)
    case.check(*case.both_passes())


@needs_compiler
def test_a_chain_of_which_no_tile_fits_is_computed_in_pieces(on_the_cpu) -> None:
    named, shape, _ = CHAINS["layer 1"]
    case = Case(named, shape)
    assert tiles.tiling(tuple(case.stages), (11, 11, 13), True, 3_000) is None
    on_the_cpu(shared_bytes=3_000)
    case.check(*case.both_passes())


@needs_compiler
def test_results_do_not_depend_on_the_tiles_or_the_layout(on_the_cpu) -> None:
    case = Case(*CHAINS["layer 2"][:2])
    on_the_cpu((4, 6))
    expected = case.both_passes()
    case.x = torch.cat([case.x, case.x], 3)[..., : case.x.shape[3]]
    assert all(map(torch.equal, case.both_passes(), expected))
    on_the_cpu((10, 9))
    case.x = case.x.contiguous(memory_format=torch.channels_last)
    assert all(map(torch.equal, case.both_passes(), expected))


@needs_compiler
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_comes_out_as_on_the_cpu(value, on_the_cpu) -> None:
    case = Case(*CHAINS["layer 2"][:2])
    case.x[0, 3, 4, 5] = value
    expected = torch.ops.alexnet.chain(*case.arguments())
    on_the_cpu((4, 6))
    y, _, _ = case.both_passes()
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-6, equal_nan=True)


@needs_compiler
def test_no_pictures_give_no_results(on_the_cpu) -> None:
    on_the_cpu((3, 4))
    case = Case(CHAINS["layer 1"][0], (0, 13, 11, 11))
    y, dx, sums = case.both_passes()
    assert y.shape == (0, 13, 5, 5) and dx.shape == (0, 13, 11, 11) and torch.equal(sums, torch.zeros(13))


TINY: dict[str, Chain] = {
    "layer 1": ([BIASES, ACROSS, ("max", {**MAX[1], "outputs": 3}), RELUS], (1, 9, 7, 7), (4, 5)),
    "layer 2": ([RELUS, EVEN, CONTRAST, ("sum", {**SUM[1], "outputs": 2})], (1, 7, 5, 5), (3, 4)),
}


@needs_compiler
@pytest.mark.parametrize("sanitizer", ["address", "thread"])
@pytest.mark.parametrize("name", TINY)
def test_the_sanitizers_find_nothing(name, sanitizer, on_the_cpu, monkeypatch) -> None:
    named, shape, tile = TINY[name]
    on_the_cpu(tile, sanitizer)
    monkeypatch.setattr(tiles, "THREADS", 64)
    case = Case(named, shape)
    case.check(*case.both_passes())


# A GPU of each architecture, and the shared memory that it gives a block.
GPUS = {"sm_75": 64, "sm_80": 163, "sm_90": 227, "sm_100": 227, "sm_120": 99}


@pytest.mark.parametrize(
    "network",
    ["alexnet-2012", "alexnet-2012-half", "alexnet-2012-ungrouped"]
    + [f"cuda-convnet-{name}" for name in ("11pct", "13pct", "18pct", "80sec")],
)
def test_the_chains_of_the_networks_are_compiled(network) -> None:
    try:
        nvrtc.library()
    except native.CompilerError as error:
        pytest.skip(str(error))
    experiment = assemble(find_texts(network))
    module = NetworkModule(experiment.network, experiment.parameters, 1).train()
    wanted = []
    for run in module._runs().values():
        layer = run.layers[0]
        channels, rows, columns = (
            *(layer.output_shape if run.first.has_weights else layer.input_shapes[0]),
            1,
            1,
        )[:3]
        for backward in (False, True):
            architecture, scalar = list(GPUS)[len(wanted) % 5], list(cuda.SCALARS.values())[len(wanted) % 3]
            shape, shared_bytes = (rows, columns, channels), GPUS[architecture] * 1024
            tiling = tiles.tiling(run.stages, shape, backward, shared_bytes)
            assert tiling is not None
            wanted.append(("chain", architecture, tuple(tiling.options(scalar))))
    with ThreadPoolExecutor() as pool:
        assert all(pool.map(lambda all_of: nvrtc.cubin(*all_of), dict.fromkeys(wanted)))


# ---- On a GPU


def drawn_chain(seed: int) -> tuple[list[Named], tuple[int, ...]]:
    """Some of the chains, in another shape."""
    chosen = random.Random(seed)
    named, shape, _ = CHAINS[chosen.choice(list(CHAINS))]
    return named, (chosen.choice([1, 2, 7]), chosen.choice([1, 3, 16, 37, 96]), *shape[2:])


@needs_gpu
@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(20))
def test_on_a_gpu_the_operator_equals_the_references_forward_and_gradient(seed, dtype) -> None:
    case = Case(*drawn_chain(seed), dtype, "cuda")
    if case.x.dim() == 4 and seed % 2:
        case.x = torch.cat([case.x, case.x], 3)[..., : case.x.shape[3]]
    x, bias, uniform, *plan = case.arguments()
    wanted = [t.requires_grad_() for t in (x, bias) if t is not None]
    torch.empty_like(case.g, device="cuda").fill_(float("nan"))  # what results lie in holds no zeros
    y = torch.ops.alexnet.chain(x, bias, uniform, *plan)
    gradients = torch.autograd.grad(y, wanted, case.g.cuda())
    torch.cuda.synchronize()
    assert not cuda.trouble("chain")
    none = torch.empty(0, dtype=dtype)
    case.check(y.detach(), gradients[0], gradients[1] if bias is not None else none)


@needs_gpu
def test_on_a_gpu_no_pictures_give_no_results() -> None:
    case = Case(CHAINS["layer 1"][0], (0, 13, 11, 11), device="cuda")
    y, dx, sums = case.both_passes()
    assert y.shape == (0, 13, 5, 5) and dx.shape == case.x.shape and not sums.any()


@needs_gpu
def test_on_a_gpu_torch_finds_the_operator_well_made() -> None:
    case = Case(*CHAINS["layer 1"][:2], device="cuda")
    x, bias, *rest = case.arguments()
    torch.library.opcheck(torch.ops.alexnet.chain.default, (x.requires_grad_(), bias.requires_grad_(), *rest))
