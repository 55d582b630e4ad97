"""Stock layers through `torch.compile`, where this machine can do that; the time it takes is told apart."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from reproduction.benchmarks.measuring import Contender
from reproduction.kernels import native


def obstacle(device: torch.device) -> str:
    """Why torch.compile cannot work here; empty where it can."""
    if device.type == "cpu":
        return "" if native.compiler() else "torch.compile needs a C++ compiler, and there is none"
    if importlib.util.find_spec("triton") is None:
        return "torch.compile needs triton, which is not installed"
    # triton builds a small launcher for every kernel.
    return "" if shutil.which("cc") or shutil.which("gcc") else "torch.compile needs a C compiler"


def compiled(module: nn.Module) -> nn.Module:
    """`module` through torch.compile; nothing happens before its first call."""
    ready: Any = torch.compile(module, dynamic=False)
    assert isinstance(ready, nn.Module)
    return ready


def forget() -> None:
    """Drops what torch.compile has made: it gives up on code that it has compiled for many shapes."""
    torch.compiler.reset()


def tried(name: str, run: Callable[[], object], facts: list[str], timed: bool = False) -> list[Contender]:
    """The contender, called once to see whether it works; none and a line in `facts` where it does not.

    `timed` keeps how long that first call took, which of compiled code is the compiling.
    """
    began = time.perf_counter()
    try:
        run()
    except (RuntimeError, NotImplementedError) as error:  # torch's compiler raises the former
        facts.append(f"{name}: {str(error).strip().splitlines()[0]}")
        return []
    return [Contender(name, run, time.perf_counter() - began if timed else None)]
