"""Which layers of a network stand abreast, so that stock layers can take all columns in one tensor."""

from __future__ import annotations

import pytest
import two_columns

from reproduction.benchmarks.columns import ranks
from reproduction.definition import Experiment, Texts, assemble, find_texts
from reproduction.definition.experiment import built_in_names
from reproduction.errors import UserError


def summary(experiment: Experiment) -> dict[str, tuple[int, bool]]:
    """First layer of each rank -> how many stand in it, and whether they read all columns."""
    return {rank.layer.name: (rank.columns, rank.crosses) for rank in ranks(experiment.network)}


def test_the_layers_of_two_columns_stand_abreast_and_cross_where_they_read_both() -> None:
    assert summary(two_columns.experiment()) == {
        "data": (1, False),
        "conv1a": (2, True),
        "rnorm1a": (2, False),
        "pool1a": (2, False),
        "conv2a": (2, False),
        "cnorm2a": (2, False),
        "pool2a": (2, False),
        "fc5a": (2, True),
        "hs1a": (2, False),
        "fc3": (1, True),
    }


@pytest.mark.parametrize("name", built_in_names())
def test_every_network_that_is_shipped_is_a_sequence_of_ranks(name: str) -> None:
    experiment = assemble(find_texts(name))
    found = summary(experiment)
    assert max(columns for columns, _ in found.values()) == experiment.network.columns
    assert sum(columns for columns, _ in found.values()) == len(experiment.network.layers) - 3


DATA = "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
FC = "[{0}]\ntype=fc\ninputs={1}\noutputs=4\ninitW=0.1\n"
END = "[probs]\ntype=softmax\ninputs={0}\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"


@pytest.mark.parametrize(
    ("layers", "complaint"),
    [
        (
            FC.format("fc1", "data")
            + FC.format("fc2", "fc1")
            + "[sum]\ntype=eltsum\ninputs=fc1,fc2\ncoeffs=1,1\n"
            + END.format("sum"),
            "layer 'sum' reads other layers than those just before it",
        ),
        (
            FC.format("fc1", "data") + END.format("fc1") + "[size]\ntype=cost.sum2\ninputs=fc1\n",
            "only networks with one cross-entropy",
        ),
        (
            FC.format("fc1", "data") + "neuron=logistic\n[logprob]\ntype=cost.crossent2\ninputs=labels,fc1\n",
            "only networks with one cross-entropy",
        ),
    ],
)
def test_a_network_that_is_no_plain_sequence_is_refused_in_one_sentence(layers: str, complaint: str) -> None:
    texts = Texts(DATA + layers, "", "image-size=8\n", "odd.cfg", "", "odd.toml")
    network = assemble(texts, require_parameters=False).network
    with pytest.raises(UserError, match=complaint):
        ranks(network)
