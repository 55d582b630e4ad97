"""Compiles the CUDA kernels with NVRTC, NVIDIA's compiler as a library, which comes with torch.

A tenth of a second a kernel, no toolkit, no C++ compiler, and for exactly the GPU that is there. What is made
is kept (`cache`). NVRTC is called through ctypes and can compile on machines that have no GPU.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from ctypes.util import find_library
from functools import cache as cache_forever
from pathlib import Path

import torch

from reproduction.kernels import cache
from reproduction.kernels.native import SOURCES, CompilerError

# Nothing here allows inexact division or roots: `--use_fast_math` is not among them.
OPTIONS = ("--std=c++17", "-lineinfo")


def cubin(name: str, architecture: str, options: Sequence[str] = ()) -> bytes:
    """`NAME.cu` compiled for `architecture`, such as "sm_90", from the cache or now. Raises CompilerError.

    `options` are those of NVRTC, mostly "-DNAME=VALUE".
    """
    compiler = library()
    everything = [*OPTIONS, f"--gpu-architecture={architecture}", *options, *_include_options()]
    source = (SOURCES / f"{name}.cu").read_bytes()
    headers = {path.name: path.read_bytes() for path in sorted(SOURCES.glob("*.h"))}
    parts: list[str | bytes] = [source, *headers, *headers.values(), *everything, repr(version())]

    def build(path: Path) -> None:
        path.write_bytes(_compiled(compiler, f"{name}.cu", source, headers, everything))

    try:
        return cache.cached(f"{name}.cubin", parts, build).read_bytes()
    except OSError as error:
        raise CompilerError(f"the compiled {name}.cu cannot be kept: {error}") from error


def _compiled(
    compiler: ctypes.CDLL, name: str, source: bytes, headers: dict[str, bytes], options: Sequence[str]
) -> bytes:
    program = ctypes.c_void_p()
    texts = (ctypes.c_char_p * len(headers))(*headers.values())
    names = (ctypes.c_char_p * len(headers))(*(header.encode() for header in headers))
    made = compiler.nvrtcCreateProgram(
        ctypes.byref(program), source, name.encode(), len(headers), texts, names
    )
    _check(compiler, made, name)
    try:
        words = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        if compiler.nvrtcCompileProgram(program, len(options), words) != 0:
            log = _text(compiler.nvrtcGetProgramLogSize, compiler.nvrtcGetProgramLog, program)
            raise CompilerError(f"NVRTC cannot compile {name}: {_first_error(log.decode(errors='replace'))}")
        return _text(compiler.nvrtcGetCUBINSize, compiler.nvrtcGetCUBIN, program)
    finally:
        compiler.nvrtcDestroyProgram(ctypes.byref(program))


def _text(size_of: Callable[..., int], get: Callable[..., int], program: ctypes.c_void_p) -> bytes:
    """What NVRTC tells of `program`: it is asked for the size first."""
    size = ctypes.c_size_t()
    size_of(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    get(program, buffer)
    return buffer.raw


def _first_error(log: str) -> str:
    """The first error of a compiler's log, with file and line."""
    lines = [line.strip("\0 ") for line in log.splitlines()]
    return next((line for line in lines if "error" in line), log[:200])


def _check(compiler: ctypes.CDLL, result: int, name: str) -> None:
    if result != 0:
        said = compiler.nvrtcGetErrorString(result).decode()
        raise CompilerError(f"NVRTC cannot begin with {name}: {said}")


@cache_forever
def version() -> tuple[int, int]:
    """That of NVRTC, which is that of its CUDA. Raises CompilerError where there is none."""
    major, minor = ctypes.c_int(), ctypes.c_int()
    library().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return major.value, minor.value


@cache_forever
def library() -> ctypes.CDLL:
    """NVRTC itself. Raises CompilerError where it is not installed."""
    complaint = "there is no NVRTC, which comes with torch's packages for CUDA"
    for path in _libraries():
        try:
            for builtins in _beside(path):
                ctypes.CDLL(str(builtins))  # NVRTC would look for it in the system's folders alone
            loaded = ctypes.CDLL(str(path))
        except OSError as error:
            complaint = f"{path.name} cannot be loaded: {error}"
            continue
        loaded.nvrtcGetErrorString.restype = ctypes.c_char_p
        return loaded
    raise CompilerError(complaint)


def _libraries() -> Iterator[Path]:
    """Where NVRTC lies: first that of this torch's CUDA, in packages, in torch's own folder, in a toolkit."""
    pattern = "nvrtc64_*.dll" if sys.platform == "win32" else "libnvrtc.so.*"
    major = (torch.version.cuda or "").partition(".")[0]
    found = [path for folder in _library_folders() for path in sorted(folder.glob(pattern))]
    found = [path for path in found if ".alt." not in path.name]  # the same with another allocator
    yield from sorted(found, key=lambda path: not major or major not in path.name)
    if (in_system := find_library("nvrtc")) is not None:
        yield Path(in_system)


def _beside(path: Path) -> list[Path]:
    pattern = "nvrtc-builtins64_*.dll" if sys.platform == "win32" else "libnvrtc-builtins.so.*"
    return [found for found in sorted(path.parent.glob(pattern)) if ".alt." not in found.name]


def _library_folders() -> list[Path]:
    return [
        *(folder / part for folder in _nvidia_packages() for part in ("lib", "bin", "bin/x86_64")),
        Path(torch.__file__).parent / "lib",
        *(toolkit / part for toolkit in _toolkits() for part in ("lib64", "bin", "bin/x64")),
    ]


def _nvidia_packages() -> list[Path]:
    """Folders of the packages that torch requires: `nvidia/cu13`, before CUDA 13 one for each library."""
    spec = importlib.util.find_spec("nvidia")
    roots = (spec.submodule_search_locations if spec else None) or []
    return [folder for root in roots for folder in sorted(Path(root).glob("cu*")) if folder.is_dir()]


def _toolkits() -> list[Path]:
    named = [os.environ[variable] for variable in ("CUDA_PATH", "CUDA_HOME") if os.environ.get(variable)]
    return [Path(folder) for folder in (*named, "/usr/local/cuda")]


def _include_options() -> list[str]:
    """Where the headers of half precision lie; without them float32 alone can be compiled."""
    folders = [folder / "include" for folder in (*_nvidia_packages(), *_toolkits())]
    found = next((folder for folder in folders if (folder / "cuda_fp16.h").exists()), None)
    return [] if found is None else [f"--include-path={found}"]
