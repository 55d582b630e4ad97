"""A small network with drawn weights for the tests of what looks inside: two columns, odd windows."""

from __future__ import annotations

import torch

from reproduction.definition import Experiment, Texts, assemble
from reproduction.inside.looking import Look
from reproduction.model.archived import ArchivedModel
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

DATA = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
END = """
[fc]
type=fc
inputs=local
outputs=5
initW=0.3
gpu=0
[probs]
type=softmax
inputs=fc
gpu=0
[logprob]
type=cost.logreg
inputs=labels,probs
gpu=0
"""
COLUMN = """
[conv1{letter}]
type=conv
inputs=data
channels=3
filters=4
filterSize=4
stride=3
padding=1
initW=0.3
initB=0.1
neuron={neuron}
gpu={gpu}
[pool1{letter}]
type=pool
inputs=conv1{letter}
channels=4
pool={pool}
start=-1
sizeX=3
stride=2
gpu={gpu}
[norm1{letter}]
type={norm}
inputs=pool1{letter}
channels=4
size=3
gpu={gpu}
"""
JOINED = """
[conv2]
type=conv
inputs=norm1a,norm1b
channels=4,4
filters=3,6
filterSize=3,3
padding=1,1
groups=2,1
initW=0.3,0.2
initB=0.1
neuron={neuron}
gpu=0
[local]
type=local
inputs=conv2
channels=6
filters=3
filterSize=2
stride=2
initW=0.3
initB=0.1
neuron={neuron}
gpu=0
"""
ONE = "epsW=0.1\nepsB=0.1\nmomW=0.9\nmomB=0.9\nwc=0\n"
TWO = "epsW=0.1,0.1\nepsB=0.1\nmomW=0.9,0.9\nmomB=0.9\nwc=0,0\n"


def experiment(neuron: str = "relu", pool: str = "max", norm: str = "rnorm", side: int = 18) -> Experiment:
    """Two columns (convolution, pool, norm) joined by a convolution; local filters; five classes."""
    columns = [
        COLUMN.format(letter=letter, gpu=gpu, neuron=neuron, pool=pool, norm=norm)
        for gpu, letter in enumerate("ab")
    ]
    definition = DATA + "".join(columns) + JOINED.format(neuron=neuron) + END
    numbers = "scale=0.3\npow=0.75\n" + ("minDiv=1\n" if norm == "cmrnorm" else "")
    rules = {"conv1a": ONE, "conv1b": ONE, "conv2": TWO, "local": ONE, "fc": ONE, "logprob": "coeff=1\n"}
    rules |= {"norm1a": numbers, "norm1b": numbers}
    parameters = "".join(f"[{name}]\n{text}" for name, text in rules.items())
    recipe = f"image-size = {side}\nclasses = 5\n"
    return assemble(Texts(definition, parameters, recipe, "n.cfg", "p.cfg", "r.toml"))


def module(made: Experiment, seed: int = 1) -> NetworkModule:
    """Its module in test mode, with weights drawn from `seed`, in float64."""
    network = NetworkModule(made.network, made.parameters, seed)
    network.load(initial_weights(made.network, seed))
    return network.eval().double()


def pictures(count: int, side: int = 18, seed: int = 0, channels: int = 3) -> torch.Tensor:
    """Noise around zero, float64 (count, C, side, side)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, side, side, generator=generator, dtype=torch.float64)


def archived(made: Experiment, seed: int = 1) -> ArchivedModel:
    """The experiment as if out of an archive, its module in float64, the mean picture zero."""
    side, channels = made.recipe.image_size, made.recipe.channels
    return ArchivedModel(
        experiment=made,
        module=module(made, seed),
        mean=torch.zeros(channels, side, side),
        labels=[f"class {number}" for number in range(made.network.classes)],
        label_ids=[""] * made.network.classes,
        epoch=1.0,
        threads=None,
        data_sha256="",
    )


def look_at(model: ArchivedModel, view: torch.Tensor) -> Look:
    """A look at one float64 view (1, C, S, S)."""
    with torch.no_grad():
        return Look(model, view, model.module(view))
