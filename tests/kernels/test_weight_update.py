"""The update of all weights against plain loops, bit for bit between the backends, and in every layout."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
import shim
import torch
import weight_update_references
from torch import Tensor

from reproduction.kernels import native, weight_update
from reproduction.kernels.weight_update import Move

SHAPES = [(), (1,), (0,), (7,), (3, 5), (33, 5, 3, 3), (2, 3, 4, 5, 5), (70001,), (4096,), (1, 1, 1, 1)]
MOVES = [Move(0.9, 0.01, 5e-4), Move(0.5, 0.3), Move(1.0, 0.7, moves=False), Move(0.0, -0.1, 0.2, False)]
CHUNK, CUDA_CHUNK = weight_update.CPU_CHUNK, weight_update.CUDA_CHUNK
BACKENDS = {"plain": weight_update._plain, "compiled": torch.ops.alexnet.update_}

Arrays = list[Tensor]


def torch_fuses() -> bool:
    """Whether torch multiplies and adds in one instruction here: (1 + 2^-12)² - (1 + 2^-11) is then not 0."""
    factor = 1 + 2.0**-12
    return torch.full((64,), -(1 + 2.0**-11)).add_(torch.full((64,), factor), alpha=factor).min().item() > 0


needs_compiler = pytest.mark.skipif(bool(native.trouble("weight_update")), reason="no C++ compiler")
needs_fusing = pytest.mark.skipif(not torch_fuses(), reason="this processor has no fused multiply-add")
needs_shim = pytest.mark.skipif(bool(shim.missing()), reason="CUDA sources are not compiled for the CPU here")


def drawn(shapes: list[tuple[int, ...]], dtype: torch.dtype = torch.float32, seed: int = 0) -> Arrays:
    """Random arrays; filters in the layout of the pictures."""
    generator = torch.Generator().manual_seed(seed)
    arrays = [torch.randn(shape, generator=generator).to(dtype) for shape in shapes]
    return [a.contiguous(memory_format=torch.channels_last) if a.dim() == 4 else a for a in arrays]


def set_of(
    shapes: list[tuple[int, ...]], dtype: torch.dtype = torch.float32
) -> tuple[Arrays, Arrays, Arrays]:
    return drawn(shapes, dtype, 1), drawn(shapes, dtype, 2), drawn(shapes, dtype, 3)


def copies(arrays: Arrays) -> Arrays:
    return [array.clone() for array in arrays]


def numbers(moves: list[Move]) -> tuple[list[float], list[float], list[float], list[int]]:
    """As the operator takes them."""
    moving = [int(move.moves) for move in moves]
    return [m.momentum for m in moves], [m.rate for m in moves], [m.decay for m in moves], moving


def moves_for(arrays: Arrays) -> list[Move]:
    return [MOVES[i % len(MOVES)] for i in range(len(arrays))]


def same_bits(one: Arrays, other: Arrays) -> bool:
    return all(torch.equal(a.view(torch.int32), b.view(torch.int32)) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("move", MOVES)
def test_arrays_of_all_sizes_move_as_the_formula_says(backend, dtype, tolerance, move) -> None:
    weights, velocities, descents = set_of(SHAPES, dtype)
    before = [[array.flatten().tolist() for array in arrays] for arrays in (weights, velocities, descents)]
    BACKENDS[backend](weights, velocities, descents, *numbers([move] * len(weights)))
    for w, v, *given in zip(weights, velocities, *before, strict=True):
        held = (move.momentum, move.rate, move.decay, move.moves)
        for found, expected in zip((w, v), weight_update_references.moved(*given, *held), strict=True):
            np.testing.assert_allclose(found.flatten(), expected, rtol=tolerance, atol=tolerance)


@needs_compiler
@needs_fusing
@pytest.mark.parametrize("threads", [1, 2])
def test_compiled_and_plain_give_the_same_bits(threads) -> None:
    shapes = [*SHAPES * 2, (3 * CHUNK + 1,), (CHUNK,), (513, 257)]
    weights, velocities, descents = set_of(shapes)
    weights[7][:3] = torch.tensor([torch.inf, torch.nan, -0.0])
    velocities[9].fill_(1e-42)  # denormal
    expected = copies(weights), copies(velocities)
    weight_update._plain(*expected, descents, *numbers(moves_for(weights)))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        weight_update.update(weights, velocities, descents, moves_for(weights))
    finally:
        torch.set_num_threads(before)
    assert same_bits(weights, expected[0]) and same_bits(velocities, expected[1])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_other_dtypes_move_in_plain_torch(dtype) -> None:
    weights, velocities, descents = set_of([(5,), (3, 4)], dtype)
    expected = copies(weights), copies(velocities)
    weight_update._plain(*expected, descents, *numbers(MOVES[:2]))
    weight_update.update(weights, velocities, descents, MOVES[:2])
    for found, same in zip(weights + velocities, expected[0] + expected[1], strict=True):
        assert torch.equal(found, same)


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "as they are": lambda array: array,
    "channels last": lambda array: array.contiguous(memory_format=torch.channels_last),
    "turned": lambda array: array.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
    "with gaps": lambda array: torch.stack([array, array], dim=-1)[..., 0],
    "the same everywhere": lambda array: array[:1, :1, :1, :1].expand(array.shape),
}


@pytest.mark.parametrize("own", [name for name in LAYOUTS if name != "the same everywhere"])
@pytest.mark.parametrize("velocity", ["as they are", "turned", "with gaps"])
@pytest.mark.parametrize("descent", LAYOUTS)
def test_any_layout_moves_alike(own, velocity, descent) -> None:
    shape = [(6, 5, 3, 3)]
    weights, velocities, descents = ([a[0].contiguous()] for a in set_of(shape))
    given = [LAYOUTS[descent](descents[0])]
    laid_out = [LAYOUTS[own](weights[0].clone())], [LAYOUTS[velocity](velocities[0].clone())]
    weight_update.update(*laid_out, given, MOVES[:1])
    weight_update.update(weights, velocities, [given[0].contiguous()], MOVES[:1])
    assert torch.equal(laid_out[0][0], weights[0]) and torch.equal(laid_out[1][0], velocities[0])


def test_an_infinite_weight_without_decay_leaves_its_velocity_finite() -> None:
    weights, velocity = torch.full((9,), torch.inf), torch.ones(9)
    weight_update.update([weights], [velocity], [torch.ones(9)], [Move(0.5, 0.25, 0.0)])
    assert velocity.tolist() == [0.25] * 9


def test_an_array_that_does_not_move_takes_in_the_gradient_alone() -> None:
    weights, velocity = torch.ones(9), torch.ones(9)
    weight_update.update([weights], [velocity], [torch.ones(9)], [Move(1.0, 0.25, moves=False)])
    assert (weights.tolist(), velocity.tolist()) == ([1.0] * 9, [0.75] * 9)


def test_nothing_to_move_is_no_error() -> None:
    weight_update.update([], [], [], [])
    weight_update.update([torch.empty(0)], [torch.empty(0)], [torch.empty(0)], MOVES[:1])


@needs_compiler
def test_nothing_is_written_beside_an_array() -> None:
    for length in (1, 15, 16, 17, 33):
        whole = torch.full((2, length + 8), 7.0)
        weights, velocity = whole[:, 3 : 3 + length].unbind(0)
        weight_update.update([weights], [velocity], [torch.ones(length)], MOVES[:1])
        assert (whole[:, :3] == 7).all() and (whole[:, 3 + length :] == 7).all()
        assert (whole[:, 3 : 3 + length] != 7).all()


def array(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.ones(shape, dtype=dtype)


TWICE = torch.ones(3)
BAD = {
    "3 arrays, with \\[1, 3": ([array(2)] * 3, [array(2)], [array(2)] * 3),
    "weights are \\(2,\\) of torch.float32 on cpu, what moves them is \\(3,\\)": (
        [array(2)],
        [array(2)],
        [array(3)],
    ),
    "what moves them is \\(2,\\) of torch.float64": ([array(2)], [array(2, dtype=torch.float64)], [array(2)]),
    "floating point numbers, not torch.int64": ([array(2, dtype=torch.int64)],) * 3,
    "to be moved twice": ([TWICE, TWICE], [array(3), array(3)], [array(3), array(3)]),
    "moved twice in one": ([TWICE], [TWICE], [array(3)]),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("complaint", BAD)
def test_what_does_not_fit_is_refused_before_anything_moves(backend, complaint) -> None:
    given = BAD[complaint]
    with pytest.raises(ValueError, match=complaint):
        BACKENDS[backend](*given, *numbers([MOVES[0]] * len(given[0])))
    assert all((one == 1).all() for arrays in given for one in arrays)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_update_has_no_gradient_and_says_so(backend) -> None:
    weights = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="an update has no gradient"):
        BACKENDS[backend]([weights], [array(3)], [array(3)], *numbers(MOVES[:1]))
    with torch.no_grad():
        BACKENDS[backend]([weights], [array(3)], [array(3)], *numbers(MOVES[:1]))
    assert (weights != 1).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gradient_through_weights_that_have_moved_since_is_refused(backend) -> None:
    weights = torch.ones(3, requires_grad=True)
    loss = (weights * weights).sum()
    with torch.no_grad():
        BACKENDS[backend]([weights], [array(3)], [array(3)], *numbers(MOVES[:1]))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.filterwarnings("default")  # torch's own, of what its compiler imports
def test_torch_finds_the_operator_well_made() -> None:
    given = set_of([(3, 5), (4, 3, 2, 2), (0,)])
    torch.library.opcheck(torch.ops.alexnet.update_.default, (*given, *numbers(MOVES[:3])))


@needs_shim
@needs_fusing
def test_the_gpus_source_moves_every_value_once() -> None:
    sizes = [1, 255, CUDA_CHUNK - 1, CUDA_CHUNK, CUDA_CHUNK + 1, 3 * CUDA_CHUNK, 9]
    weights, velocities, descents = set_of([(size,) for size in sizes])
    expected = copies(weights), copies(velocities)
    moves = moves_for(weights)
    weight_update._plain(*expected, descents, *numbers(moves))
    table = weight_update._table(weights, velocities, descents, moves, CUDA_CHUNK, anything=True)
    assert table.chunks == sum(-(-size // CUDA_CHUNK) for size in sizes)
    weight_update._launch(shim.host_kernel("weight_update", "update"), table, torch.device("cpu"))
    assert same_bits(weights, expected[0]) and same_bits(velocities, expected[1])


@needs_shim
@pytest.mark.parametrize("length", [1, CUDA_CHUNK - 1, CUDA_CHUNK, CUDA_CHUNK + 50])
def test_the_gpus_source_writes_nothing_beside_an_array(length) -> None:
    whole = torch.full((2, length + 8), 7.0)
    arrays = [[own] for own in (*whole[:, 3 : 3 + length].unbind(0), torch.ones(length))]
    table = weight_update._table(*arrays, MOVES[:1], CUDA_CHUNK, anything=True)
    weight_update._launch(shim.host_kernel("weight_update", "update"), table, torch.device("cpu"))
    assert (whole[:, :3] == 7).all() and (whole[:, 3 + length :] == 7).all()
    assert (whole[:, 3 : 3 + length] != 7).all()


def test_the_table_has_the_layout_of_the_header() -> None:
    assert ctypes.sizeof(weight_update.Array) == 56
