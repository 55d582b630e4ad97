"""Looks at this machine: what training, testing and the museum need of it, what is there, and what to do.

Every examination returns one or more `Finding`s and raises nothing, be the machine as broken as it may.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bootstrap import system

GIB = 2**30
# ILSVRC 2012: 1,281,167 pictures to train on and 50,000 to validate with, 256 x 256 x 3 bytes each.
IMAGENET_BYTES = (1_281_167 + 50_000) * 256 * 256 * 3
PURPOSES = ("headless", "museum", "window")  # each needs what those before it need
HEADLESS_PACKAGES = ("numpy", "h5py", "pillow")
MUSEUM_PACKAGES = {"pyside6-essentials": "PySide6"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; `needed_for` is one of PURPOSES, or empty when all works without."""

    topic: str
    found: str
    meaning: str = ""
    advice: str = ""
    needed_for: str = ""
    ok: bool = True


def examine() -> list[Finding]:
    """Everything, in the order in which a person would ask; takes seconds, more to compile kernels."""
    return [
        _python(),
        *_packages(),
        *_torch(),
        _processor(),
        _memory(),
        _disk(Path.cwd()),
        _compiler(),
        *_qt(),
        _display(),
    ]


def is_ready(findings: list[Finding], purpose: str) -> bool:
    """Whether all that is needed for one of PURPOSES is there."""
    needed = PURPOSES[: PURPOSES.index(purpose) + 1]
    return all(finding.ok for finding in findings if finding.needed_for in needed)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    advice = "" if ok else "install Python 3.11 or newer"
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(topic="Python", found=found, advice=advice, needed_for="headless", ok=ok)


def _packages() -> list[Finding]:
    versions = {package: _version(package) for package in HEADLESS_PACKAGES}
    missing = [package for package, version in versions.items() if not version]
    found = ", ".join(f"{package} {version or 'missing'}" for package, version in versions.items())
    advice = "python3 run.py doctor" if missing else ""
    return [Finding(topic="packages", found=found, advice=advice, needed_for="headless", ok=not missing)]


def _torch() -> list[Finding]:
    """torch, the GPU it can use, and what computes the networks."""
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of torch's own cannot be loaded
        advice = "python3 run.py doctor"
        return [
            Finding(topic="torch", found=f"missing ({error})", advice=advice, needed_for="headless", ok=False)
        ]
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU build"
    threads = torch.get_num_threads()
    torch_found = f"{torch.__version__} ({build}), {threads} thread{'s' if threads > 1 else ''}"
    cards = [_card(index) for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [
        Finding(topic="torch", found=torch_found, needed_for="headless"),
        *(cards or [_no_card(torch.version.cuda is not None)]),
        kernels(),
        *(finding for index in range(len(cards)) for finding in gpu_kernels(index)),
    ]


def _card(index: int) -> Finding:
    import torch

    card = torch.cuda.get_device_properties(index)
    found = f"{card.name}, {card.total_memory / GIB:.0f} GiB, compute capability {card.major}.{card.minor}"
    return Finding(topic=f"GPU {index}", found=found, meaning=f"train on it with --device cuda:{index}")


def _no_card(cuda_build: bool) -> Finding:
    driver = system.has_nvidia_driver()
    found = "an NVIDIA driver, but no GPU that torch can use" if driver else "none that torch can use"
    advice = ""
    if driver and not cuda_build:
        advice = "remove .venv, then: python3 run.py --cuda doctor"
    meaning = "the processor does the work: right for small networks, very slow for AlexNet on ImageNet"
    return Finding(topic="GPU", found=found, meaning=meaning, advice=advice)


# What plain torch costs is never said from memory: it depends on the machine, and the benchmark measures it.
PLAIN_TORCH = "plain torch computes instead, and more slowly: `alexnet bench kernels` measures by how much"


def kernels() -> Finding:
    """Whether the C++ kernels can be had here; compiles those that were not yet."""
    from reproduction.kernels import native

    names = sorted(path.stem for path in native.SOURCES.glob("*.cpp"))
    if not native.wanted():
        return Finding(
            topic="kernels",
            found=f"none, as {native.CHOICE_VARIABLE} has it",
            meaning=PLAIN_TORCH,
            advice=f"unset {native.CHOICE_VARIABLE}",
        )
    made = f"compiled for this processor by {native.compiler()}"
    troubles = {name: trouble for name in names if (trouble := native.trouble(name))}
    install = native.compiler() is None and system.has_apt()
    return _compiled("kernels", names, troubles, made, system.apt_line(["g++"]) if install else "")


def gpu_kernels(index: int) -> list[Finding]:
    """The same of the CUDA kernels for one GPU; nothing is run there."""
    import torch

    from reproduction.kernels import cuda, native, nvrtc

    names = sorted(path.stem for path in native.SOURCES.glob("*.cu"))
    if not names or not native.wanted():
        return []
    try:
        cuda.driver()
        architecture = cuda.architecture(torch.device("cuda", index))
        for name in names:
            nvrtc.cubin(name, architecture, ["-DSCALAR=float"])
        made = f"compiled for {architecture} by NVRTC {'.'.join(map(str, nvrtc.version()))}"
        return [_compiled(f"GPU {index}", names, {}, made)]
    except (native.CompilerError, cuda.LaunchError) as error:
        return [_compiled(f"GPU {index}", names, dict.fromkeys(names, str(error)), "")]


def _compiled(topic: str, names: list[str], troubles: dict[str, str], made: str, advice: str = "") -> Finding:
    """What became of the kernels called `names`."""
    good = [name for name in names if name not in troubles]
    if not troubles:
        return Finding(topic=topic, found=f"{', '.join(good)}: {made}")
    reasons = "; ".join(f"{name}: {reason}" for name, reason in troubles.items())
    if len(set(troubles.values())) == 1:
        reasons = next(iter(troubles.values()))
    found = f"{', '.join(good)}: {made}; for the others " if good else "none of our own: "
    return Finding(topic=topic, found=found + reasons, meaning=PLAIN_TORCH, advice=advice, ok=False)


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding(
        topic="processor", found=f"{processor_name()}, {cores} core{'s' if cores > 1 else ''} to use"
    )


def processor_name() -> str:
    """The processor as the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []  # not Linux: the name that Python knows will do
    named = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding(topic="memory", found="unknown")
    size_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    return Finding(topic="memory", found=f"{size_gib:.1f} GiB")


def _disk(folder: Path) -> Finding:
    free_bytes = shutil.disk_usage(folder).free
    small = free_bytes < IMAGENET_BYTES
    meaning = (
        f"too little for ImageNet, which takes {IMAGENET_BYTES / GIB:.0f} GiB when packed" if small else ""
    )
    return Finding(topic="disk", found=f"{free_bytes / GIB:.0f} GiB free here", meaning=meaning)


def _compiler() -> Finding:
    found = [name for name in ("c++", "g++", "clang++", "cl", "nvcc") if shutil.which(name)]
    there = {"c++", "g++", "clang++"}.intersection(found)
    meaning = "C++ kernels are compiled with it at first use" if there else "C++ kernels need g++ or clang++"
    return Finding(topic="compiler", found=", ".join(found) or "none", meaning=meaning)


def _qt() -> list[Finding]:
    """The museum's packages, and whether Qt starts: in a process of its own, which may crash without us."""
    versions = {package: _version(package) for package in MUSEUM_PACKAGES}
    missing = [package for package, version in versions.items() if not version]
    found = ", ".join(f"{package} {version or 'missing'}" for package, version in versions.items())
    if missing:
        return [
            Finding(
                topic="museum",
                found=found,
                meaning="the museum is not installed",
                advice="python3 run.py",
                needed_for="museum",
                ok=False,
            )
        ]
    return [Finding(topic="museum", found=found, needed_for="museum"), _qt_starts()]


def _qt_starts() -> Finding:
    question = "from PySide6.QtWidgets import QApplication; QApplication([])"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", question],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    missing = _missing_libraries()
    if done.returncode == 0 and not missing:
        return Finding(topic="Qt", found="starts", needed_for="museum")
    reason = ", ".join(missing) or (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return Finding(
        topic="Qt",
        found="starts, but only to draw into pictures" if done.returncode == 0 else "does not start",
        meaning=f"missing: {reason}",
        advice=system.apt_line(list(missing.values())) if missing and system.has_apt() else "",
        needed_for="museum",
        ok=False,
    )


def _missing_libraries() -> dict[str, str]:
    if not sys.platform.startswith("linux"):
        return {}
    return system.missing_libraries({**system.DRAWING_LIBRARIES, **system.WINDOW_LIBRARIES})


def _display() -> Finding:
    """Whether a window can be seen; without one the museum still draws its rooms into pictures."""
    if not sys.platform.startswith("linux"):
        return Finding(topic="display", found="the desktop")
    names = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    if names:
        return Finding(topic="display", found=f"{names[0]}={os.environ[names[0]]}")
    return Finding(
        topic="display",
        found="none",
        meaning="the museum cannot open a window here, but draws its rooms into pictures",
        advice="python3 run.py --screenshots FOLDER",
        needed_for="window",
        ok=False,
    )
