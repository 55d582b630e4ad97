"""One picture: both sides give the same probabilities, and the busy process ends with its block."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import two_columns

from reproduction.benchmarks import stock
from reproduction.benchmarks.predict import Picture, spinning
from reproduction.benchmarks.setting import Setting
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights


def test_both_sides_answer_the_same_picture_alike() -> None:
    experiment = two_columns.experiment()
    module = NetworkModule(experiment.network, experiment.parameters, 0).on(torch.device("cpu"))
    module.load(initial_weights(experiment.network, 3))
    twin = stock.twin(experiment.network, experiment.parameters).eval()
    stock.load(twin, experiment.network, module.arrays())
    stock.keep_columns_apart(twin)
    picture = Picture.drawn(experiment, Setting(("two columns",), torch.device("cpu")))
    ours = picture.through_ours(module.eval())()
    theirs = picture.through(twin, torch.channels_last)()
    assert isinstance(ours, np.ndarray) and ours.shape == (1, 3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="asks by a signal whether a process is there")
def test_the_process_that_takes_a_core_is_there_and_gone_with_the_block() -> None:
    with pytest.raises(KeyError), spinning() as process:
        assert alive(process)
        raise KeyError
    assert not alive(process)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_it_really_computes() -> None:
    def ticks(process: int) -> int:
        return int(Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[11])

    with spinning() as process:
        deadline = time.monotonic() + 30
        while ticks(process) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ticks(process) >= 2
