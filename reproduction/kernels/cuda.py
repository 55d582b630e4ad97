"""CUDA kernels for the GPU: compiled at first use (`nvrtc`), loaded and launched by the driver, with ctypes.

The sources know no torch header, so they serve every torch. Arguments are launched with the types they are
given in, on the stream that torch is using. Where a kernel cannot be had, `kernel` answers None, plain torch
computes instead, and `trouble` says why.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as cache_forever
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from reproduction.kernels import native, nvrtc
from reproduction.kernels.native import CompilerError

# What the sources call the types of values (`-DSCALAR=`); whatever they read, they compute in float32.
SCALARS = {torch.float32: "float", torch.float16: "__half", torch.bfloat16: "__nv_bfloat16"}

Dimensions = tuple[int, int, int]
Argument = Any  # a ctypes value or structure, a tensor on the GPU, or None for a null pointer

_MOST_SHARED_BYTES = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
_SHARED_BYTES_UNASKED = 48 * 1024


class LaunchError(RuntimeError):
    """The driver refused a call; the message has its name for why."""


@dataclass(frozen=True)
class Kernel:
    """One function of a compiled source, loaded on one device."""

    function: ctypes.c_void_p
    device: torch.device

    def launch(
        self, grid: Dimensions, block: Dimensions, arguments: Sequence[Argument], shared_bytes: int = 0
    ) -> None:
        """Queues the kernel on torch's stream. Its results are there when the stream has come to them.

        `arguments` are passed as they are typed. Nothing is launched when there are no blocks.
        Raises LaunchError.
        """
        if 0 in grid:
            return
        values = [_typed(argument, self.device) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        stream = ctypes.c_void_p(torch.cuda.current_stream(self.device).cuda_stream)
        with _Context(self.device):
            if shared_bytes > _SHARED_BYTES_UNASKED:
                call("cuFuncSetAttribute", self.function, _MOST_SHARED_BYTES, shared_bytes)
            call("cuLaunchKernel", self.function, *grid, *block, shared_bytes, stream, pointers, None)


def _typed(argument: Argument, device: torch.device) -> Any:
    """`argument` as ctypes has it."""
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, Tensor):
        if argument.device != device:
            raise ValueError(f"a kernel on {device} is given values on {argument.device}")
        return ctypes.c_void_p(argument.data_ptr())
    if isinstance(argument, (int, float)):
        raise TypeError(f"a kernel takes arguments with a C type, not {argument!r}")
    return argument


def available(device: torch.device) -> bool:
    """Whether kernels of our own can be compiled for `device` and run there."""
    if device.type != "cuda" or torch.version.cuda is None or not native.wanted():
        return False
    try:
        nvrtc.library()
        driver()
    except (CompilerError, LaunchError):
        return False
    return True


def kernel(name: str, function: str, device: torch.device, options: Sequence[str] = ()) -> Kernel | None:
    """`function` of `NAME.cu`, compiled with `options` for `device`; None where that cannot be had."""
    return _kernel(name, function, _numbered(device), tuple(options))


@lru_cache(maxsize=1024)
def _kernel(name: str, function: str, device: torch.device, options: tuple[str, ...]) -> Kernel | None:
    if not native.wanted():
        return None
    if torch.version.cuda is None:
        _troubles[name] = "this torch was built without CUDA"
        return None
    try:
        found = ctypes.c_void_p()
        call("cuModuleGetFunction", ctypes.byref(found), _module(name, device, options), function.encode())
        return Kernel(found, device)
    except (CompilerError, LaunchError, OSError) as error:
        _troubles[name] = str(error)
        return None


@cache_forever
def _module(name: str, device: torch.device, options: tuple[str, ...]) -> ctypes.c_void_p:
    """`NAME.cu`, compiled and loaded on `device`; modules stay loaded."""
    image = nvrtc.cubin(name, architecture(device), options)
    module = ctypes.c_void_p()
    with _Context(device):
        call("cuModuleLoadData", ctypes.byref(module), image)
    return module


_troubles: dict[str, str] = {}


def trouble(name: str) -> str:
    """Why a kernel of `NAME.cu` could not be had the last time; empty where none was missed."""
    return _troubles.get(name, "") if native.wanted() else f"{native.CHOICE_VARIABLE}=plain"


def architecture(device: torch.device) -> str:
    """What NVRTC calls the GPU: sm_90."""
    major, minor = torch.cuda.get_device_capability(device)
    return f"sm_{major}{minor}"


def _numbered(device: torch.device) -> torch.device:
    return device if device.index is not None else torch.device("cuda", torch.cuda.current_device())


class _Context:
    """Makes torch's context on a device the current one of this thread: autograd's threads have none yet."""

    def __init__(self, device: torch.device) -> None:
        self._context = _primary_context(device.index)

    def __enter__(self) -> None:
        call("cuCtxPushCurrent_v2", self._context)

    def __exit__(self, *exception: object) -> None:
        call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))


@cache_forever
def _primary_context(index: int) -> ctypes.c_void_p:
    """The context that torch computes in on device number `index` of those it sees."""
    torch.cuda.init()  # type: ignore[no-untyped-call]
    device, context = ctypes.c_int(), ctypes.c_void_p()
    call("cuDeviceGet", ctypes.byref(device), index)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    return context


def call(name: str, *arguments: Any) -> None:
    """Calls a function of the driver. LaunchError with the driver's name for what went wrong."""
    result = getattr(driver(), name)(*arguments)
    if result != 0:
        said = ctypes.c_char_p()
        driver().cuGetErrorName(result, ctypes.byref(said))
        raise LaunchError(f"{name}: {(said.value or b'error').decode()} ({result})")


@cache_forever
def driver() -> ctypes.CDLL:
    """NVIDIA's driver. Raises LaunchError where it is not installed."""
    try:
        loaded = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as error:
        raise LaunchError(f"there is no driver of NVIDIA's: {error}") from error
    if loaded.cuInit(0) != 0:
        raise LaunchError("NVIDIA's driver finds no GPU")
    return loaded
