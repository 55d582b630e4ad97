"""Where every random number of a run comes from: a function of (seed, purpose, epoch, batch).

So nothing random has to be stored: whoever knows the seed and the position draws the same numbers again,
which is what makes a resumed run equal to an uninterrupted one.
"""

from __future__ import annotations

import enum

import numpy as np
import torch

STATEMENT = "every draw is a function of (seed, purpose, epoch, batch)"


class Purpose(enum.IntEnum):
    """What a stream of random numbers is for. An archive's meaning hangs on the numbers: never reuse one."""

    AUGMENTATION = 1
    DROPOUT = 2
    RATE_NOISE = 3
    TEST = 4
    CONNECTIONS = 5


def _sequence(seed: int, purpose: Purpose, epoch: int, batch: int) -> np.random.SeedSequence:
    return np.random.SeedSequence([seed, int(purpose), epoch, batch])


def numpy_generator(seed: int, purpose: Purpose, epoch: int, batch: int) -> np.random.Generator:
    """numpy's generator for `purpose` in this batch of this epoch."""
    return np.random.Generator(np.random.PCG64(_sequence(seed, purpose, epoch, batch)))


def torch_generator(
    seed: int, purpose: Purpose, epoch: int, batch: int, device: torch.device
) -> torch.Generator:
    """torch's generator on `device` for `purpose` in this batch of this epoch."""
    word = int(_sequence(seed, purpose, epoch, batch).generate_state(1, np.uint64)[0])
    generator = torch.Generator(device=device)
    generator.manual_seed(word % 2**63)
    return generator
