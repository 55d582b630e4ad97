"""Layers as the definition language names them, in whole networks: shapes, both passes, draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reproduction.definition import Experiment, Texts, assemble
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

DATA = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
CONV = """
type=conv
channels=3
filters=4
filterSize=3
initW=0.3
{width}
"""
END = """
[fc]
type=fc
outputs=5
inputs={}
initW=0.1
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
"""
RULE = "epsW=0.1\nepsB=0.1\nmomW=0.9\nmomB=0.9\nwc=0\n"
NORM = "scale=0.5\npow=0.75\n"

# Sections of the definition in file order, the layer that fc reads, and sections of the parameter file.
NET_2012 = (
    {
        "yuv": "type=rgb2yuv\ninputs=data\nchannels=3",
        "big": "type=resize\ninputs=yuv\nchannels=3\nscale=0.8",
        "scaled": "type=rscale\ninputs=big\nchannels=3\nmaxScale=1.25\ntgtSize=16",
        "mirrored": "type=href\ninputs=scaled\nchannels=3",
        "blurred": "type=blur\ninputs=mirrored\nchannels=3\nfilterSize=3\nstdev=1",
        "conv": CONV.format(width="partialSum=1") + "inputs=blurred\nneuron=nrelu",
        "drawn": "type=pool\ninputs=conv\nchannels=4\npool=rand\nsizeX=3\nstride=2",
        "far": "type=pool\ninputs=conv\nchannels=4\npool=maxabs\nsizeX=3\nstride=2\nneuron=softrelu",
        "contrast": "type=cnorm\ninputs=drawn\nchannels=4\nsize=3\nneuron=drelu[2]",
        "largest": "type=eltmax\ninputs=contrast,far\nneuron=abs",
        "summed": "type=eltsum\ninputs=largest,drawn\ncoeffs=0.5,2\nneuron=brelu[9]",
        "bed": "type=nailbed\ninputs=summed\nchannels=4\nstride=2",
        "function": "type=neuron\ninputs=bed\nneuron=square",
        "joined": "type=concat\ninputs=function,summed",
        "half": "type=hs\ninputs=joined\nkeep=0.5",
    },
    "half",
    {"conv": RULE, "drawn": "doMax=false", "contrast": NORM, "half": "enable=true"},
)
NET_2014 = (
    {
        "lab": "type=rgb2lab\ninputs=data\nchannels=3\nneuron=linear[0.01,0]",
        "cut": "type=crop\ninputs=lab\nchannels=3\nsizeX=15\nstartX=1",
        "scaled": "type=rscale\ninputs=cut\nchannels=3\nmaxScale=1.2\ntgtSize=12",
        "conv": CONV.format(width="sumWidth=1") + "inputs=scaled",
        "sums": "type=pool\ninputs=conv\nchannels=4\npool=avg\nsum=1\nsizeX=3\nstride=2",
        "maps": "type=cmpool\ninputs=conv\nchannels=4\npool=max\nsize=2\nstride=2\noutputs=2",
        "both": "type=concat\ninputs=maps,sums",
        "passed": "type=pass\ninputs=both,maps\nneuron=tanh[1,0.1]",
        "thinned": "type=dropout\ninputs=passed",
        "thinner": "type=dropout2\ninputs=thinned",
        "runs": "type=sum\ninputs=thinner\nstride=5",
    },
    "runs",
    {"conv": RULE, "thinned": "enable=true\nkeep=0.8", "thinner": "enable=true\nkeep=0.6"},
)
NETS = {"2012": NET_2012, "2014": NET_2014}


def experiment(dialect: str) -> Experiment:
    sections, last, numbers = NETS[dialect]
    gpu = "\ngpu=0\n"
    definition = (
        DATA + "".join(f"[{name}]\n{text}{gpu}" for name, text in sections.items()) + END.format(last)
    )
    numbers = numbers | {"fc": RULE, "logprob": "coeff=1"}
    parameters = "".join(f"[{name}]\n{text}\n" for name, text in numbers.items())
    texts = Texts(definition, parameters, "image-size = 16\n", "n.cfg", "p.cfg", "r.toml")
    return assemble(texts, dialect=dialect, classes=5)


def module(dialect: str) -> NetworkModule:
    made = experiment(dialect)
    network = NetworkModule(made.network, made.parameters)
    network.load(initial_weights(made.network, 1))
    return network


def pictures() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((4, 3, 16, 16), np.float32))


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dialect", NETS)
def test_every_layer_gives_what_its_shape_says_and_passes_gradients_to_the_weights(dialect) -> None:
    network = module(dialect)
    activations = network(pictures(), generator())
    for layer in network.network.layers:
        if layer.name in activations and layer.name not in ("data", "labels"):
            assert activations[layer.name].shape == (4, *layer.output_shape), layer.name
            assert activations[layer.name].isfinite().all(), layer.name
    objective, _ = network.objective(activations, torch.tensor([0, 1, 2, 3]))
    objective.backward()
    for name, array in network.arrays().items():
        assert array.grad is not None, name
        assert array.grad.isfinite().all(), name
        assert array.grad.any(), name


@pytest.mark.parametrize("dialect", NETS)
def test_everything_random_comes_from_the_generator(dialect) -> None:
    network = module(dialect)
    first, same, other = (network(pictures(), generator(seed))["probs"] for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_in_a_test_only_noisy_neurons_draw() -> None:
    network = module("2014").eval()
    assert torch.equal(network(pictures())["probs"], network(pictures(), generator())["probs"])
    noisy = module("2012").eval()
    with pytest.raises(ValueError, match="nrelu needs a generator"):
        noisy(pictures())
    assert not torch.equal(noisy(pictures(), generator(1))["conv"], noisy(pictures(), generator(2))["conv"])


def test_one_view_is_scaled_in_2014_alone_and_views_of_several_never_are() -> None:
    for dialect, source in (("2012", "big"), ("2014", "cut")):
        network = module(dialect).eval()
        one = network(pictures(), generator())
        several = network(pictures(), generator(), multi_view=True)
        side = network.network["scaled"].output_shape[1]
        border = (network.network[source].output_shape[1] - side) // 2
        middle = one[source][..., border : border + side, border : border + side]
        assert torch.equal(several["scaled"], middle)
        assert torch.equal(one["scaled"], middle) == (dialect == "2012")
