"""The stages of a chain of small layers: what each is, how a kernel reads it, what it does in plain torch.

A chain is what happens between two layers with weights, or a part of it: bias, relu, normalisation, pooling,
dropout, in any order that occurs. `stages.h` has the same list for the kernels.
Letters: N images, C channels, H rows, W columns.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from reproduction.kernels import normalisation, pooling
from reproduction.kernels.normalisation import Normalisation
from reproduction.kernels.pooling import Windows


class Kind(enum.IntEnum):
    """The numbers are those of `stages.h`."""

    BIAS = 0
    RELU = 1
    ACROSS = 2
    BLOCKED = 3
    WITHIN = 4
    CONTRAST = 5
    POOL_MAX = 6
    POOL_AVERAGE = 7
    POOL_SUM = 8
    POOL_MAGNITUDE = 9
    DROPOUT = 10


NORMS = {Kind.ACROSS, Kind.BLOCKED, Kind.WITHIN, Kind.CONTRAST}
POOLS = {Kind.POOL_MAX, Kind.POOL_AVERAGE, Kind.POOL_SUM, Kind.POOL_MAGNITUDE}
PICKING_POOLS = {Kind.POOL_MAX, Kind.POOL_MAGNITUDE}
POOL_NAMES = {
    "max": Kind.POOL_MAX,
    "average": Kind.POOL_AVERAGE,
    "sum": Kind.POOL_SUM,
    "maxabs": Kind.POOL_MAGNITUDE,
}
# Kernels count the values of one image in 32 bits.
MOST_VALUES_PER_IMAGE = 2**31 - 1


@dataclass(frozen=True)
class Stage:
    """One stage; what its kind has no use for is 0.

    DROPOUT multiplies by `alpha` where a number drawn from [0, 1) is below `constant`, else by 0.
    """

    kind: Kind
    size: int = 0
    stride: int = 0
    start: int = 0
    outputs: int = 0
    alpha: float = 0.0
    power: float = 0.0
    constant: float = 0.0

    @property
    def norm(self) -> Normalisation:
        """The constants of a norm."""
        return Normalisation(
            self.size,
            self.alpha,
            self.power,
            self.constant,
            across_maps=self.kind in (Kind.ACROSS, Kind.BLOCKED),
            blocked=self.kind is Kind.BLOCKED,
            contrast=self.kind is Kind.CONTRAST,
        )

    @property
    def windows(self) -> Windows:
        """Where the windows of a pool lie."""
        return Windows(self.size, self.stride, self.start, self.outputs)


BIAS = Stage(Kind.BIAS)
RELU = Stage(Kind.RELU)


def norm_stage(norm: Normalisation) -> Stage:
    """A normalisation as a stage."""
    if norm.across_maps:
        kind = Kind.BLOCKED if norm.blocked else Kind.ACROSS
    else:
        kind = Kind.CONTRAST if norm.contrast else Kind.WITHIN
    return Stage(kind, norm.size, alpha=norm.alpha, power=norm.power, constant=norm.constant)


def pool_stage(kind: str, windows: Windows) -> Stage:
    """A pool of one of POOL_NAMES as a stage."""
    return Stage(POOL_NAMES[kind], windows.size, windows.stride, windows.start, windows.outputs)


def dropout_stage(keep: float, scale: float) -> Stage:
    """x * scale where the uniform number of its place is below `keep`, else 0."""
    return Stage(Kind.DROPOUT, alpha=scale, constant=keep)


INTEGERS, FLOATS = 5, 3  # of a stage, in an operator's arguments


def encoded(stages: Sequence[Stage]) -> tuple[list[int], list[float]]:
    """`stages` as the two lists that a torch operator can take."""
    plan = [n for s in stages for n in (int(s.kind), s.size, s.stride, s.start, s.outputs)]
    return plan, [n for s in stages for n in (s.alpha, s.power, s.constant)]


def decoded(plan: Sequence[int], numbers: Sequence[float]) -> tuple[Stage, ...]:
    """The stages that `encoded` gave. ValueError where it did not."""
    return _decoded(tuple(plan), tuple(numbers))


@lru_cache(maxsize=256)
def _decoded(plan: tuple[int, ...], numbers: tuple[float, ...]) -> tuple[Stage, ...]:
    count = len(plan) // INTEGERS
    if count == 0 or len(plan) != count * INTEGERS or len(numbers) != count * FLOATS:
        raise ValueError(f"a chain of {len(plan)} integers and {len(numbers)} floats")
    return tuple(
        Stage(Kind(plan[at]), *plan[at + 1 : at + INTEGERS], *numbers[n : n + FLOATS])
        for at, n in zip(range(0, len(plan), INTEGERS), range(0, len(numbers), FLOATS), strict=True)
    )


class StageStruct(ctypes.Structure):
    """`Stage` of `stages.h`."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("kind", "size", "stride", "start", "outputs")),
        *((name, ctypes.c_float) for name in ("alpha", "power", "constant")),
    ]


@lru_cache(maxsize=256)
def as_structs(stages: tuple[Stage, ...]) -> ctypes.Array[StageStruct]:
    """`stages` as a kernel reads them."""
    return (StageStruct * len(stages))(
        *(
            StageStruct(s.kind, s.size, s.stride, s.start, s.outputs, s.alpha, s.power, s.constant)
            for s in stages
        )
    )


def output_shape(shape: Sequence[int], stages: Sequence[Stage]) -> tuple[int, ...]:
    """Shape (N, C, H, W) or (N, C) of what `stages` make of a tensor of `shape`.

    ValueError where they do not fit: the same, whatever computes them.
    """
    if len(shape) not in (2, 4):
        raise ValueError(f"a chain takes (N, C, H, W) or (N, C), not {tuple(shape)}")
    count, channels, rows, columns = (*shape, 1, 1)[:4]
    for place, stage in enumerate(stages):
        if stage.kind is Kind.BIAS and place > 0:
            raise ValueError("a bias is the first stage of a chain or none")
        if stage.kind is Kind.DROPOUT and place + 1 < len(stages):
            raise ValueError("dropout is the last stage of a chain or none")
        if stage.kind in NORMS and stage.size < 1:
            raise ValueError(f"a norm over {stage.size} neighbours")
        _check_size(channels, rows, columns)
        if stage.kind in POOLS:
            _check_windows(stage, rows, columns)
            rows = columns = stage.outputs
    _check_size(channels, rows, columns)
    return (count, channels, rows, columns)[: len(shape)]


def _check_size(channels: int, rows: int, columns: int) -> None:
    if channels * rows * columns > MOST_VALUES_PER_IMAGE:
        raise ValueError(f"{channels} x {rows} x {columns} values are too many for one image")


def _check_windows(stage: Stage, rows: int, columns: int) -> None:
    described = (
        f"a pool of {stage.outputs} windows of {stage.size} pixels every {stage.stride} from {stage.start}"
    )
    if rows != columns:
        raise ValueError(f"{described}: the image is {rows} x {columns}, not square")
    if min(stage.size, stage.stride, stage.outputs) < 1 or stage.start + stage.size < 1:
        raise ValueError(f"{described}: each must be at least 1, and the first must reach the image")
    if stage.start + (stage.outputs - 1) * stage.stride >= rows:
        raise ValueError(f"{described}: the last begins beyond the image of {rows}")


def plain(stage: Stage, x: Tensor, bias: Tensor | None, uniform: Tensor | None) -> Tensor:
    """What `stage` makes of `x` (N, C, H, W), in plain torch."""
    kind = stage.kind
    if kind is Kind.BIAS:
        assert bias is not None
        return x + bias.to(x.dtype).view(1, -1, 1, 1)
    if kind is Kind.RELU:
        return x.relu()
    if kind is Kind.DROPOUT:
        assert uniform is not None
        return x * (uniform.view_as(x) < stage.constant) * stage.alpha
    if kind in NORMS:
        return normalisation.normalised(x, stage.norm)
    return _POOLED[kind](x, stage.windows)


_POOLED = {
    Kind.POOL_MAX: pooling.max_pooled,
    Kind.POOL_AVERAGE: pooling.average_pooled,
    Kind.POOL_SUM: pooling.sum_pooled,
    Kind.POOL_MAGNITUDE: pooling.magnitude_pooled,
}


def plain_gradient(stage: Stage, gradient: Tensor, x: Tensor, y: Tensor, uniform: Tensor | None) -> Tensor:
    """The gradient at `x` of a stage that gave `y`, in plain torch."""
    kind = stage.kind
    if kind is Kind.BIAS:
        return gradient
    if kind is Kind.RELU:
        return gradient * (x > 0)
    if kind is Kind.DROPOUT:
        assert uniform is not None
        return gradient * (uniform.view_as(x) < stage.constant) * stage.alpha
    if kind in NORMS:
        return normalisation.norm_gradient(x, gradient, stage.norm)
    if kind in PICKING_POOLS:
        return pooling.picking_gradient(x, y, gradient, stage.windows)
    return pooling.spreading_gradient(x, gradient, stage.windows, average=kind is Kind.POOL_AVERAGE)
