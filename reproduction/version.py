"""Which version of the program this is; needs neither torch nor numpy."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path


def program_version() -> str:
    """Our version: as installed, or as a checkout that was never installed says it."""
    try:
        return metadata.version("alexnet-archive")
    except metadata.PackageNotFoundError:
        text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
