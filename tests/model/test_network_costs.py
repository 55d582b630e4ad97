"""Costs, labels and shared weights in whole networks: what reaches the weights, and what is counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from reproduction.definition import Texts, assemble
from reproduction.errors import DefinitionError
from reproduction.model.costs import mean_over_views
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

DATA = "[data]\ntype=data\ndataIdx=0\n"
LABELLED = "[labels]\ntype=data\ndataIdx=1\n"
FC = "[fc]\ntype=fc\ninputs=data\noutputs=5\ninitW=0.3\n"
PROBS = "[probs]\ntype=softmax\ninputs=fc\n"
LOGPROB = "[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
LABELS = torch.tensor([0, 4, 2])
PICTURES = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 3, 4, 4)))


def module(
    layers: str,
    costs: dict[str, str],
    *,
    inputs: dict[str, int] | None = None,
    seed: int = 1,
    dialect: str = "2012",
) -> NetworkModule:
    """The network of these layers in float64; `costs` are their parameter keys, `inputs` the number of inputs
    of the layers with weights (fc: 1)."""
    sections = []
    for name, count in (inputs or {"fc": 1}).items():
        rates, momenta = ",".join(["0.1"] * count), ",".join(["0"] * count)
        sections.append(f"[{name}]\nepsW={rates}\nepsB=0.1\nmomW={momenta}\nmomB=0\nwc={momenta}\n")
    sections += [f"[{name}]\n{keys}\n" for name, keys in costs.items()]
    definition = DATA + (LABELLED if "labels" in layers else "") + layers
    texts = Texts(definition, "".join(sections), "image-size = 4\n", "n.cfg", "p.cfg", "r.toml")
    made = assemble(texts, dialect=dialect)
    network = NetworkModule(made.network, made.parameters, seed)
    network.load(initial_weights(made.network, 3))
    return network.double()


def gradients(network: NetworkModule) -> dict[str, np.ndarray]:
    """Gradient of the objective at every array."""
    arrays = network.arrays()
    objective, _ = network.objective(network(PICTURES, labels=LABELS), LABELS)
    found = torch.autograd.grad(objective, list(arrays.values()), allow_unused=True)
    return {
        name: np.zeros(array.shape) if gradient is None else gradient.numpy()
        for (name, array), gradient in zip(arrays.items(), found, strict=True)
    }


def assert_true_gradient(network: NetworkModule) -> None:
    """The gradient of the objective equals finite differences."""

    def cost(*_: torch.Tensor) -> torch.Tensor:
        return network.objective(network(PICTURES, labels=LABELS), LABELS)[0]

    arrays = list(network.arrays().values())
    assert torch.autograd.gradcheck(cost, arrays, eps=1e-6, atol=1e-5, fast_mode=True)


CROSSENT = FC + PROBS + "[cost]\ntype=cost.crossent\ninputs=labels,probs\n"
BINARY = FC + "neuron=logistic\n[cost]\ntype=cost.{}\ninputs=labels,fc\n"
FLICKR = FC + "neuron=logistic\n[cost]\ntype=cost.rflickr\ninputs=labels,fc\n"
MULTI = FC + "[cost]\ntype=cost.msm\ninputs=labels,fc\n"
SQUARES = FC + "[cost]\ntype=cost.sum2\ninputs=fc\n"
GATED = FC + "[cost]\ntype=cost.gsum2\ninputs=labels,fc\n"
ALL = {
    CROSSENT: "coeff=1",
    BINARY.format("crossent2"): "coeff=0.5",
    BINARY.format("bce"): "coeff=1\nposWeight=3",
    BINARY.format("dce"): "coeff=1",
    BINARY.format("bce").replace("logistic", "brelu[1]"): "coeff=1",
    FLICKR: "coeff=2",
    MULTI: "coeff=1\nsetSize=2\nthreads=1",
    SQUARES: "coeff=0.01",
    GATED: "coeff=0.01",
}


@pytest.mark.parametrize(("layers", "keys"), ALL.items())
def test_every_cost_trains_a_network_by_its_true_gradient(layers, keys) -> None:
    network = module(layers, {"cost": keys})
    assert_true_gradient(network)
    coefficient = float(keys.partition("=")[2].partition("\n")[0])
    objective, measured = network.objective(network(PICTURES, labels=LABELS), LABELS)
    sums = network.sums(measured.detach(), LABELS, 3)
    assert sums.images == 3
    assert objective.item() == pytest.approx(coefficient * sums.logprob, rel=1e-9)
    assert 0 <= sums.topk <= sums.top1 <= 3


def test_errors_are_those_of_the_answers() -> None:
    network = module(BINARY.format("bce"), {"cost": "coeff=1"})
    logs = torch.tensor([[0.7, 0.6, 0.1, 0.1, 0.1], [0.2, 0.9, 0.1, 0.1, 0.3], [0.0, 1.0, 0.4, 0.4, 0.1]])
    sums = network.sums(logs.log(), LABELS, 2)
    assert (sums.top1, sums.topk) == (2.0, 0.5)
    there = [0.7, 0.3, 0.4]
    absent = [0.4, 0.9, 0.9, 0.9, 0.8, 0.1, 0.9, 0.9, 0.6, 0.9]
    expected = -sum(map(math.log, there + absent)) + 50  # one answer is sure of the wrong class: log 0 is -50
    assert sums.logprob == pytest.approx(expected, rel=1e-5)


def test_the_class_cross_entropy_accepts_any_of_the_most_probable_classes() -> None:
    network = module(CROSSENT, {"cost": "coeff=1"})
    logs = torch.tensor([[0.3, 0.3, 0.2, 0.1, 0.1], [0.2] * 5, [0.1, 0.9, 0.0, 0.0, 0.0]]).log()
    sums = network.sums(logs, LABELS, 2)
    assert sums.top1 == 1
    assert sums.logprob == pytest.approx(-math.log(0.3) - math.log(0.2) + 50, rel=1e-6)


def test_a_cost_that_knows_no_classes_counts_no_errors_and_views_average_its_value() -> None:
    network = module(SQUARES, {"cost": "coeff=1"})
    measured = mean_over_views([torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0, 4.0, 5.0])])
    sums = network.sums(measured, LABELS, 2)
    assert (sums.logprob, sums.top1, sums.topk) == (9.0, 0.0, 0.0)


TWO = FC + PROBS + LOGPROB + "[squares]\ntype=cost.sum2\ninputs=fc\n"


def test_several_costs_add_up_and_one_with_coefficient_zero_sends_nothing() -> None:
    both = gradients(module(TWO, {"logprob": "coeff=1", "squares": "coeff=0.25"}))
    first = gradients(module(TWO, {"logprob": "coeff=1", "squares": "coeff=0"}))
    second = gradients(module(TWO, {"logprob": "coeff=0", "squares": "coeff=0.25"}))
    alone = gradients(module(FC + PROBS + LOGPROB, {"logprob": "coeff=1"}))
    for name in both:
        np.testing.assert_allclose(both[name], first[name] + second[name], rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(first[name], alone[name])
        assert second[name].any()


def test_every_cost_is_reported_where_there_is_more_than_one_cross_entropy() -> None:
    network = module(TWO, {"logprob": "coeff=1\ntopk=2", "squares": "coeff=0"})
    activations = network(PICTURES, labels=LABELS)
    reports = network.reports(activations, LABELS)
    sums = network.sums(network.measured(activations, LABELS).detach(), LABELS, 2)
    expected = {"value": sums.logprob, "top-1 error": sums.top1, "top-2 error": sums.topk}
    assert reports["logprob"] == pytest.approx(expected)
    assert reports["squares"] == pytest.approx({"value": activations["fc"].square().sum().item()})
    alone = module(FC + PROBS + LOGPROB, {"logprob": "coeff=1"})
    assert alone.reports(alone(PICTURES), LABELS) == {}


@pytest.mark.parametrize("kind", ["bce", "dce"])
def test_declarations_are_counted_as_the_original_did(kind) -> None:
    network = module(BINARY.format(kind), {"cost": "coeff=1"})
    activations = network(PICTURES, labels=LABELS)
    answers = [[0.7, 0.6, 0.1, 0.1, 0.1], [0.2, 0.9, 0.1, 0.1, 0.3], [0.5, 1.0, 0.6, 0.4, 0.1]]
    activations["fc"] = torch.tensor(answers, dtype=torch.float64)
    said = network.reports(activations, LABELS)["cost"]
    if kind == "bce":
        assert said["wrong outputs"] == pytest.approx((1 + 2 + 1) / 5)
    else:
        assert (said["declared"], said["there"], said["right"]) == (5, 3, 2)


def test_the_numbers_of_children_are_added_to_their_parents() -> None:
    second = "[fc2]\ntype=fc\ninputs=data\noutputs=5\ninitW=0.3\ngpu=0\n[second]\ntype=softmax\ninputs=fc2\n"
    parent = "[parent]\ntype=cost.logreg\ninputs=labels,second\nchildren=logprob\n"
    layers = FC + "gpu=0\n" + PROBS + LOGPROB + second + parent
    keys = dict.fromkeys(("logprob", "parent"), "coeff=1")
    network = module(layers, keys, inputs={"fc": 1, "fc2": 1}, dialect="2014")
    activations = network(PICTURES)
    reports = network.reports(activations, LABELS)
    own = torch.nn.functional.nll_loss(activations["second"].log(), LABELS, reduction="sum").item()
    assert reports["parent"]["value"] == pytest.approx(own + reports["logprob"]["value"])


def test_a_softmax_that_others_read_too_has_the_general_derivative() -> None:
    layers = (
        FC
        + PROBS
        + "[again]\ntype=fc\ninputs=probs\noutputs=2\ninitW=1\n"
        + LOGPROB
        + "[squares]\ntype=cost.sum2\ninputs=again\n"
    )
    costs = {"logprob": "coeff=1", "squares": "coeff=2"}
    assert_true_gradient(module(layers, costs, inputs={"fc": 1, "again": 1}))


def test_labels_enter_other_layers_as_one_number_for_each_class() -> None:
    layers = FC + (
        "[difference]\ntype=eltsum\ninputs=labels,fc\ncoeffs=1,-1\n[cost]\ntype=cost.sum2\ninputs=difference\n"
    )
    network = module(layers, {"cost": "coeff=1"})
    activations = network(PICTURES, labels=LABELS)
    expected = np.zeros((3, 5))
    expected[[0, 1, 2], LABELS.numpy()] = 1
    np.testing.assert_array_equal(activations["labels"].numpy(), expected)
    difference = expected - activations["fc"].detach().numpy()
    np.testing.assert_allclose(activations["difference"].detach().numpy(), difference)
    assert "difference" not in network(PICTURES)
    assert_true_gradient(network)


def test_a_part_of_the_pictures_is_a_run_of_their_numbers() -> None:
    part = "[part]\ntype=data\ndataIdx=0\nstart=5\nend=40\n"
    layers = part + FC.replace("inputs=data", "inputs=data,part").replace("0.3", "0.3,0.3") + PROBS + LOGPROB
    network = module(layers, {"logprob": "coeff=1"}, inputs={"fc": 2}, dialect="2014")
    assert network.arrays()["fc/weights_1"].shape == (5, 35)
    np.testing.assert_array_equal(network(PICTURES)["part"].numpy(), PICTURES.reshape(3, 48)[:, 5:40].numpy())


CONV = "type=conv\ninputs={}\nchannels=3\nfilters=3\nfilterSize=3\npadding=1\ninitW=0.2\n"
CHAIN = (
    f"[conv1]\n{CONV.format('data')}[conv2]\n{CONV.format('conv1')}weightSource={{}}\n"
    + FC.replace("data", "conv2")
    + PROBS
    + LOGPROB
)
WEIGHTED = {"conv1": 1, "conv2": 1, "fc": 1}


def test_shared_weights_serve_both_layers_and_gather_what_both_send_back() -> None:
    shared = module(CHAIN.format("conv1"), {"logprob": "coeff=1"}, inputs=WEIGHTED)
    assert "conv2/weights_0" not in shared.arrays()
    own = module(CHAIN.format(""), {"logprob": "coeff=1"}, inputs=WEIGHTED)
    arrays = {name: array.detach().numpy() for name, array in shared.arrays().items()}
    own.float().load({**arrays, "conv2/weights_0": arrays["conv1/weights_0"]})
    together, apart = gradients(shared), gradients(own.double())
    expected = apart["conv1/weights_0"] + apart["conv2/weights_0"]
    np.testing.assert_allclose(together["conv1/weights_0"], expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(together["conv2/biases"], apart["conv2/biases"], rtol=1e-10, atol=1e-12)
    shared.on(torch.device("cpu"))
    assert shared["conv2"].weights[0] is shared.arrays()["conv1/weights_0"]


def test_one_matrix_may_serve_two_inputs_of_a_layer() -> None:
    layers = FC.replace("inputs=data", "inputs=data,data").replace("0.3", "0.3,0.3") + "weightSource=,fc[0]\n"
    network = module(layers + PROBS + LOGPROB, {"logprob": "coeff=1"}, inputs={"fc": 2})
    assert list(network.arrays()) == ["fc/weights_0", "fc/biases"]
    values = PICTURES.reshape(3, 48).numpy() @ network.arrays()["fc/weights_0"].detach().numpy().T
    np.testing.assert_allclose(network(PICTURES)["fc"].detach().numpy(), 2 * values, rtol=1e-10)
    assert_true_gradient(network)


def test_shared_random_connections_need_inputs_of_as_many_channels() -> None:
    sparse = (
        "type=local\ninputs={}\nchannels={}\nfilters=1\nfilterSize=3\ngroups=4\nrandSparse=true\n"
        "filterChannels=4\ninitW=0.2\n"
    )
    convs = "".join(
        f"[conv{count}]\n" + CONV.format("data").replace("filters=3", f"filters={count}") for count in (8, 16)
    )
    layers = f"{convs}[first]\n{sparse.format('conv8', 8)}[second]\n{sparse.format('conv16', 16)}"
    both = "[sum]\ntype=eltsum\ninputs=first,second\n"
    with pytest.raises(DefinitionError, match="the same groups and connections"):
        module(layers + "weightSource=first\n" + both + FC.replace("data", "sum") + PROBS + LOGPROB, {})


def test_random_connections_follow_the_seed_of_the_run() -> None:
    sparse = (
        "[sparse]\ntype=local\ninputs=conv\nchannels=8\nfilters=1\nfilterSize=3\ngroups=4\nrandSparse=true\n"
        "initW=0.2\n"
    )
    conv = "[conv]\n" + CONV.format("data").replace("filters=3", "filters=8")
    layers = conv + sparse + FC.replace("data", "sparse") + PROBS + LOGPROB
    inputs = {"conv": 1, "sparse": 1, "fc": 1}
    answers = [
        module(layers, {"logprob": "coeff=1"}, inputs=inputs, seed=seed)(PICTURES)["fc"] for seed in (1, 1, 2)
    ]
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])
