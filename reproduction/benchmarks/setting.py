"""What is measured and on what: the choices of the command line that all subjects of the benchmark share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from reproduction.benchmarks.measuring import AS_RUN
from reproduction.definition import Experiment, assemble, find_texts

PRECISIONS = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Setting:
    """The choices. `batch_size` None: the recipe's. `quick` measures small things once, to see that all
    works; its figures mean nothing.
    """

    networks: tuple[str, ...]
    device: torch.device
    batch_size: int | None = None
    seed: int = 1
    precision: str = "float32"
    compiles: bool = True
    memory: str = AS_RUN
    quick: bool = False

    def experiment(self, network: str) -> Experiment:
        """The network, parameters and recipe called `network`, with the chosen batch size."""
        size = self.batch_size or (2 if self.quick else None)
        return assemble(find_texts(network, overrides=[f"batch-size={size}"] if size else []))

    @property
    def dtype(self) -> torch.dtype:
        """Of the values that kernels are given."""
        return PRECISIONS[self.precision]

    def generator(self) -> torch.Generator:
        """Draws what is measured with, on the device."""
        return torch.Generator(self.device).manual_seed(self.seed)

    def arithmetic(self) -> contextlib.AbstractContextManager[None]:
        """The precision of products and convolutions, of both sides; float32 is how torch is set."""
        return contextlib.nullcontext() if self.precision == "float32" else self._lower()

    @contextlib.contextmanager
    def _lower(self) -> Iterator[None]:
        before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        try:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
                yield
        finally:
            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "networks": list(self.networks),
            "device": str(self.device),
            "batch_size": self.batch_size,
            "seed": self.seed,
            "precision": self.precision,
            "compile": self.compiles,
            "memory": self.memory,
            "quick": self.quick,
        }
