"""Every CUDA source compiles for every kind of GPU, on machines that have none, and the shim runs them there.

NVRTC comes with the development packages; nvcc, which has warnings of its own, is tried where it is.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
import shim
import torch

from reproduction.kernels import cache, cuda, native, nvrtc

SOURCES = sorted(path.stem for path in native.SOURCES.glob("*.cu"))
ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]
NVCC = shutil.which("nvcc")


def why_no_nvrtc() -> str:
    try:
        nvrtc.library()
    except native.CompilerError as error:
        return str(error)
    return ""


needs_nvrtc = pytest.mark.skipif(bool(why_no_nvrtc()), reason=why_no_nvrtc())
needs_compiler = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources with one small kernel, and a cache of its own."""
    for header in native.SOURCES.glob("*.h"):
        shutil.copy(header, tmp_path)
    shutil.copy(shim.SHIM / "probe.cu", tmp_path)
    monkeypatch.setattr(nvrtc, "SOURCES", tmp_path)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path


@needs_nvrtc
@pytest.mark.parametrize("scalar", cuda.SCALARS.values())
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", SOURCES)
def test_every_source_compiles_for_every_architecture(name, architecture, scalar) -> None:
    assert nvrtc.cubin(name, architecture, [f"-DSCALAR={scalar}"])[:4] == b"\x7fELF"


@pytest.mark.skipif(NVCC is None, reason="there is no nvcc on the PATH")
@pytest.mark.parametrize("name", SOURCES)
def test_every_source_compiles_with_nvcc_without_a_warning(name, tmp_path) -> None:
    options = ["-std=c++17", "-arch=sm_90", "-DSCALAR=__nv_bfloat16", "-cubin", "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [str(NVCC), *options, str(native.SOURCES / f"{name}.cu")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and not done.stderr, done.stderr


@needs_nvrtc
@pytest.mark.parametrize("scalar", cuda.SCALARS.values())
@pytest.mark.parametrize("architecture", ["sm_75", "sm_120"])
def test_the_probe_compiles(probe, architecture, scalar) -> None:
    assert nvrtc.cubin("probe", architecture, [f"-DSCALAR={scalar}"])[:4] == b"\x7fELF"


@needs_nvrtc
def test_a_mistake_is_told_with_file_and_line(probe) -> None:
    (probe / "probe.cu").write_text('#include "device.h"\nFUNCTION int f() { return missing; }\n')
    with pytest.raises(native.CompilerError, match=r'probe\.cu\(2\): error: identifier "missing"'):
        nvrtc.cubin("probe", "sm_90")


@needs_nvrtc
def test_an_architecture_that_nvrtc_does_not_know_is_told(probe) -> None:
    with pytest.raises(native.CompilerError, match="gpu-architecture"):
        nvrtc.cubin("probe", "sm_1", ["-DSCALAR=float"])


@needs_nvrtc
def test_a_damaged_cubin_is_made_again(probe) -> None:
    made = nvrtc.cubin("probe", "sm_90", ["-DSCALAR=float"])
    (kept,) = (probe / "cache").glob("probe-*.cubin")
    kept.write_bytes(made[:100])
    assert nvrtc.cubin("probe", "sm_90", ["-DSCALAR=float"]) == made == kept.read_bytes()


@needs_nvrtc
def test_a_changed_header_or_option_makes_another_cubin(probe) -> None:
    nvrtc.cubin("probe", "sm_90", ["-DSCALAR=float"])
    nvrtc.cubin("probe", "sm_90", ["-DSCALAR=float", "-DOTHER"])
    with open(probe / "device.h", "a") as header:
        header.write("// changed\n")
    nvrtc.cubin("probe", "sm_90", ["-DSCALAR=float"])
    assert len(list((probe / "cache").glob("probe-*.cubin"))) == 3


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch has CUDA")
def test_without_cuda_there_is_no_kernel_and_it_is_told_why() -> None:
    assert not cuda.available(torch.device("cuda", 0))
    assert cuda.kernel("probe", "probe", torch.device("cuda", 0)) is None
    assert "without CUDA" in cuda.trouble("probe")


def launched(dtype: torch.dtype, sanitizer: str = "", fault: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """What the probe gives on the CPU, and what it ought to."""
    x = torch.randn(150).to(dtype)
    y = torch.zeros_like(x)
    kernel = shim.host_kernel("probe", "probe", (f"-DSCALAR={cuda.SCALARS[dtype]}",), sanitizer)
    arguments = [x, y, ctypes.c_int(len(x)), ctypes.c_float(2), ctypes.c_int(fault)]
    kernel.launch((3, 1, 1), (64, 1, 1), arguments, shared_bytes=64 * 4)
    sums = torch.cat([x.double(), torch.zeros(42)]).view(3, 2, 32).sum(-1).flip(1)
    return y.double(), 2 * sums.view(6, 1).expand(6, 32).flatten()[:150]


@needs_compiler
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float16, 1e-3), (torch.bfloat16, 8e-3)]
)
def test_kernels_run_on_the_cpu(dtype, tolerance) -> None:
    y, expected = launched(dtype)
    torch.testing.assert_close(y, expected, rtol=tolerance, atol=1e-5)


@needs_compiler
def test_a_missing_barrier_shows_in_the_values() -> None:
    y, _ = launched(torch.float32, fault=1)
    assert y.isnan().any()


@needs_compiler
@pytest.mark.parametrize(
    ("sanitizer", "fault", "said"), [("thread", 1, "data race"), ("address", 2, "heap-buffer-overflow")]
)
def test_the_sanitizers_find_a_planted_fault_and_nothing_else(sanitizer, fault, said) -> None:
    y, expected = launched(torch.float32, sanitizer)
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-5)
    with pytest.raises(shim.ShimError, match=f"(?s){said}.*probe.cu"):
        launched(torch.float32, sanitizer, fault)
