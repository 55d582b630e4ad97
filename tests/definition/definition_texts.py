"""A small complete network for the tests of this folder, and the ways to read it."""

from __future__ import annotations

from reproduction.definition import Experiment, Texts, assemble
from reproduction.definition.dialect import DIALECTS
from reproduction.definition.language import parse
from reproduction.definition.network import Network, read_network

DATA = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
CONV = "[conv1]\ntype=conv\ninputs=data\nchannels=3\nfilters=16\nfilterSize=5\npadding=2\ninitW=0.01\n"
POOL = "[pool1]\ntype=pool\npool=max\ninputs=conv1\nchannels=16\nsizeX=3\nstride=2\nneuron=relu\n"
ENDS = "[probs]\ntype=softmax\ninputs=fc10\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
TOP = "[fc10]\ntype=fc\ninputs=pool1\noutputs=10\ninitW=0.1\n" + ENDS
DEFINITION = DATA + CONV + POOL + TOP

RULE = "epsW=0.001\nepsB=0.002\nmomW=0.9\nmomB=0.9\nwc=0.004\n"
PARAMETERS = f"[conv1]\n{RULE}[fc10]\n{RULE}[logprob]\ncoeff=1\n"
RECIPE = "image-size = 32\n"


def texts(
    definition: str = DEFINITION, parameters: str = PARAMETERS, recipe: str = RECIPE, *overrides: str
) -> Texts:
    """The small network's texts, or others in their place."""
    return Texts(
        definition, parameters, recipe, "small.layers.cfg", "small.params.cfg", "small.toml", overrides
    )


def experiment(
    definition: str = DEFINITION, parameters: str = PARAMETERS, recipe: str = RECIPE
) -> Experiment:
    return assemble(texts(definition, parameters, recipe))


def network(
    definition: str,
    side: int = 32,
    dialect: str = "2011",
    strict: bool = False,
    channels: int = 3,
    classes: int = 0,
    tree: tuple[int, ...] = (),
) -> Network:
    """The network of a definition for pictures of that side."""
    return read_network(
        parse(definition, "small.layers.cfg"),
        name="small",
        dialect=DIALECTS[dialect],
        image_shape=(channels, side, side),
        strict=strict,
        classes=classes,
        tree=tree,
    )
