"""Where a run comes from: program, machine and data, with neither the machine's name nor its folders."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reproduction.data.packed import PackedData
from reproduction.version import program_version


def now() -> str:
    """The time as archives keep it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def command_line(words: Sequence[str]) -> str:
    """The command that was typed, with every path reduced to its last part."""
    return " ".join(_without_folders(word) for word in words)


def _without_folders(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + re.split(r"[/\\]", value.rstrip("/\\"))[-1]


def provenance(data: PackedData, *, seed: int, device: torch.device, command: str) -> dict[str, Any]:
    """What is known when a run begins."""
    return {
        "created": now(),
        "updated": now(),
        "program_version": program_version(),
        "command": command,
        "seed": seed,
        **machine(device),
        **data_facts(data),
        "training_seconds": 0.0,
    }


def machine(device: torch.device) -> dict[str, Any]:
    """What computed: processor, operating system, versions, threads."""
    return {
        "device": device.type,
        "processor": _processor(device),
        "operating_system": f"{platform.system()} {platform.machine()}".strip(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "threads": torch.get_num_threads(),
    }


def data_facts(data: PackedData) -> dict[str, Any]:
    """Which pictures, by name and fingerprint."""
    return {
        "data_name": data.name,
        "data_file": data.path.name,
        "data_sha256": data.sha256,
        "data_counts": dict(data.counts),
    }


def _processor(device: torch.device) -> str:
    """The model of the GPU or the CPU, as far as the system tells it."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named.group(1).strip() if named else platform.processor() or platform.machine()
