"""Operations and bytes of a step: by hand for a small network, and the known figures of the paper's."""

from __future__ import annotations

import pytest

from reproduction.benchmarks.counting import forward_work, step_work
from reproduction.definition import Texts, assemble, find_texts

SMALL = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[conv]
type=conv
inputs=data
channels=3
filters=2
filterSize=3
initW=0.1
[norm]
type=cmrnorm
inputs=conv
channels=2
size=2
[pool]
type=pool
pool=max
inputs=norm
channels=2
sizeX=2
stride=2
neuron=relu
[fc]
type=fc
inputs=pool
outputs=5
initW=0.1
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
"""


def test_a_small_network_is_counted_as_by_hand() -> None:
    texts = Texts(SMALL, "", "image-size=8\n", "small.cfg", "", "small.toml")
    network = assemble(texts, require_parameters=False).network
    picture, made, pooled, scores = 3 * 8 * 8, 2 * 6 * 6, 2 * 3 * 3, 5
    conv, fc = made * 27, pooled * scores
    work = step_work(network, pictures=7)
    assert work.operations == 7 * (2 * 2 * conv + 3 * 2 * fc)
    values = (2 * picture + 2 * made) + (3 * made + 2 * pooled) + (3 * pooled + 2 * scores)
    weights = 2 * 27 + 2 + pooled * scores + scores
    assert work.bytes == 4 * (7 * values + 8 * weights)
    forward = forward_work(network, pictures=1)
    assert forward.operations == 2 * (conv + fc)
    assert forward.bytes == 4 * (picture + made + pooled + scores + weights)


def test_a_step_of_the_papers_network_is_four_billion_operations_and_thirty_megabytes_a_picture() -> None:
    network = assemble(find_texts("alexnet-2012")).network
    work = step_work(network, pictures=128)
    assert work.operations / 128 == pytest.approx(4.136e9, rel=0.001)
    assert work.bytes / 128 == pytest.approx(31e6, rel=0.05)
