"""Compiles the CUDA sources for the CPU, so that their indexing can be tried where there is no GPU.

`host_kernel` gives a kernel that is launched as `cuda.Kernel` is, with tensors on the CPU. With `sanitizer`
"address" or "thread" every launch is a process of its own that the sanitizer watches, and a `ShimError` has
what it complained of.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as cache_forever
from pathlib import Path
from typing import Any

import torch

from reproduction.kernels import cache, native

SHIM = Path(__file__).parent
FLAGS = "-fPIC -ffp-contract=off -fno-gnu-unique -fno-strict-aliasing -Wno-unknown-pragmas -Wno-psabi".split()
# -O1: the tests' shapes are tiny, and compiling takes longer than running.
FAST = ["-std=c++17", "-O1", "-shared"]
SANITIZED = ["-std=c++20", "-g", "-O1", "-DSHIM_THREADS", "-pthread", "-fno-omit-frame-pointer"]
LIMIT_S = 120
# The name of a kernel where it is defined.
FUNCTION = re.compile(r"__global__ void\s(?:__launch_bounds__\(\w+\)\s+)?(\w+)\(")

Dimensions = tuple[int, int, int]


class ShimError(Exception):
    """A source cannot be compiled for the CPU, or a sanitizer complains."""


def missing() -> str:
    """Why nothing can be compiled for the CPU here; empty where it can."""
    if sys.platform == "win32" or native.compiler() is None:
        return "CUDA sources run on the CPU by a C++ compiler for POSIX, and there is none"
    return ""


@dataclass(frozen=True)
class HostKernel:
    """One function of a CUDA source, on the CPU."""

    function: Any

    def launch(
        self, grid: Dimensions, block: Dimensions, arguments: Sequence[Any], shared_bytes: int = 0
    ) -> None:
        """Runs the kernel; as `cuda.Kernel.launch`."""
        if 0 in grid:
            return
        values = [_typed(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        sides = (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block)
        self.function(*sides, ctypes.c_size_t(shared_bytes), pointers)


@dataclass(frozen=True)
class SanitizedKernel:
    """The same as a program under a sanitizer."""

    program: Path
    kernel: str

    def launch(
        self, grid: Dimensions, block: Dimensions, arguments: Sequence[Any], shared_bytes: int = 0
    ) -> None:
        """Runs the kernel in a process of its own. Raises ShimError with what the sanitizer says."""
        if 0 in grid:
            return
        head = b"".join(n.to_bytes(8, "little") for n in (*grid, *block, shared_bytes, len(arguments)))
        parts = [_recorded(argument) for argument in arguments]
        with tempfile.TemporaryDirectory() as folder:
            record = Path(folder) / "launch"
            record.write_bytes(head + b"".join(first + data for first, data in parts))
            done = subprocess.run(
                [*_fixed_addresses(), str(self.program), self.kernel, str(record)],
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            if done.returncode != 0:
                raise ShimError(f"exit {done.returncode}: {done.stderr[:2000]}")
            written = record.read_bytes()
        at = len(head)
        for argument, (first, data) in zip(arguments, parts, strict=True):
            at += len(first)
            if isinstance(argument, torch.Tensor) and data:
                ctypes.memmove(argument.data_ptr(), written[at : at + len(data)], len(data))
            at += len(data)


def _typed(argument: Any) -> Any:
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, torch.Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    if isinstance(argument, (int, float)):
        raise TypeError(f"a kernel takes arguments with a C type, not {argument!r}")
    return argument


def _recorded(argument: Any) -> tuple[bytes, bytes]:
    """Kind and size, and the bytes, as `recorded_launch.h` reads them; a tensor without gaps is a buffer."""
    if argument is None:
        kind, data = 2, b""
    elif isinstance(argument, torch.Tensor):
        assert argument.is_contiguous() or argument.is_contiguous(memory_format=torch.channels_last)
        kind, data = 1, ctypes.string_at(argument.data_ptr(), argument.numel() * argument.element_size())
    else:
        kind, data = 0, bytes(_typed(argument))
    return kind.to_bytes(8, "little") + len(data).to_bytes(8, "little"), data


def _fixed_addresses() -> list[str]:
    """Older thread sanitizers do not find their way where addresses are drawn at random."""
    return ["setarch", "-R"] if shutil.which("setarch") else []


def host_kernel(
    name: str, function: str, options: tuple[str, ...] = (), sanitizer: str = ""
) -> HostKernel | SanitizedKernel:
    """`function` of `NAME.cu`; of `options` those that define macros count. Raises ShimError."""
    defines = tuple(option for option in options if option.startswith("-D"))
    compiled = _compiled(name, defines, sanitizer)
    if sanitizer:
        return SanitizedKernel(compiled, function)
    return HostKernel(getattr(_loaded(compiled), f"launch_{function}"))


_loaded = cache_forever(lambda path: ctypes.CDLL(str(path)))


@cache_forever
def _compiled(name: str, defines: tuple[str, ...], sanitizer: str) -> Path:
    """All functions of `NAME.cu`: a library, or with a sanitizer a program."""
    folder = next(folder for folder in (native.SOURCES, SHIM) if (folder / f"{name}.cu").exists())
    functions = _functions(folder / f"{name}.cu", defines)
    lines = [f'#include "{file}"' for file in ("host_shim.h", "recorded_launch.h", f"{name}.cu")]
    if not sanitizer:
        numbers = "const unsigned* grid, const unsigned* block, size_t shared, void** values"
        lines += [
            f'extern "C" void launch_{function}({numbers})'
            f" {{ shim_launch({function}, grid, block, shared, values); }}"
            for function in functions
        ]
        return _built("\n".join(lines), [*FAST, *defines])
    lines.append("int main(int, char** words) {")
    lines += [
        f'  if (!std::strcmp(words[1], "{function}")) return recorded_launch({function}, words[2]);'
        for function in functions
    ]
    return _built("\n".join([*lines, "}"]), [*SANITIZED, f"-fsanitize={sanitizer}", *defines])


def _functions(source: Path, defines: tuple[str, ...]) -> list[str]:
    """The kernels that `source` has under these macros."""
    program = native.compiler()
    assert program is not None, missing()
    command = [program, "-E", "-P", "-std=c++20", *defines, f"-I{SHIM}", f"-I{native.SOURCES}"]
    done = subprocess.run(
        [*command, "-x", "c++", str(source)], capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.returncode != 0:
        raise ShimError(f"{program} cannot read {source.name}: {done.stderr[:2000]}")
    return FUNCTION.findall(done.stdout)


def _built(text: str, flags: list[str]) -> Path:
    """What the compiler makes of `text`, from the cache if nothing that it may include has changed."""
    program = native.compiler()
    assert program is not None, missing()
    folders = [SHIM, native.SOURCES]
    command = [program, *FLAGS, *flags, *(f"-I{folder}" for folder in folders), "-x", "c++", "-"]

    def build(path: Path) -> None:
        done = subprocess.run(
            [*command, "-o", str(path)], input=text, capture_output=True, text=True, timeout=LIMIT_S
        )
        if done.returncode != 0:
            raise ShimError(f"{program} cannot compile this for the CPU: {done.stderr[:2000]}")
        path.chmod(0o700)

    included = [
        path for folder in folders for ending in ("*.h", "*.cu") for path in sorted(folder.glob(ending))
    ]
    return cache.cached("shim.so", [text, *command, *(path.read_bytes() for path in included)], build)
