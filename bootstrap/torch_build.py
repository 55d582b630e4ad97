"""Which build of torch to install: the small one of the CPU where there is no NVIDIA driver for the other."""

import os
import re
import subprocess
import sys
import tomllib

from bootstrap.launch import PYTHON, ROOT, Request, SetUpError
from bootstrap.system import has_nvidia_driver

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_LIMIT_S = 10.0


def requirement() -> str:
    """The dependency of pyproject.toml that says which torch will do, such as torch>=2.11,<=2.13.0."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        dependencies: list[str] = tomllib.load(file)["project"]["dependencies"]
    return next(line for line in dependencies if line.startswith("torch"))


def in_range(version: str, wanted: str) -> bool:
    """Whether a version such as 2.13.0+cpu satisfies `wanted`, which reads name>=LOW,<=HIGH."""
    match = re.fullmatch(r"(\d+(?:\.\d+)*)(\+[\w.]+)?", version)
    low, high = wanted.split(">=")[1].split(",<=")
    return match is not None and _numbers(low) <= _numbers(match[1]) <= _numbers(high)


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))


def cpu_build(listing: str, wanted: str) -> str:
    """The newest CPU build in range in what `pip index versions torch` printed; empty if there is none.

    pip lists without downloading; its dry run would fetch half a gigabyte to read what a build depends on.
    """
    match = re.search(r"^Available versions:(.*)$", listing, re.MULTILINE)
    versions = [version.strip() for version in match[1].split(",")] if match else []
    return next((v for v in versions if v.endswith("+cpu") and in_range(v, wanted)), "")


def offered(*options: str, limit_s: float | None = None) -> str:
    """What pip lists for torch; empty if nothing answered within `limit_s` seconds."""
    command = [PYTHON, "-m", "pip", "index", "versions", "torch", "--disable-pip-version-check", *options]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def installed() -> str:
    """The version of the torch that .venv sees; empty if it sees none."""
    question = "import importlib.metadata as metadata; print(metadata.version('torch'))"
    done = subprocess.run([PYTHON, "-c", question], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def choose(own: str, pytorch: str, wanted: str) -> list[str]:
    """pip's further arguments, from what its own configuration and PyTorch's CPU index list."""
    version = cpu_build(own, wanted)
    if version:
        return [f"torch=={version}"]
    version = cpu_build(pytorch, wanted)
    if version:
        return [f"torch=={version}", "--extra-index-url", CPU_INDEX]
    raise SetUpError(
        "there is no NVIDIA driver here, and neither pip's configuration nor PyTorch's CPU index"
        f" ({CPU_INDEX}) offers the small build of torch; connect this machine and start again, or say"
        " --cuda before the verb to download the usual build (several gigabytes), or --system-torch to"
        " use a torch that is installed."
    )


def pip_arguments(request: Request) -> list[str]:
    """Keeps the torch that is there if it will do, or chooses a build: pip's further arguments."""
    wanted = requirement()
    version = installed()
    if version and in_range(version, wanted):
        return [f"torch=={version}"]
    if request.system_torch:
        found = f"is {version}" if version else "is not installed for this Python"
        raise SetUpError(f"--system-torch needs {wanted}, but torch {found}.")
    if request.cuda or not sys.platform.startswith("linux") or has_nvidia_driver():
        return []
    own = offered()
    if cpu_build(own, wanted):
        return choose(own, "", wanted)
    probe = offered("--index-url", CPU_INDEX, "--timeout=5", "--retries=0", limit_s=PROBE_LIMIT_S)
    return choose(own, probe, wanted)
