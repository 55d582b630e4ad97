"""C++ kernels for the CPU: compiled at first use for this very processor, loaded with ctypes.

The sources are plain C at their borders and know no torch header, so one library serves every torch; what
they need of torch, its threads, is handed to them as a function (`parallel.h`). Without a C++ compiler
`library` answers None, and `trouble` says why.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from functools import cache as cache_forever
from pathlib import Path

import torch

from reproduction.kernels import cache

SOURCES = Path(__file__).parent
CHOICE_VARIABLE = "ALEXNET_KERNELS"
"""`plain` leaves all computing to plain torch, as on a machine without a compiler."""

COMPILERS = ("c++", "g++", "clang++")
# No -ffast-math: infinities and NaNs have to come out as they do in plain torch.
FLAGS = (
    "-std=c++17 -O3 -shared -fPIC -fvisibility=hidden -fno-math-errno -fno-trapping-math -ffp-contract=fast"
).split()
COMPILE_LIMIT_S = 120


class CompilerError(Exception):
    """A kernel could not be compiled or loaded; the message is what the compiler said first."""


def wanted() -> bool:
    """Whether kernels of our own are to be used at all."""
    return os.environ.get(CHOICE_VARIABLE) != "plain"


def compiler() -> str | None:
    """The C++ compiler: $CXX, or the first that is there."""
    named = os.environ.get("CXX")
    return next((path for name in (named, *COMPILERS) if name and (path := shutil.which(name))), None)


@cache_forever
def library(name: str) -> ctypes.CDLL | None:
    """The compiled `NAME.cpp`; None where that cannot be had, and plain torch computes instead."""
    if not wanted():
        return None
    try:
        return _load(compiled(name))
    except (CompilerError, OSError) as error:
        _troubles[name] = str(error)
        return None


def pointers(*tensors: torch.Tensor | None) -> list[ctypes.c_void_p]:
    """Where the values of `tensors` begin, as compiled functions take them; NULL for None."""
    return [ctypes.c_void_p(None if tensor is None else tensor.data_ptr()) for tensor in tensors]


_troubles: dict[str, str] = {}


def trouble(name: str) -> str:
    """Why `library(name)` is None; empty where it is not."""
    if library(name) is not None:
        return ""
    return _troubles.get(name, f"{CHOICE_VARIABLE}=plain")


def compiled(name: str) -> Path:
    """The shared library made of `NAME.cpp`, from the cache or compiled now. Raises CompilerError."""
    program = compiler()
    if program is None:
        raise CompilerError("there is no C++ compiler (looked for " + ", ".join(COMPILERS) + ")")
    sources = [SOURCES / f"{name}.cpp", *sorted(SOURCES.glob("*.h"))]
    parts = [path.read_bytes() for path in sources]
    parts += [_version(program).encode(), " ".join(FLAGS).encode(), _processor().encode()]
    return cache.cached(f"{name}.so", parts, lambda out: _compile(program, sources[0], out))


def _compile(program: str, source: Path, out: Path) -> None:
    complaints = ""
    # Each next choice serves a wider range of processors.
    for tuned in (["-march=native"], ["-mcpu=native"], []):
        command = [program, *FLAGS, *tuned, str(source), "-o", str(out)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise CompilerError(f"{program} took more than {COMPILE_LIMIT_S} s on {source.name}") from error
        if done.returncode == 0:
            return
        complaints = complaints or done.stderr.strip()
    first = next((line for line in complaints.splitlines() if "error" in line), complaints[:200])
    raise CompilerError(f"{program} cannot compile {source.name}: {first}")


@cache_forever
def _version(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    return done.stdout


def _processor() -> str:
    """What -march=native depends on: a home folder may be shared by several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    known = [line for line in lines if line.startswith(("flags", "Features", "model name", "CPU part"))]
    return "\n".join([platform.machine(), platform.processor(), *dict.fromkeys(known)])


def _load(path: Path) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(path))
    loaded.use_parallel_for(_parallel_for())
    return loaded


@cache_forever
def _parallel_for() -> ctypes.c_void_p:
    """torch's own at::parallel_for behind a C interface: our kernels share its threads. NULL: one thread."""
    name = {"win32": "torch_cpu.dll", "darwin": "libtorch_cpu.dylib"}.get(sys.platform, "libtorch_cpu.so")
    try:
        torch_library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / name))
        return ctypes.cast(torch_library.torch_parallel_for, ctypes.c_void_p)
    except (OSError, AttributeError):
        return ctypes.c_void_p()
