"""The shipped networks: counts, shapes, rates and schedules, held against the originals' figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reproduction.definition import assemble, built_in_names, find_texts
from reproduction.definition.parameters import NormParameters, UpdateRule

TOTALS = {  # parameters; those of 2011 and 2012 by an independent count of the original files
    "alexnet-2012": 60965224,
    "alexnet-2012-half": 59798312,
    "alexnet-2012-ungrouped": 62378344,
    "alexnet-200": 6576712,
    "cuda-convnet-11pct": 2112970,
    "cuda-convnet-13pct": 1116490,
    "cuda-convnet-18pct": 89578,
    "cuda-convnet-80sec": 145578,
    "lenet-5": 61706,
}


def test_these_networks_are_shipped() -> None:
    assert built_in_names() == sorted(TOTALS)


@pytest.mark.parametrize("name", TOTALS)
def test_every_network_assembles_without_a_warning_and_has_its_parameters(name: str) -> None:
    run = assemble(find_texts(name))
    assert run.network.parameter_count == TOTALS[name]
    assert run.warnings == ()
    assert run.name == name
    assert run.recipe.description and run.recipe.source and run.recipe.dialect
    run.at(run.recipe.epochs)


@pytest.mark.parametrize("name", sorted(set(TOTALS) - {"lenet-5"}))
def test_the_networks_of_the_originals_pass_their_limits(name: str) -> None:
    assert assemble(find_texts(name), strict=True) == assemble(find_texts(name))


def test_alexnet_stands_in_two_columns() -> None:
    described = assemble(find_texts("alexnet-2012")).to_json()
    assert [column["parameters"] for column in described["by_column"]] == [32531112, 28434112]
    assert described["first_layers"] == ["conv1a", "conv1b"]
    layers = {layer["name"]: layer for layer in described["layers"]}
    assert described["image_shape"] == [3, 224, 224]
    assert layers["conv1a"]["output_shape"] == layers["conv1b"]["output_shape"] == [48, 55, 55]
    assert layers["pool3b"]["output_shape"] == [128, 6, 6]
    assert layers["conv3b"]["weights"] == {
        "conv3b/weights_0": [192, 128, 3, 3],
        "conv3b/weights_1": [192, 128, 3, 3],
    }
    assert layers["fc2048bb"]["inputs"] == ["hs1b", "hs1a"]
    assert [layers[name]["column"] for name in ("conv1b", "conv5b", "hs2b", "fc1000", "logprob")] == [
        1,
        1,
        1,
        0,
        0,
    ]
    assert [layers[name]["activation"] for name in ("conv1a", "pool1a", "conv5a", "pool3a")] == [
        None,
        "relu",
        None,
        "relu",
    ]


def test_alexnet_normalises_as_experiment_145_did() -> None:
    norms = assemble(find_texts("alexnet-2012")).parameters.norms
    assert norms["rnorm1a"] == norms["rnorm2b"] == NormParameters(0.0001 / 5, 0.75, 2.0)
    assert norms["cnorm2a"] == norms["cnorm2b"] == NormParameters(0.001 / 25, 0.75, 1.0)


def test_alexnet_starts_and_goes_on_as_the_notes_of_experiment_145_say() -> None:
    run = assemble(find_texts("alexnet-2012"))
    assert run.parameters.rules["conv2a/weights_0"] == UpdateRule(0.01, 0.9, 0.0005)
    assert run.parameters.rules["conv2a/biases"] == UpdateRule(0.02, 0.9, 0.0)
    assert run.parameters.costs["logprob"].top_k == 5

    def rates(epoch: int) -> tuple[float, float, float, float]:
        now = run.at(epoch)
        rules = now.parameters.rules
        names = ("conv1b/weights_0", "conv1b/biases", "fc1000/weights_1")
        first, biases, last = (rules[name].rate for name in names)
        return (first, biases, last, now.recipe.color_noise)

    assert {epoch: rates(epoch) for epoch in (0, 24, 25, 51, 66, 67, 72, 78, 79, 91)} == {
        0: (0.01, 0.02, 0.01, 0.1),
        24: (0.01, 0.02, 0.01, 0.1),
        25: (0.001, 0.02, 0.001, 0.1),
        51: (0.0001, 0.02, 0.0001, 0.1),
        66: (0.0001, 0.02, 0.0001, 0.1),
        67: (0.00001, 0.02, 0.0001, 0.0),
        72: (0.0, 0.0, 0.0001, 0.0),
        78: (0.0, 0.0, 0.0001, 0.0),
        79: (0.0, 0.0, 0.00001, 0.0),
        91: (0.0, 0.0, 0.00001, 0.0),
    }


def test_the_control_is_trained_as_the_network_of_two_columns() -> None:
    two, one = assemble(find_texts("alexnet-2012")), assemble(find_texts("alexnet-2012-ungrouped"))
    for epoch in (0, 25, 51, 67, 72, 79):
        ours, theirs = one.at(epoch).parameters, two.at(epoch).parameters
        for layer, twin in (("conv1", "conv1a"), ("conv4", "conv4b"), ("fc1000", "fc1000")):
            assert ours.rules[f"{layer}/weights_0"] == theirs.rules[f"{twin}/weights_0"]
            assert ours.rules[f"{layer}/biases"] == theirs.rules[f"{twin}/biases"]
    assert (one.network.columns, one.network["conv2"].output_shape) == (1, (256, 27, 27))


def test_the_80_second_network_lowers_its_rates_after_eight_epochs() -> None:
    run = assemble(find_texts("cuda-convnet-80sec"))
    rules = [run.at(epoch).parameters.rules["fc64/weights_0"] for epoch in (0, 7, 8, 9)]
    assert [rule.rate for rule in rules] == [0.001, 0.001, 0.0001, 0.0001]
    assert rules[0].decay == 0.03
    assert (run.recipe.epochs, run.recipe.flip, run.view_count(multi=True)) == (14, False, 1)


def test_networks_for_crops_look_ten_times_at_a_test_picture() -> None:
    for name in ("cuda-convnet-13pct", "cuda-convnet-11pct"):
        run = assemble(find_texts(name))
        assert (run.recipe.image_size, run.recipe.input_size, run.recipe.flip) == (32, 24, True)
        assert (run.recipe.test_views, run.view_count(multi=True)) == ("multi", 10)


def test_the_language_is_read_without_torch_or_h5py() -> None:
    program = (
        "import sys; from reproduction.definition import assemble, find_texts; "
        "assemble(find_texts('lenet-5')); print([name for name in ('torch', 'h5py') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
