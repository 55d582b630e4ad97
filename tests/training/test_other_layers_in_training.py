"""Runs with trees, sparse and shared weights, superEps, other costs: they learn, resume, and are tested."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import small_training
import torch

from archive import Run, read_run, verify
from reproduction.console import Status
from reproduction.data.packed import PackedData
from reproduction.definition import Experiment, Texts, assemble
from reproduction.model.archived import open_model
from reproduction.training.display import Display
from reproduction.training.resuming import read_resumable
from reproduction.training.run import Session, new_run

CPU = torch.device("cpu")
RULE = "epsW={}\nepsB=0.01\nmomW={}\nmomB=0.9\nwc={}\nsuperEps={}\n"
DATA = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
LAYERS = """
[conv]
type=conv
inputs=data
channels=3
filters=8
filterSize=3
padding=1
initW=0.02
neuron=relu
gpu=0
[pool]
type=pool
pool=max
inputs=conv
channels=8
sizeX=2
stride=2
[sparse]
type=conv
inputs=pool
channels=8
filters=2
filterSize=3
padding=1
groups=4
randSparse=true
filterChannels=4
initW=0.2
neuron=relu
[again]
type=conv
inputs=sparse
channels=8
filters=2
filterSize=3
padding=1
groups=4
randSparse=true
filterChannels=4
initW=0
weightSource=sparse
"""
TREE = "[top]\ntype=treefc\ninputs=again\ninitW=0.1\n[probs]\ntype=softmax\ninputs=top\n"
LOGREG = TREE + "[cost]\ntype=cost.logreg\ninputs=labels,probs\n[small]\ntype=cost.sum2\ninputs=top\n"
TOP = "[top]\ntype=fc\ninputs=again\noutputs=4\ninitW=0.1\n"
BINARY = TOP + "neuron=logistic\n[cost]\ntype=cost.crossent2\ninputs=labels,top\n"
SETS = TOP + "[cost]\ntype=cost.msm\ninputs=labels,top\n"
RECIPE = small_training.RECIPE.partition("[[schedule]]")[0] + "tree = [4, 4, 5, 5, 6, 6, -1]\n"
RECIPE = RECIPE.replace("epochs = 3\n", "epochs = 2\n")


def experiment(top: str, epsilon: float = 0) -> Experiment:
    rate = 0.001 if epsilon else 0.003
    weights = "".join(
        f"[{name}]\n{RULE.format(rate, 0.9, 0.001, epsilon)}" for name in ("conv", "sparse", "again", "top")
    )
    costs = "[cost]\ncoeff=1\nsetSize=1\n" + ("[small]\ncoeff=0\n" if "[small]" in top else "")
    texts = Texts(DATA + LAYERS + top, weights + costs, RECIPE, "n.layers.cfg", "n.params.cfg", "n.toml")
    return assemble(texts)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory):
    with PackedData(small_training.write_data(tmp_path_factory.mktemp("data") / "corners.h5")) as packed:
        yield packed


def train(path: Path, run: Run, made: Experiment, data: PackedData, steps: int | None = None) -> Run:
    display = Display("small", made.recipe.epochs, Status(io.StringIO()))
    Session(path, run, made, data, device=CPU, display=display).train(steps)
    return read_run(path)


@pytest.mark.parametrize(
    ("top", "epsilon"),
    [(LOGREG, 0), (BINARY, 0), (SETS, 0), (LOGREG, 0.1)],
    ids=["tree", "binary", "sets", "eps"],
)
def test_it_learns_resumes_to_the_same_bits_and_can_be_tested(tmp_path, data, top, epsilon) -> None:
    made = experiment(top, epsilon)

    def fresh() -> Run:
        return new_run(made, data, seed=1, device=CPU, command="alexnet train small")

    whole = train(tmp_path / "whole.h5", fresh(), made, data)
    part = tmp_path / "part.h5"
    train(part, fresh(), made, data, steps=7)
    resumed = train(part, read_resumable(part), made, data)
    assert (len(whole.averages) > 0) == (epsilon > 0)
    for kind in ("weights", "momentum", "averages"):
        ours, theirs = getattr(whole, kind), getattr(resumed, kind)
        assert ours.keys() == theirs.keys()
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours), kind
    assert "again/weights_0" not in whole.weights
    assert verify(tmp_path / "whole.h5") == []
    losses = whole.history.train["loss"]
    assert losses[-3:].mean() < losses[:3].mean()

    model = open_model(tmp_path / "whole.h5", CPU)
    guesses = model.probabilities(data.images("test")[:], views=1).argmax(axis=1)
    assert np.mean(guesses != data.targets("test")) == pytest.approx(whole.history.test["top1"][-1])


def test_a_test_tells_what_every_cost_says(tmp_path, data) -> None:
    made = experiment(LOGREG)
    run = new_run(made, data, seed=1, device=CPU, command="alexnet train small")
    train(tmp_path / "run.h5", run, made, data, steps=1)
    words = ("test", tmp_path / "run.h5", "--data", data.path)
    found = json.loads(small_training.run(*words, "--json").stdout)
    assert found["costs"]["cost"]["value"] == pytest.approx(found["loss"], rel=1e-5)
    assert found["costs"]["cost"]["top-1 error"] == pytest.approx(found["top1"])
    assert found["costs"]["small"]["value"] > 0
    assert "cost small: value " in small_training.run(*words).stdout
