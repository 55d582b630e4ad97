"""Other engines, where they are installed, compute the same stock network."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
import two_columns

from reproduction.benchmarks import engines, stock
from reproduction.training.initial_weights import initial_weights

ALL = ("onnx", "onnxscript", "onnxruntime", "openvino")
MISSING = [name for name in ALL if importlib.util.find_spec(name) is None]


@pytest.mark.skipif(not MISSING, reason="all of them are there")
def test_without_them_there_is_nothing_to_race_and_nothing_to_complain_about() -> None:
    net = stock.twin(two_columns.experiment().network, two_columns.experiment().parameters).eval()
    facts: list[str] = []
    racing = engines.contenders(net, torch.zeros(1, 3, 27, 27), facts)
    assert not {contender.name for contender in racing}.intersection(MISSING)
    assert facts == []


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
@pytest.mark.filterwarnings("ignore")  # what their parts think of each other
def test_they_give_the_scores_of_the_stock_network() -> None:
    experiment = two_columns.experiment()
    net = stock.twin(experiment.network, experiment.parameters).eval()
    arrays = initial_weights(experiment.network, 1)
    stock.load(net, experiment.network, {name: torch.from_numpy(array) for name, array in arrays.items()})
    shown = torch.randn(1, 3, 27, 27, generator=torch.Generator().manual_seed(0))
    facts: list[str] = []
    racing = engines.contenders(net, shown, facts)
    assert facts == [] and {contender.name for contender in racing} == {
        "onnxruntime",
        "onnxruntime, int8",
        "openvino",
    }
    with torch.no_grad():
        expected = net(shown).numpy()
    for contender in racing:
        scores = contender.run()
        found = scores[0]  # of the first output
        bound = 0.05 if "int8" in contender.name else 1e-5
        assert np.abs(np.asarray(found) - expected).max() < bound * np.abs(expected).max()
