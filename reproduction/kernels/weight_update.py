"""The operator `alexnet::update_`: moves all weights of a network in one pass over them.

    update_(weights, velocities, descents, momenta, rates, decays, moving)

Of each array, in this order:  V <- momentum V,  V <- V - rate G,  V <- V - decay W (unless decay is 0),
W <- W + V (if it is moving). G, the descent, is the mean gradient of what is minimised. W and V change in
place; there is no gradient through that. float32 arrays move in C++ or CUDA with the roundings of plain
torch: bit for bit the same where torch multiplies and adds in one instruction, as it does on x86 processors
since AVX2; where it does not, V differs by one rounding of each product. Other dtypes move in plain torch.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reproduction.kernels import cuda, native, operators

Tensors = Sequence[Tensor]
Numbers = Sequence[float]

CPU_CHUNK = 1 << 16  # values a thread takes at a time: 768 kB of W, V and G
CUDA_CHUNK, CUDA_THREADS = 1 << 12, 256  # values a block takes, and its threads


@dataclass(frozen=True)
class Move:
    """By what an array moves: see above. `rate` and `decay` are what G and W are multiplied by."""

    momentum: float
    rate: float
    decay: float = 0.0
    moves: bool = True


def update(weights: Tensors, velocities: Tensors, descents: Tensors, moves: Sequence[Move]) -> None:
    """Moves `weights` and `velocities` in place, array by array as `moves` says."""
    if not moves:
        return
    torch.ops.alexnet.update_(
        weights,
        velocities,
        descents,
        [move.momentum for move in moves],
        [move.rate for move in moves],
        [move.decay for move in moves],
        [int(move.moves) for move in moves],
    )


# ---- plain torch, for any device and dtype


def _plain(
    weights: Tensors,
    velocities: Tensors,
    descents: Tensors,
    momenta: Numbers,
    rates: Numbers,
    decays: Numbers,
    moving: Sequence[int],
) -> None:
    moves = _checked(weights, velocities, descents, momenta, rates, decays, moving)
    for array in zip(weights, velocities, descents, moves, strict=True):
        _plain_move(*array)


def _plain_move(weights: Tensor, velocity: Tensor, descent: Tensor, move: Move) -> None:
    momentum, rate, decay = (
        number if weights.dtype == torch.float64 else ctypes.c_float(number).value
        for number in (move.momentum, move.rate, move.decay)
    )
    velocity.mul_(momentum)
    velocity.sub_(descent, alpha=rate)
    if decay != 0:
        velocity.sub_(weights, alpha=decay)
    if move.moves:
        weights.add_(velocity)


def _checked(
    weights: Tensors,
    velocities: Tensors,
    descents: Tensors,
    momenta: Numbers,
    rates: Numbers,
    decays: Numbers,
    moving: Sequence[int],
) -> list[Move]:
    """What to do with each array. ValueError where the arguments do not fit each other."""
    counts = [len(given) for given in (weights, velocities, descents, momenta, rates, decays, moving)]
    if len(set(counts)) > 1:
        raise ValueError(f"an update of {counts[0]} arrays, with {counts[1:]} of what goes with them")
    for own, *others in zip(weights, velocities, descents, strict=True):
        if not own.is_floating_point():
            raise ValueError(f"weights are floating point numbers, not {own.dtype}")
        for other in others:
            if (other.shape, other.dtype, other.device) != (own.shape, own.dtype, own.device):
                raise ValueError(f"weights are {_described(own)}, what moves them is {_described(other)}")
    changed = [array for array in (*weights, *velocities) if array.numel()]
    if len({array.data_ptr() for array in changed}) != len(changed):
        raise ValueError("an array is to be moved twice in one update")
    if torch.is_grad_enabled() and any(array.requires_grad for array in changed):
        raise ValueError("weights are updated under torch.no_grad(): an update has no gradient")
    return [
        Move(momentum, rate, decay, bool(moves))
        for momentum, rate, decay, moves in zip(momenta, rates, decays, moving, strict=True)
    ]


def _described(array: Tensor) -> str:
    return f"{tuple(array.shape)} of {array.dtype} on {array.device}"


def _shapes(*_: object) -> None:
    """Nothing comes out of an update."""


# ---- C++ on the CPU, CUDA on the GPU


class Array(ctypes.Structure):
    """`Array` of `weight_update.h`."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weights", "velocity", "descent")),
        *((name, ctypes.c_longlong) for name in ("size", "first_chunk")),
        *((name, ctypes.c_float) for name in ("momentum", "rate", "decay")),
        ("moves", ctypes.c_int),
    ]


@dataclass(frozen=True)
class Table:
    """Arrays as a kernel reads them, cut into `chunks` in all; `kept` are tensors that must live as long."""

    arrays: ctypes.Array[Array]
    chunks: int
    kept: list[Tensor]


def _cpu(
    weights: Tensors,
    velocities: Tensors,
    descents: Tensors,
    momenta: Numbers,
    rates: Numbers,
    decays: Numbers,
    moving: Sequence[int],
) -> None:
    moves = _checked(weights, velocities, descents, momenta, rates, decays, moving)
    compiled = native.library("weight_update")
    table = _table(weights, velocities, descents, moves, CPU_CHUNK, anything=compiled is not None)
    if compiled is not None and table.chunks:
        chunks, size = ctypes.c_int64(table.chunks), ctypes.c_int64(CPU_CHUNK)
        compiled.update(table.arrays, len(table.arrays), chunks, size, torch.get_num_threads())


def _table(
    weights: Tensors, velocities: Tensors, descents: Tensors, moves: list[Move], chunk: int, *, anything: bool
) -> Table:
    """A table of the arrays that a kernel of ours moves (none unless `anything`); moves the others itself."""
    rows, chunks, kept = [], 0, []
    for own, velocity, descent, move in zip(weights, velocities, descents, moves, strict=True):
        if not anything or own.dtype != torch.float32 or not _fit(own, velocity):
            _plain_move(own, velocity, descent, move)
            continue
        if own.numel() == 0:
            continue
        if _strides(descent) != _strides(own):
            descent = torch.empty_like(own).copy_(descent)
        kept.append(descent)
        numbers = move.momentum, move.rate, move.decay, int(move.moves)
        pointers = own.data_ptr(), velocity.data_ptr(), descent.data_ptr()
        rows.append(Array(*pointers, own.numel(), chunks, *numbers))
        chunks += -(-own.numel() // chunk)
        torch.autograd.graph.increment_version([own, velocity])
    return Table((Array * len(rows))(*rows), chunks, kept)


def _strides(array: Tensor) -> list[int]:
    """The strides that say where values lie."""
    return [stride for stride, size in zip(array.stride(), array.shape, strict=True) if size > 1]


def _fit(weights: Tensor, velocity: Tensor) -> bool:
    """Whether both fill their memory without gaps and in the same order."""
    filled = 1
    for stride, size in sorted((s, n) for s, n in zip(weights.stride(), weights.shape, strict=True) if n > 1):
        if stride != filled:
            return False
        filled *= size
    return _strides(weights) == _strides(velocity)


def _cuda(
    weights: Tensors,
    velocities: Tensors,
    descents: Tensors,
    momenta: Numbers,
    rates: Numbers,
    decays: Numbers,
    moving: Sequence[int],
) -> None:
    moves = _checked(weights, velocities, descents, momenta, rates, decays, moving)
    kernel = cuda.kernel("weight_update", "update", weights[0].device)
    table = _table(weights, velocities, descents, moves, CUDA_CHUNK, anything=kernel is not None)
    if kernel is not None and table.chunks:
        _launch(kernel, table, weights[0].device)


def _launch(kernel: cuda.Kernel, table: Table, device: torch.device) -> None:
    """One launch for all arrays of the table."""
    rows = torch.frombuffer(bytearray(table.arrays), dtype=torch.uint8).to(device)
    count, size = ctypes.c_int(len(table.arrays)), ctypes.c_longlong(CUDA_CHUNK)
    kernel.launch((table.chunks, 1, 1), (CUDA_THREADS, 1, 1), [rows, count, size])


operators.define(
    "update_",
    "(Tensor(a!)[] weights, Tensor(b!)[] velocities, Tensor[] descents, float[] momenta, float[] rates, "
    "float[] decays, int[] moving) -> ()",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
    cuda=_cuda,
)
