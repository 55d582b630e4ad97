"""The operator `alexnet::chain`: a chain of small layers in one pass through memory, forward and backward.

    chain(x, bias, uniform, plan, numbers) -> y
    chain_backward(g, x, bias, uniform, plan, numbers) -> gradients at x and at the bias

`plan` and `numbers` are the stages (`stages.encoded`). x is (N, C, H, W), best in channels_last, or (N, C)
for one row of values an image; y comes in the same layout. `bias` is (C,), `uniform` as y: numbers drawn from
[0, 1) for a last stage of dropout. Nothing but x is kept for the backward pass. float32, bfloat16 and float16
are computed in float32, float64 in plain torch.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from reproduction.kernels import cuda, native, operators
from reproduction.kernels.normalisation import Normalisation
from reproduction.kernels.pooling import Windows
from reproduction.kernels.stages import (
    Kind,
    Stage,
    as_structs,
    decoded,
    encoded,
    norm_stage,
    output_shape,
    plain,
    plain_gradient,
    pool_stage,
)
from reproduction.kernels.tiles import Tiling, tiling

Plan = Sequence[int]
Numbers = Sequence[float]

# What a grid may have on its second axis; a block takes one picture after the other.
MOST_PICTURES_AT_ONCE = 65535
# Backward so many tiles are worked on at once, several on each multiprocessor: each gives a row of sums.
SUMMED_TILES = 4096


def chain(
    x: Tensor, stages: Sequence[Stage], bias: Tensor | None = None, uniform: Tensor | None = None
) -> Tensor:
    """What `stages` make of `x`; `bias` and `uniform` are for a first BIAS and a last DROPOUT."""
    plan, numbers = encoded(stages)
    result: Tensor = torch.ops.alexnet.chain(x, bias, uniform, plan, numbers)
    return result


def normalise(images: Tensor, norm: Normalisation) -> Tensor:
    """`images` (N, C, H, W) divided by the activity around each value; same shape."""
    return chain(images, [norm_stage(norm)])


def pool(images: Tensor, kind: str, windows: Windows) -> Tensor:
    """One number for each window, (N, C, S, S) -> (N, C, M, M); `kind` is one of `stages.POOL_NAMES`."""
    return chain(images, [pool_stage(kind, windows)])


# ---- plain torch, for any device and dtype


def _plain(x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers) -> Tensor:
    stages = _checked(x, bias, uniform, plan, numbers)
    return _values(x, bias, uniform, stages)[-1].view(output_shape(x.shape, stages)).clone()


def _plain_backward(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers
) -> tuple[Tensor, Tensor]:
    stages = _checked(x, bias, uniform, plan, numbers)
    values = _values(x, bias, uniform, stages)
    gradient = _as_images(gradient)
    for stage, before, after in reversed(list(zip(stages, values[:-1], values[1:], strict=True))):
        gradient = plain_gradient(stage, gradient, before, after, uniform)
    sums = gradient.sum((0, 2, 3)) if stages[0].kind is Kind.BIAS else x.new_empty(0)
    return _in_layout(gradient.view_as(x).clone()), sums


def _values(x: Tensor, bias: Tensor | None, uniform: Tensor | None, stages: Sequence[Stage]) -> list[Tensor]:
    """`x` as images, and what each stage makes of it."""
    values = [_as_images(x)]
    for stage in stages:
        values.append(plain(stage, values[-1], bias, uniform))
    return [_in_layout(value) for value in values]


def _as_images(x: Tensor) -> Tensor:
    return _in_layout(x if x.dim() == 4 else x[:, :, None, None])


def _in_layout(x: Tensor) -> Tensor:
    """`x` with the channels of a pixel next to each other."""
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x.contiguous()


def _checked(
    x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers
) -> tuple[Stage, ...]:
    """The stages. ValueError where the arguments do not fit each other."""
    stages = decoded(plan, numbers)
    shape = output_shape(x.shape, stages)
    if not x.is_floating_point():
        raise ValueError(f"a chain computes with floating point numbers, not {x.dtype}")
    if (stages[0].kind is Kind.BIAS) != (bias is not None):
        raise ValueError("a bias goes with a first stage that adds it, and that stage with a bias")
    if bias is not None and bias.shape != (x.shape[1],):
        raise ValueError(f"a bias of shape {tuple(bias.shape)} for {x.shape[1]} channels")
    if (stages[-1].kind is Kind.DROPOUT) != (uniform is not None):
        raise ValueError("random numbers go with a last stage of dropout, and that stage with them")
    if uniform is not None and uniform.shape != shape:
        raise ValueError(f"random numbers of shape {tuple(uniform.shape)} for values of shape {shape}")
    for other in (bias, uniform):
        if other is not None and other.device != x.device:
            raise ValueError(f"values on {x.device} and what goes with them on {other.device}")
    return stages


# ---- shapes and gradients


def _shapes(x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers) -> Tensor:
    return _empty(x, output_shape(x.shape, decoded(plan, numbers)))


def _shapes_backward(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers
) -> tuple[Tensor, Tensor]:
    has_bias = decoded(plan, numbers)[0].kind is Kind.BIAS
    return _empty(x, x.shape), x.new_empty(x.shape[1] if has_bias else 0)


def _empty(like: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    layout = torch.channels_last if len(shape) == 4 else torch.contiguous_format
    return torch.empty(shape, dtype=dtype or like.dtype, device=like.device, memory_format=layout)


def _keep(ctx: torch.autograd.function.FunctionCtx, inputs: tuple[object, ...], output: Tensor) -> None:
    x, bias, uniform, plan, numbers = inputs
    ctx.save_for_backward(x, bias, uniform)  # type: ignore[arg-type]
    ctx.stages = plan, numbers  # type: ignore[attr-defined]


def _gradients(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, bias, uniform = ctx.saved_tensors  # type: ignore[attr-defined]
    at_x, at_bias = torch.ops.alexnet.chain_backward(gradient, x, bias, uniform, *ctx.stages)  # type: ignore[attr-defined]
    return at_x, None if bias is None else at_bias.to(bias.dtype), None, None, None


# ---- C++ on the CPU


class Shape(ctypes.Structure):
    """`Shape` of `chain.cpp`."""

    _fields_ = [(name, ctypes.c_int64) for name in ("images", "channels", "rows", "columns")]


def _cpu(x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers) -> Tensor:
    compiled = native.library("chain")
    if compiled is None or x.dtype == torch.float64:
        return _plain(x, bias, uniform, plan, numbers)
    stages = _checked(x, bias, uniform, plan, numbers)
    y = _empty(x, output_shape(x.shape, stages), torch.float32)
    images, added, drawn = _floats(x), _floats(bias), _floats(uniform)
    compiled.chain_forward(*native.pointers(images, added, drawn, y), *_described(x, stages))
    return y.to(x.dtype)


def _cpu_backward(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers
) -> tuple[Tensor, Tensor]:
    compiled = native.library("chain")
    if compiled is None or x.dtype == torch.float64:
        return _plain_backward(gradient, x, bias, uniform, plan, numbers)
    stages = _checked(x, bias, uniform, plan, numbers)
    has_bias = stages[0].kind is Kind.BIAS
    result = _empty(x, x.shape, torch.float32)
    sums = torch.zeros(x.shape[:2] if has_bias else (0, 0))
    incoming, images, added, drawn = _floats(gradient), _floats(x), _floats(bias), _floats(uniform)
    pointers = native.pointers(incoming, images, added, drawn, result, sums)
    compiled.chain_backward(*pointers, *_described(x, stages))
    return result.to(x.dtype), sums.sum(0).to(x.dtype)


def _floats(values: Tensor | None) -> Tensor | None:
    return None if values is None else _in_layout(values.float())


def _described(x: Tensor, stages: tuple[Stage, ...]) -> tuple[object, ...]:
    """The shape of `x`, the stages, and on how many threads, as `chain.cpp` takes them."""
    shape = Shape(*(*x.shape, 1, 1)[:4])
    return ctypes.byref(shape), as_structs(stages), len(stages), torch.get_num_threads()


# ---- CUDA on the GPU


def _cuda(x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers) -> Tensor:
    stages = _checked(x, bias, uniform, plan, numbers)
    y = _launched(x, bias, uniform, stages)
    return _plain(x, bias, uniform, plan, numbers) if y is None else y


def _cuda_backward(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, plan: Plan, numbers: Numbers
) -> tuple[Tensor, Tensor]:
    stages = _checked(x, bias, uniform, plan, numbers)
    gradients = _launched_backward(gradient, x, bias, uniform, stages)
    return _plain_backward(gradient, x, bias, uniform, plan, numbers) if gradients is None else gradients


def _launched(
    x: Tensor, bias: Tensor | None, uniform: Tensor | None, stages: tuple[Stage, ...]
) -> Tensor | None:
    """y from the kernel, in pieces where no tile of the whole chain fits; None where there is no kernel."""
    found = _kernel(x, stages, backward=False)
    if found is None:
        return _launched_in_pieces(x, bias, uniform, stages)
    kernel, tiles = found
    y = _empty(x, output_shape(x.shape, stages))
    groups = min(len(x), MOST_PICTURES_AT_ONCE)
    arguments = [*map(_aligned, (_in_layout(x), _floats(bias), _floats(uniform))), y, ctypes.c_int64(len(x))]
    kernel.launch((math.prod(tiles.tiles), groups, 1), (tiles.threads, 1, 1), arguments, tiles.shared_bytes)
    return y


def _launched_in_pieces(
    x: Tensor, bias: Tensor | None, uniform: Tensor | None, stages: tuple[Stage, ...]
) -> Tensor | None:
    """As `_launched`, half of the stages after the other; what lies between is kept in float32."""
    if len(stages) == 1 or not _is_computable(x):
        return None
    first, second = _halves(stages)
    between = _launched(x.float(), bias, None, first)
    y = None if between is None else _launched(between, None, uniform, second)
    return None if y is None else y.to(x.dtype)


def _launched_backward(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, stages: tuple[Stage, ...]
) -> tuple[Tensor, Tensor] | None:
    """Gradients at x and at the bias from the kernel; None where there is none."""
    found = _kernel(x, stages, backward=True)
    if found is None:
        return _backward_in_pieces(gradient, x, bias, uniform, stages)
    kernel, tiles = found
    result = _empty(x, x.shape)
    rows, columns, _ = tiles.tiles
    groups = min(len(x), max(1, SUMMED_TILES // (rows * columns)))
    # Sums of parts, and then the sum of these: the order is always the same.
    parts = groups * rows * columns * tiles.sum_parts
    sums = _empty(x, (parts, x.shape[1]) if stages[0].kind is Kind.BIAS else (0, 0), torch.float32)
    incoming = _in_layout(gradient.to(x.dtype))
    inputs = map(_aligned, (incoming, _in_layout(x), _floats(bias), _floats(uniform)))
    values = [*inputs, result, sums, ctypes.c_int64(len(x))]
    kernel.launch((math.prod(tiles.tiles), groups, 1), (tiles.threads, 1, 1), values, tiles.shared_bytes)
    return result, sums.sum(0).to(x.dtype)


def _backward_in_pieces(
    gradient: Tensor, x: Tensor, bias: Tensor | None, uniform: Tensor | None, stages: tuple[Stage, ...]
) -> tuple[Tensor, Tensor] | None:
    if len(stages) == 1 or not _is_computable(x):
        return None
    first, second = _halves(stages)
    between = _launched(x.float(), bias, None, first)
    behind = None if between is None else _launched_backward(gradient, between, None, uniform, second)
    if behind is None:
        return None
    gradients = _launched_backward(behind[0], x.float(), bias, None, first)
    return None if gradients is None else (gradients[0].to(x.dtype), gradients[1].to(x.dtype))


def _halves(stages: tuple[Stage, ...]) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    middle = len(stages) // 2
    return stages[:middle], stages[middle:]


def _kernel(x: Tensor, stages: tuple[Stage, ...], backward: bool) -> tuple[cuda.Kernel, Tiling] | None:
    """The kernel for this chain on tensors like `x`, and its tiling; None where there is none."""
    if not _is_computable(x):
        return None
    _, channels, rows, columns = (*x.shape, 1, 1)[:4]
    tiles = tiling(stages, (rows, columns, channels), backward, cuda.shared_bytes_limit(x.device))
    if tiles is None:
        return None
    name = "chain_backward" if backward else "chain_forward"
    kernel = cuda.kernel("chain", name, x.device, tiles.options(cuda.SCALARS[x.dtype]))
    return None if kernel is None else (kernel, tiles)


def _aligned(values: Tensor | None) -> Tensor | None:
    """`values` where the kernel can read 16 bytes at once: a part of a tensor may begin anywhere."""
    return values if values is None or values.data_ptr() % 16 == 0 else values.clone()


def _is_computable(x: Tensor) -> bool:
    return cuda.available(x.device) and x.dtype in cuda.SCALARS and math.prod(x.shape[1:]) > 0


operators.define(
    "chain",
    "(Tensor x, Tensor? bias, Tensor? uniform, int[] plan, float[] numbers) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
    cuda=_cuda,
)
operators.define(
    "chain_backward",
    "(Tensor g, Tensor x, Tensor? bias, Tensor? uniform, int[] plan, float[] numbers) -> (Tensor, Tensor)",
    plain=_plain_backward,
    shapes=_shapes_backward,
    cpu=_cpu_backward,
    cuda=_cuda_backward,
)
operators.differentiable("chain", _gradients, _keep)
