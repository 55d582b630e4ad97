"""Definitions of nearly 100 kB made to take long or much: each is answered in a second of processor time."""

from __future__ import annotations

import time

import pytest
from definition_texts import DATA, ENDS, RECIPE, texts

from reproduction.definition import assemble
from reproduction.errors import DefinitionError

TOP = "[fc10]\ntype=fc\ninputs=%s\noutputs=10\ninitW=0.1\n" + ENDS
MIRRORS = "".join(
    f"[n{index}]\ntype=href\ninputs={f'n{index - 1}' if index else 'data'}\nchannels=3\n"
    for index in range(1800)
)
MATRICES = 6000
SPARE = "".join(f"[n{index:05d}x]\nepsW=1\n" for index in range(4500))
RULES = "[fc10]\nepsW=1\nepsB=1\nmomW=1\nmomB=1\nwc=0\n[logprob]\ncoeff=1\n"
MANY = ",".join(["data"] * 15_000)

HOSTILE = {
    "a chain of layers": (DATA + MIRRORS + TOP % "n1799", ""),
    "sections that no layer has": (DATA + MIRRORS + TOP % "n1799", RULES + SPARE),
    "sections that layers lack": (DATA + MIRRORS.replace("href", "blur") + TOP % "n1799", SPARE),
    "keys that mean nothing": (
        DATA + "".join(f"filtersize{index}=3\n" for index in range(5000)) + TOP % "data",
        RULES,
    ),
    "one of many likely keys missing": (
        DATA + "[c]\ntype=conv\ninputs=data\n" + "".join(f"chanels{index}=3\n" for index in range(6000)),
        "",
    ),
    "an input among many likely names": (DATA + MIRRORS + TOP % "n99999", ""),
    "a sum of many inputs": (DATA + f"[s]\ntype=eltsum\ninputs={MANY}\n" + TOP % "s", RULES),
    "many matrices": (DATA + TOP.replace("initW", "gpu=0,1\ninitW") % MANY, RULES),
    "many matrices that are one": (
        DATA
        + f"[fc10]\ntype=fc\ninputs={','.join(['data'] * MATRICES)}\noutputs=10\ninitW=0.1\ngpu=0,1\n"
        + f"weightSource={','.join(['', *['fc10'] * (MATRICES - 1)])}\n"
        + ENDS,
        RULES,
    ),
    "outputs that double": (
        DATA
        + "".join(
            f"[n{index}]\ntype=concat\ninputs={f'n{index - 1},n{index - 1}' if index else 'data,data'}\n"
            for index in range(1300)
        ),
        "",
    ),
    "a mountain of brackets": (DATA + "[c]\ntype=href\ninputs=data\nchannels=3\nneuron=" + "[" * 90_000, ""),
    "a rate without end": (DATA + TOP % "data", "[fc10]\nepsW=dexp[" + "base=1;" * 13_000 + "]\n"),
    "a function without end": (DATA + TOP % "data" + "[fc10]\ninitWFunc=" + "a." * 40_000 + "(\n", ""),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_texts_are_answered_within_a_second(what: str) -> None:
    definition, parameters = HOSTILE[what]
    assert len(definition) < 100_000 and len(parameters) < 100_000
    begun = time.process_time()
    try:
        experiment = assemble(texts(definition, parameters, RECIPE))
        experiment.to_json()
    except DefinitionError as caught:
        assert len(str(caught)) < 2000
    assert time.process_time() - begun < 1
