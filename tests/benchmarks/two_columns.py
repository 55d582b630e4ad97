"""A network like that of 2012, small enough for a test: columns, crossings, norms, swapped inputs."""

from __future__ import annotations

from reproduction.definition import Experiment, Texts, assemble

RULE = "epsW={rates}\nepsB=0.02\nmomW={momenta}\nmomB=0.9\nwc={decays}\n"


def experiment(dropout: bool = True) -> Experiment:
    """The network on pictures of 27 x 27 and three classes, with dropout before the last layer or not."""
    definition = _data()
    parameters = ""
    for column, letter in enumerate("ab"):
        definition += _section(
            f"conv1{letter}", "conv", "data", channels=3, filters=6, filterSize=5, stride=2
        )
        definition += f"initW=0.05\ngpu={column}\n"
    for letter in "ab":
        definition += _section(f"rnorm1{letter}", "cmrnorm", f"conv1{letter}", channels=6, size=5)
        parameters += f"[rnorm1{letter}]\nscale=0.5\npow=0.75\nminDiv=2\n"
    for letter in "ab":
        definition += _section(f"pool1{letter}", "pool", f"rnorm1{letter}", channels=6, sizeX=3, stride=2)
        definition += "pool=max\nneuron=relu\n"
    for column, letter in enumerate("ab"):
        definition += _section(
            f"conv2{letter}", "conv", f"pool1{letter}", channels=6, filters=4, filterSize=3
        )
        definition += f"padding=1\ninitW=0.3\ninitB=0.1\nneuron=relu\ngpu={column}\n"
    for letter in "ab":
        definition += _section(f"cnorm2{letter}", "rnorm", f"conv2{letter}", channels=4, size=3)
        parameters += f"[cnorm2{letter}]\nscale=0.5\npow=0.75\n"
    for letter in "ab":
        definition += _section(f"pool2{letter}", "pool", f"cnorm2{letter}", channels=4, sizeX=3, stride=2)
        definition += "pool=avg\n"
    for column, (letter, inputs) in enumerate({"a": "pool2a,pool2b", "b": "pool2b,pool2a"}.items()):
        definition += _section(f"fc5{letter}", "fc", inputs, outputs=5)
        definition += f"initW=0.2,0.1\nneuron=relu\ngpu={column}\n"
    last = "fc5a,fc5b"
    if dropout:
        last = "hs1a,hs1b"
        for letter in "ab":
            definition += _section(f"hs1{letter}", "hs", f"fc5{letter}", keep=0.6)
            parameters += f"[hs1{letter}]\nenable=true\n"
    definition += _section("fc3", "fc", last, outputs=3) + "initW=0.3,0.3\ngpu=0\n"
    definition += "[probs]\ntype=softmax\ninputs=fc3\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
    for name in ("conv1a", "conv1b", "conv2a", "conv2b"):
        parameters += f"[{name}]\n" + RULE.format(rates="0.01", momenta="0.9", decays="0.001")
    for name in ("fc5a", "fc5b", "fc3"):
        parameters += f"[{name}]\n" + RULE.format(rates="0.02,0.02", momenta="0.8,0.8", decays="0.01,0.01")
    parameters += "[logprob]\ncoeff=1\n"
    recipe = "image-size=29\ncrop-size=27\nbatch-size=6\nflip=true\n"
    names = "two.layers.cfg", "two.params.cfg", "two.toml"
    return assemble(Texts(definition, parameters, recipe, *names))


def _data() -> str:
    return "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"


def _section(name: str, kind: str, inputs: str, **keys: object) -> str:
    lines = [f"[{name}]", f"type={kind}", f"inputs={inputs}", *(f"{key}={keys[key]}" for key in keys)]
    return "\n".join(lines) + "\n"
