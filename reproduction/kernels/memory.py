"""Memory that is used again instead of being given back: what one step of training frees, the next one needs.

glibc asks the kernel for every large block anew and returns it when it is freed, and the kernel clears each
page at its first touch, which takes longer than many a kernel of ours. Once told to keep what it has, it
hands the same pages out again: a step of alexnet-2012 on one core took 2.36 s instead of 2.73 (AMD EPYC,
batch 128). The benchmark also needs the way back, since it runs what others wrote beside ours.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -3, -4
_NEVER = 2**31 - 1
_MOST_MAPPED_BLOCKS = 65536
# Where glibc's own thresholds end up in a process that has freed a large block: smaller ones are kept.
_LARGE_BLOCK = 32 * 2**20


def keep_freed_memory() -> bool:
    """Tells the C library to keep freed memory for this process; False where it is none that can be told."""
    return _told({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _NEVER})


def return_freed_memory() -> bool:
    """Tells it to give large blocks back when they are freed, as it does by itself; False as above."""
    return _told(
        {
            _M_MMAP_MAX: _MOST_MAPPED_BLOCKS,
            _M_MMAP_THRESHOLD: _LARGE_BLOCK,
            _M_TRIM_THRESHOLD: 2 * _LARGE_BLOCK,
        }
    )


def _told(options: dict[int, int]) -> bool:
    mallopt = _mallopt()
    return mallopt is not None and all([mallopt(option, value) for option, value in options.items()])


@cache
def _mallopt() -> Callable[[int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int, int], int] | None = getattr(ctypes.CDLL(None), "mallopt", None)  # none in musl
    return found
