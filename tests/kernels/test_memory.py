"""Freed memory is used again: seen in the page faults of a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from reproduction.kernels.memory import keep_freed_memory, return_freed_memory

if sys.argv[1] != "as it comes":
    assert keep_freed_memory()
if sys.argv[1] == "returned":
    torch.ones(12_000_000)
    assert return_freed_memory()
def work():
    return [torch.ones(12_000_000).add_(1)[0].item() for _ in range(2)]
for _ in range(8):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's memory")
def test_what_is_freed_is_handed_out_again_without_new_pages() -> None:
    assert page_faults("as it comes") > 10_000, "48 MB in pages of 4 kB"
    assert page_faults("kept") < 1_000
    assert page_faults("returned") > 10_000
