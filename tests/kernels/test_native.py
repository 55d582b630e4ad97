"""Compiling at first use: the cache, damage to it, and machines without a compiler."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reproduction.kernels import cache, native

needs_compiler = pytest.mark.skipif(native.compiler() is None, reason="this machine has no C++ compiler")

PROGRAM = """
import torch
from reproduction.kernels import native
from reproduction.kernels.chain import chain
from reproduction.kernels.stages import RELU
print(chain(torch.tensor([[-1.0, 2.0]]), [RELU]).tolist(), native.trouble("chain"))
"""


def run(**environment: str) -> str:
    """What a program prints that uses a kernel, in an environment of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def libraries(folder: Path) -> list[Path]:
    return sorted(folder.glob("chain-*.so"))


@needs_compiler
def test_a_damaged_kernel_is_compiled_again_before_it_is_loaded(tmp_path: Path) -> None:
    assert run(ALEXNET_KERNEL_CACHE=str(tmp_path)) == "[[0.0, 2.0]]"
    (library,) = libraries(tmp_path)
    whole = library.stat().st_size
    library.write_bytes(library.read_bytes()[: whole // 2])
    assert run(ALEXNET_KERNEL_CACHE=str(tmp_path)) == "[[0.0, 2.0]]"
    assert libraries(tmp_path) == [library] and library.stat().st_size == whole


def test_what_was_made_is_kept_until_it_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kernels"))
    builds: list[Path] = []

    def build(out: Path) -> None:
        builds.append(out)
        out.write_bytes(b"made with care")

    made = cache.cached("thing.so", ["text"], build)
    assert cache.cached("thing.so", ["text"], build) == made and len(builds) == 1
    for times, damage in enumerate((b"made with", b"", b"made with cart"), start=2):
        made.write_bytes(damage)
        assert cache.cached("thing.so", ["text"], build).read_bytes() == b"made with care"
        assert len(builds) == times
    made.with_name(made.name + ".sha256").unlink()
    assert cache.cached("thing.so", ["text"], build) == made and len(builds) == 5
    assert cache.cached("thing.so", ["other text"], build) != made


@needs_compiler
def test_a_compiler_that_cannot_compile_is_named_and_plain_torch_computes(tmp_path: Path) -> None:
    broken = tmp_path / "broken-c++"
    broken.write_text("#!/bin/sh\necho 'x.cpp:1: error: no such thing' >&2\nexit 1\n")
    broken.chmod(0o755)
    said = run(ALEXNET_KERNEL_CACHE=str(tmp_path / "cache"), CXX=str(broken))
    assert (
        said.startswith("[[0.0, 2.0]]") and "cannot compile chain.cpp: x.cpp:1: error: no such thing" in said
    )


def test_without_a_compiler_plain_torch_computes(tmp_path: Path) -> None:
    said = run(ALEXNET_KERNEL_CACHE=str(tmp_path), PATH=str(tmp_path), CXX="")
    assert said.startswith("[[0.0, 2.0]]") and "there is no C++ compiler" in said
    assert run(ALEXNET_KERNELS="plain").endswith("ALEXNET_KERNELS=plain")


@needs_compiler
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written_is_replaced_by_a_folder_of_ones_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert run(ALEXNET_KERNEL_CACHE=str(tmp_path / "kernels")) == "[[0.0, 2.0]]"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners of files here")
def test_what_others_may_write_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all = tmp_path / "kernels"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(open_to_all))
    made = cache.cached("thing.so", ["text"], lambda out: out.write_bytes(b"made") and None)
    assert open_to_all not in made.parents and made.read_bytes() == b"made"


def test_several_programs_may_compile_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kernels"))

    def build(out: Path) -> None:
        out.write_bytes(b"half")
        cache.cached("thing.so", ["text"], lambda inner: inner.write_bytes(b"whole") and None)
        out.write_bytes(b"whole")

    assert cache.cached("thing.so", ["text"], build).read_bytes() == b"whole"
    assert len(list((tmp_path / "kernels").iterdir())) == 2


def test_a_change_of_source_or_of_a_header_is_a_new_kernel(tmp_path: Path) -> None:
    assert cache.digest(["a", "bc"]) != cache.digest(["ab", "c"])
    assert cache.digest(["a"]) == cache.digest([b"a"])


@needs_compiler
@pytest.mark.parametrize("name", sorted(path.stem for path in native.SOURCES.glob("*.cpp")))
def test_every_source_compiles_without_warnings_for_a_plain_processor_too(name: str, tmp_path: Path) -> None:
    program = native.compiler()
    assert program is not None
    began_s = time.monotonic()
    command = [program, *native.FLAGS, "-Wall", "-Wextra", "-Werror", "-O1"]
    command += [str(native.SOURCES / f"{name}.cpp"), "-o", str(tmp_path / "plain.so")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began_s < 120
