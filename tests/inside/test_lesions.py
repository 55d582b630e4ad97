"""Lesions: what is off answers as its mean or zero, the rest computes on; nothing stays behind."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks
import torch

from reproduction.errors import UserError
from reproduction.inside.lesions import (
    Lesions,
    applied,
    column_layers,
    crossings,
    done,
    greyed,
    probabilities,
    read_lesions,
)

# conv2 on a second column too, so that both columns read both.
SECOND = """
[conv3{letter}]
type=conv
inputs=norm1a,norm1b
channels=4,4
filters=2,2
filterSize=3,3
padding=1,1
initW=0.3,0.2
neuron=relu
gpu={gpu}
"""
END = """
[fc]
type=fc
inputs=conv3a,conv3b
outputs=5
initW=0.3,0.3
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


@pytest.fixture
def model():
    from reproduction.definition import Texts, assemble

    parts = [
        small_networks.COLUMN.format(letter=letter, gpu=gpu, neuron="relu", pool="max", norm="rnorm")
        + SECOND.format(letter=letter, gpu=gpu)
        for gpu, letter in enumerate("ab")
    ]
    first = "".join(part.split("[conv3")[0] for part in parts)
    second = "".join("[conv3" + part.split("[conv3")[1] for part in parts)
    rules = {"conv1a": small_networks.ONE, "conv1b": small_networks.ONE, "logprob": "coeff=1\n"}
    rules |= dict.fromkeys(("conv3a", "conv3b", "fc"), small_networks.TWO)
    rules |= dict.fromkeys(("norm1a", "norm1b"), "scale=0.3\npow=0.75\n")
    parameters = "".join(f"[{name}]\n{text}" for name, text in rules.items())
    definition = small_networks.DATA + first + second + END
    texts = Texts(definition, parameters, "image-size = 18\n", "n.cfg", "p.cfg", "r.toml")
    return small_networks.archived(assemble(texts))


def answers(model, lesions: Lesions, means=None) -> dict[str, torch.Tensor]:
    with torch.no_grad(), applied(model.module, lesions, means or {}):
        return dict(model.module(small_networks.pictures(3, 18)))


def test_single_units_answer_with_their_mean_or_else_with_zero(model) -> None:
    whole = answers(model, Lesions())
    means = {"conv1a": np.array([1.5, 2.5, 3.5, 4.5], np.float32)}
    found = answers(model, Lesions(units={"conv1a": (1, 3), "fc": (0,)}), means)
    assert (found["conv1a"][:, 1] == 2.5).all() and (found["conv1a"][:, 3] == 4.5).all()
    assert torch.equal(found["conv1a"][:, [0, 2]], whole["conv1a"][:, [0, 2]])
    assert (found["fc"][:, 0] == 0).all()
    assert not torch.equal(found["conv3b"], whole["conv3b"])  # it reads column a as well


def test_a_column_that_is_off_says_nothing_about_the_picture(model) -> None:
    found = answers(model, Lesions(columns=frozenset({1})))
    silent = column_layers(model.experiment.network, 1)
    assert silent == ["conv1b", "pool1b", "norm1b", "conv3b"]
    assert all(not found[name].any() for name in silent)
    assert found["conv3a"].any() and (found["probs"][0] != found["probs"][1]).any()
    both = answers(model, Lesions(columns=frozenset({0, 1})))
    assert torch.equal(both["probs"][0], both["probs"][1])  # all pictures are alike then
    assert "fc" not in column_layers(model.experiment.network, 0)  # it gathers the votes of both


def test_a_cut_connection_is_one_whose_weights_are_zero(model) -> None:
    assert crossings(model.experiment.network) == [("conv3a", 1), ("conv3b", 0)]
    found = answers(model, Lesions(cut=True))
    with torch.no_grad():
        for name in ("conv3a/weights_1", "conv3b/weights_0"):
            model.module.arrays()[name].zero_()
    expected = answers(model, Lesions())
    for name in ("conv3a", "conv3b", "fc", "probs"):
        torch.testing.assert_close(found[name], expected[name])


def test_grey_is_the_mean_of_the_channels(model) -> None:
    pictures = np.array([[[[0, 255]], [[3, 255]], [[6, 254]]]], np.uint8)
    grey = greyed(pictures)
    assert grey.tolist() == [[[[3, 255]], [[3, 255]], [[3, 255]]]]


def test_nothing_stays_behind(model) -> None:
    before = answers(model, Lesions())["probs"]
    for lesions in (Lesions(columns=frozenset({0})), Lesions(units={"fc": (1,)}), Lesions(cut=True)):
        assert not torch.equal(answers(model, lesions)["probs"], before)
    assert torch.equal(answers(model, Lesions())["probs"], before)


def test_probabilities_with_lesions_are_those_of_the_lesioned_layers(model) -> None:
    model.module.float()
    pictures = np.random.default_rng(0).integers(0, 255, (2, 3, 18, 18), np.uint8)
    whole = probabilities(model, pictures, 1, Lesions(), {})
    np.testing.assert_allclose(whole, model.probabilities(pictures, 1))
    off = probabilities(model, pictures, 1, Lesions(columns=frozenset({0}), grey=True), {})
    assert np.abs(whole - off).max() > 1e-3 and np.allclose(off.sum(axis=1), 1)


def test_what_was_done_is_said(model) -> None:
    network = model.experiment.network
    lesions = read_lesions({"columns": [1], "units": {"conv1a": [2, 2]}, "cut": True}, network)
    said = done(lesions, network, {"conv1a": np.zeros(4)})
    assert said["replaced_by"] == "both" and "norm1b" in said["silenced"]
    assert said["cut"] == [["conv3a", 1], ["conv3b", 0]]
    assert done(read_lesions({"grey": True}, network), network, {})["replaced_by"] == ""
    assert not read_lesions(None, network) and not read_lesions({"units": {"fc": []}}, network)


@pytest.mark.parametrize(
    "asked",
    [
        {"columns": [2]},
        {"columns": [-1]},
        {"units": {"nothing": [0]}},
        {"units": {"logprob": [0]}},
        {"units": {"conv1a": [4]}},
        {"everything": True},
        [1],
    ],
)
def test_what_is_not_there_cannot_be_switched_off(model, asked) -> None:
    with pytest.raises(UserError):
        read_lesions(asked, model.experiment.network)
