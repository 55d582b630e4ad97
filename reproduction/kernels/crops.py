"""The operator `alexnet::augment`: crops of uint8 pictures as a network sees them, in one pass.

    augment(pictures, mean, rows, columns, flips, shift, divisor, size) -> (crop - mean + shift) / divisor

pictures uint8 (N, C, H, W); mean float32 (C, S, S), the same for every crop and never flipped; rows, columns
and flips int64 (M,), where a crop begins and whether it is mirrored; shift float32 (M, C) or None; the result
float32 (M, C, S, S) in channels_last. Crop m is of picture m mod N: several views of a batch come one after
the other. Every backend gives the same bits: nothing but single operations, each rounded once. There is no
gradient: pictures are integers.
"""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from reproduction.kernels import cuda, native, operators

# Kernels count the values of one crop and of one picture in 32 bits.
MOST_VALUES = 2**31 - 1
CUDA_THREADS = 256
MOST_BLOCKS_Y = 65535  # CUDA's limit


def augment(
    pictures: Tensor,
    mean: Tensor,
    places: tuple[Tensor, Tensor, Tensor],
    size: int,
    shift: Tensor | None = None,
    divisor: float = 1.0,
) -> Tensor:
    """What the network sees of `pictures`: crops of `size` pixels; `places` are rows, columns and flips."""
    result: Tensor = torch.ops.alexnet.augment(pictures, mean, *places, shift, divisor, size)
    return result


# ---- plain torch, for any device


def _plain(
    pictures: Tensor,
    mean: Tensor,
    rows: Tensor,
    columns: Tensor,
    flips: Tensor,
    shift: Tensor | None,
    divisor: float,
    size: int,
) -> Tensor:
    places = _checked(pictures, mean, rows, columns, flips, shift, divisor, size)
    crops = _empty(pictures, len(places), size)
    for view in range(len(places) // max(1, len(pictures))):
        first = view * len(pictures)
        for members, place in _runs(places[first : first + len(pictures)]):
            row, column, flipped = place
            seen = pictures[members, :, row : row + size, column : column + size]
            seen = seen.flip(-1) if flipped else seen
            torch.sub(seen, mean, out=crops[first + members.start : first + members.stop])
    if shift is not None:
        crops.add_(shift[:, :, None, None])
    # By a tensor: torch would multiply by the inverse of a number on the GPU.
    return crops if divisor == 1 else crops.div_(torch.tensor(divisor, device=pictures.device))


def _runs(places: Tensor) -> list[tuple[slice, list[int]]]:
    """Consecutive pictures that are cropped alike, and how."""
    different, counts = torch.unique_consecutive(places, dim=0, return_counts=True)
    ends = counts.cumsum(0).tolist()
    starts = [0, *ends[:-1]]
    return [(slice(*run), place) for *run, place in zip(starts, ends, different.tolist(), strict=True)]


def _checked(
    pictures: Tensor,
    mean: Tensor,
    rows: Tensor,
    columns: Tensor,
    flips: Tensor,
    shift: Tensor | None,
    divisor: float,
    size: int,
) -> Tensor:
    """Row, column and flip of each crop (M, 3), on the CPU. ValueError where the arguments do not fit."""
    if pictures.dim() != 4 or pictures.dtype != torch.uint8:
        raise ValueError(f"pictures are uint8 (N, C, H, W), not {pictures.dtype} {tuple(pictures.shape)}")
    count, channels, height, width = pictures.shape
    if not 0 < size <= min(height, width):
        raise ValueError(f"crops of {size} pixels cannot be cut from pictures of {height} x {width}")
    if channels * height * width > MOST_VALUES:
        raise ValueError(f"{channels} x {height} x {width} values are too many for one picture")
    _check_floats("the mean", mean, (channels, size, size), pictures.device)
    crops = len(rows) if rows.dim() == 1 else 0
    if any(drawn.shape != (crops,) or drawn.dtype != torch.int64 for drawn in (rows, columns, flips)):
        raise ValueError("rows, columns and flips are int64 (M,), one of each for every crop")
    if crops and (count == 0 or crops % count):
        raise ValueError(f"{crops} crops of {count} pictures: not as many of each")
    if shift is not None:
        _check_floats("the colour shift", shift, (crops, channels), pictures.device)
    if divisor == 0:
        raise ValueError("pictures cannot be divided by 0")
    return _places(rows, columns, flips, height - size, width - size)


def _check_floats(name: str, given: Tensor, shape: tuple[int, ...], device: torch.device) -> None:
    if (given.shape, given.dtype, given.device) != (shape, torch.float32, device):
        found = f"{given.dtype} {tuple(given.shape)} on {given.device}"
        raise ValueError(f"{name} is float32 {shape} on {device}, not {found}")


def _places(rows: Tensor, columns: Tensor, flips: Tensor, last_row: int, last_column: int) -> Tensor:
    places = torch.stack([drawn.cpu() for drawn in (rows, columns, flips)], dim=1)
    if len(places):
        least, most = (found.tolist() for found in places.aminmax(dim=0))
        if min(least) < 0 or most[0] > last_row or most[1] > last_column or most[2] > 1:
            raise ValueError(
                f"crops begin at rows 0 … {last_row} and columns 0 … {last_column} and are flipped 0 or 1 "
                f"times; these are {least} … {most}"
            )
    return places


def _empty(pictures: Tensor, crops: int, size: int) -> Tensor:
    shape = (crops, pictures.shape[1], size, size)
    return torch.empty(shape, dtype=torch.float32, device=pictures.device, memory_format=torch.channels_last)


def _shapes(
    pictures: Tensor,
    mean: Tensor,
    rows: Tensor,
    columns: Tensor,
    flips: Tensor,
    shift: Tensor | None,
    divisor: float,
    size: int,
) -> Tensor:
    return _empty(pictures, rows.shape[0], size)


# ---- C++ on the CPU, CUDA on the GPU


class Crops(ctypes.Structure):
    """`Crops` of `crops.h`."""

    _fields_ = [
        *((name, ctypes.c_longlong) for name in ("views", "pictures")),
        *((name, ctypes.c_int) for name in ("channels", "height", "width", "size")),
        ("divisor", ctypes.c_float),
    ]


def _arguments(
    pictures: Tensor, mean: Tensor, places: Tensor, shift: Tensor | None, divisor: float, size: int
) -> tuple[list[Tensor | None], Crops]:
    """The tensors that a kernel takes, the last of them for its results, and their shapes."""
    side_by_side = mean.permute(1, 2, 0).contiguous()  # (S, S, C), as the results lie
    rows, columns, flips = places.T.contiguous().to(pictures.device)
    shifts = None if shift is None else shift.contiguous()
    crops = _empty(pictures, len(places), size)
    tensors = [pictures.contiguous(), side_by_side, rows, columns, flips, shifts, crops]
    return tensors, Crops(len(places), *pictures.shape, size, divisor)


def _cpu(
    pictures: Tensor,
    mean: Tensor,
    rows: Tensor,
    columns: Tensor,
    flips: Tensor,
    shift: Tensor | None,
    divisor: float,
    size: int,
) -> Tensor:
    compiled = native.library("crops")
    if compiled is None:
        return _plain(pictures, mean, rows, columns, flips, shift, divisor, size)
    places = _checked(pictures, mean, rows, columns, flips, shift, divisor, size)
    tensors, crops = _arguments(pictures, mean, places, shift, divisor, size)
    compiled.augment(*native.pointers(*tensors), ctypes.byref(crops), torch.get_num_threads())
    return _result(tensors)


def _cuda(
    pictures: Tensor,
    mean: Tensor,
    rows: Tensor,
    columns: Tensor,
    flips: Tensor,
    shift: Tensor | None,
    divisor: float,
    size: int,
) -> Tensor:
    kernel = cuda.kernel("crops", "augment", pictures.device)
    if kernel is None:
        return _plain(pictures, mean, rows, columns, flips, shift, divisor, size)
    places = _checked(pictures, mean, rows, columns, flips, shift, divisor, size)
    return _launch(kernel, *_arguments(pictures, mean, places, shift, divisor, size))


def _launch(kernel: cuda.Kernel, tensors: list[Tensor | None], crops: Crops) -> Tensor:
    """One thread for each value of a crop, and for as many crops as do not fit into a grid."""
    blocks = -(-crops.size * crops.size * crops.channels // CUDA_THREADS)
    grid = blocks, min(crops.views, MOST_BLOCKS_Y), 1
    kernel.launch(grid, (CUDA_THREADS, 1, 1), [*tensors, crops])
    return _result(tensors)


def _result(tensors: list[Tensor | None]) -> Tensor:
    result = tensors[-1]
    assert result is not None
    return result


operators.define(
    "augment",
    "(Tensor pictures, Tensor mean, Tensor rows, Tensor columns, Tensor flips, Tensor? shift, float divisor, "
    "int size) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
    cuda=_cuda,
)
