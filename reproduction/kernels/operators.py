"""How an operator of this room is made known to torch: schema, what computes it where, shapes, gradient.

`torch.library.custom_op` would do the same in fewer words, but brings the compiler of torch along at the
first call, seconds that a museum's first answer would wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_LIBRARY: Any = torch.library.Library("alexnet", "DEF")  # type: ignore[no-untyped-call]

Kernel = Callable[..., Any]


def define(
    name: str,
    arguments: str,
    *,
    plain: Kernel,
    shapes: Kernel,
    cpu: Kernel | None = None,
    cuda: Kernel | None = None,
) -> None:
    """Defines `torch.ops.alexnet.NAME` of the schema `NAME ARGUMENTS`.

    `plain` is the reference in plain torch, which computes wherever nothing better is there; `shapes` gives
    empty tensors such as the results are; `cpu` and `cuda` are the kernels of our own.
    """
    _LIBRARY.define(name + arguments, tags=(torch.Tag.pt2_compliant_tag, torch.Tag.needs_fixed_stride_order))
    _LIBRARY.impl(name, plain, "CompositeExplicitAutograd")
    torch.library.register_fake(f"alexnet::{name}", shapes, lib=_LIBRARY)
    if cpu is not None:
        _LIBRARY.impl(name, cpu, "CPU")
    if cuda is not None:
        _LIBRARY.impl(name, cuda, "CUDA")


def differentiable(name: str, gradients: Kernel, keep: Kernel) -> None:
    """Gives operator `name` a gradient: `keep(ctx, inputs, output)` saves what `gradients(ctx, g)` needs."""
    torch.library.register_autograd(f"alexnet::{name}", gradients, setup_context=keep, lib=_LIBRARY)


def without_gradient(name: str) -> None:
    """Makes operator `name` refuse a backward pass, which torch would let through with a warning."""

    def refuse(ctx: object, *gradients: object) -> None:
        raise RuntimeError(f"alexnet::{name} has no gradient")

    torch.library.register_autograd(f"alexnet::{name}", refuse, lib=_LIBRARY)
