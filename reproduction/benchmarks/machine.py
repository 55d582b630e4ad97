"""What the machine can do at best: bytes copied and numbers multiplied in a second, and what it is."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from reproduction import doctor
from reproduction.benchmarks.measuring import Contender, Stopwatch
from reproduction.benchmarks.results import Timing, Work
from reproduction.benchmarks.setting import Setting

COPY_BYTES = 128 * 2**20  # of each of the two arrays: about the activations of a layer, beyond the caches


def copying(device: torch.device, size_bytes: float = COPY_BYTES) -> Contender:
    """A plain copy of an array of `size_bytes`; the bytes read and the bytes written count."""
    source = torch.ones(max(1, int(size_bytes) // 4), device=device)
    target = torch.empty_like(source)
    return Contender("copy", lambda: target.copy_(source), work=Work(bytes=2 * source.nbytes))


def multiplying(setting: Setting) -> list[Contender]:
    """A product of two square matrices, and a 3x3 convolution such as those of AlexNet's upper layers, in the
    precision that is asked for."""
    device = setting.device
    side, count = (2048, 64) if device.type == "cpu" else (8192, 512)
    if setting.quick:
        side, count = 128, 1
    kind: dict[str, Any] = {"device": device, "dtype": setting.dtype}
    left, right, product = (torch.full((side, side), 1 / side, **kind) for _ in range(3))
    layout = torch.channels_last
    pictures = torch.ones(count, 192, 13, 13, **kind).to(memory_format=layout)
    filters = torch.full((192, 192, 3, 3), 1 / 1728, **kind).to(memory_format=layout)

    def multiply() -> None:
        with setting.arithmetic():
            torch.mm(left, right, out=product)

    def convolve() -> None:
        with torch.no_grad(), setting.arithmetic():
            F.conv2d(pictures, filters, padding=1)

    return [
        Contender("matrix product", multiply, work=Work(operations=2 * side**3)),
        Contender("convolution", convolve, work=Work(operations=2 * count * 13**2 * 192**2 * 9)),
    ]


def examined(stopwatch: Stopwatch, setting: Setting) -> dict[str, Any]:
    """What the machine is, and the rates that were measured on it just now."""
    device = setting.device
    size_bytes = 2**20 if setting.quick else COPY_BYTES * (1 if device.type == "cpu" else 8)
    sticks = [copying(device, size_bytes), *multiplying(setting)]
    timings = stopwatch.measure("the machine", sticks).timings
    return {
        "processor": doctor.processor_name(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "kernels": _own_kernels(device),
        "rates": rates(timings),
    }


def _own_kernels(device: torch.device) -> str:
    """Which kernels of our own are measured here; where there are none, ours is plain torch."""
    if device.type == "cpu":
        return doctor.kernels().found
    index = torch.cuda.current_device() if device.index is None else device.index
    return "; ".join(finding.found for finding in doctor.gpu_kernels(index)) or "none"


def rates(sticks: Sequence[Timing]) -> dict[str, float]:
    """Bytes or operations in a second of each yardstick, at its median."""
    return {stick.name: (stick.work.bytes or stick.work.operations) / stick.median_s for stick in sticks}
