"""`--set KEY=VALUE` and the schedule: what they reach, and what they refuse."""

from __future__ import annotations

import pytest
from definition_texts import CONV, DATA, DEFINITION, PARAMETERS, POOL, RECIPE, TOP, texts

from reproduction.definition import Experiment, assemble
from reproduction.definition.layers import Activation, Convolution, FullyConnected
from reproduction.errors import DefinitionError


def with_set(*overrides: str, recipe: str = RECIPE) -> Experiment:
    return assemble(texts(DEFINITION, PARAMETERS, recipe, *overrides))


def error(*overrides: str, recipe: str = RECIPE) -> str:
    with pytest.raises(DefinitionError) as caught:
        with_set(*overrides, recipe=recipe)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def step(epoch: int, settings: str) -> str:
    return f"{RECIPE}[[schedule]]\nepoch = {epoch}\nset = {{ {settings} }}\n"


def test_one_manner_reaches_all_three_texts() -> None:
    changed = with_set("conv1.filterSize=3", "conv1.filtersize=4", "fc10.epsW=0.5", "epochs=3")
    conv = changed.network["conv1"]
    assert isinstance(conv, Convolution) and conv.kernel_size == (4,)
    assert changed.parameters.rules["fc10/weights_0"].rate == 0.5
    assert changed.recipe.epochs == 3


def test_a_star_reaches_every_layer_that_has_the_key() -> None:
    changed = with_set("*.epsW=0.5", "fc*.epsB=0.25", "*.neuron=tanh[1,1]")
    rules = changed.parameters.rules
    assert [rules[f"{name}/weights_0"].rate for name in ("conv1", "fc10")] == [0.5, 0.5]
    assert [rules[f"{name}/biases"].rate for name in ("conv1", "fc10")] == [0.002, 0.25]
    assert changed.network["pool1"].activation == Activation("tanh", (1.0, 1.0))
    assert changed.network["conv1"].activation is None


def test_one_value_stands_for_all_inputs() -> None:
    top = TOP.replace("inputs=pool1", "inputs=pool1,conv1").replace("initW=0.1", "initW=0.1,0.1")
    rule = "epsW=0.1,0.1\nepsB=0\nmomW=0,0\nmomB=0\nwc=0,0\n"
    parameters = f"[conv1]\n{rule.replace(',0.1', '').replace(',0', '')}[fc10]\n{rule}[logprob]\ncoeff=1\n"
    changed = assemble(texts(DATA + CONV + POOL + top, parameters, RECIPE, "*.epsW=0.5", "fc10.initW=0.25"))
    assert [changed.parameters.rules[f"fc10/weights_{index}"].rate for index in (0, 1)] == [0.5, 0.5]
    layer = changed.network["fc10"]
    assert isinstance(layer, FullyConnected) and layer.weight_std == (0.25, 0.25)


def test_a_layer_whose_name_has_dots_can_be_set() -> None:
    definition = DEFINITION.replace("fc10", "fc10.a")
    changed = assemble(texts(definition, PARAMETERS.replace("fc10", "fc10.a"), RECIPE, "fc10.a.outputs=7"))
    assert changed.network.classes == 7


def test_the_later_setting_wins() -> None:
    assert with_set("epochs=3", "epochs=4").recipe.epochs == 4


WRONG = {
    "epochs": "--set: expected KEY=VALUE, such as conv1.epsW=0.001, got 'epochs'",
    "=3": "--set: expected KEY=VALUE, such as conv1.epsW=0.001, got '=3'",
    "a=b\nc": "--set: expected KEY=VALUE, such as conv1.epsW=0.001, got 'a=b c'",
    "epoch=3": "--set epoch=3: there is no recipe key 'epoch'; did you mean 'epochs'?",
    "conv1=3": "--set conv1=3: expected conv1.KEY=VALUE with a key of that layer",
    "cov1.epsW=3": "--set cov1.epsW=3: there is no layer 'cov1'; did you mean 'conv1'?",
    "conv1.epzW=3": "--set conv1.epzW=3: layer 'conv1' of type conv has no key 'epzW'; did you mean 'epsW'?",
    "conv1.outputs=3": "--set conv1.outputs=3: layer 'conv1' of type conv has no key 'outputs'",
    "*.epzW=3": "--set *.epzW=3: no layer '*' has a key 'epzW'; did you mean 'epsW'?",
    "x*.epsW=3": "--set x*.epsW=3: no layer is called 'x*'",
    "conv1.epsW=no": (
        "--set conv1.epsW=no: layer 'conv1', key 'epsW': expected a number of at least 0, got 'no'"
    ),
    "conv1.filterSize=0": (
        "--set conv1.filterSize=0: layer 'conv1', key 'filterSize': expected whole numbers of at least 1, "
        "got '0'"
    ),
    "crop-size=33": "--set: recipe key 'crop-size': expected at most image-size, which is 32, got 33",
    "dialect=1999": (
        '--set dialect=1999: recipe key \'dialect\': expected "2011" or "2012" or "2014", got \'1999\''
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_set_is_said_with_what_is_near(text: str) -> None:
    assert error(text) == WRONG[text]


def test_a_schedule_holds_from_its_epoch_on() -> None:
    recipe = step(2, '"*.epsW" = 0.5, "color-noise" = 0.1') + step(
        4, '"conv1.epsW" = 0, "*.epsW" = 0.25'
    ).replace(RECIPE, "")
    run = with_set(recipe=recipe)
    rates = [
        tuple(run.at(epoch).parameters.rules[f"{name}/weights_0"].rate for name in ("conv1", "fc10"))
        for epoch in range(6)
    ]
    # A pattern gives way to a name in the same step, whatever their order.
    assert rates == [(0.001, 0.001)] * 2 + [(0.5, 0.5)] * 2 + [(0.0, 0.25)] * 2
    assert [run.at(epoch).recipe.color_noise for epoch in (0, 1, 2, 5)] == [0.0, 0.0, 0.1, 0.1]
    assert run.at(4).at(0) == run.at(0)
    assert run.at(4).texts == run.texts


def test_a_schedule_goes_over_settings_made_for_the_start() -> None:
    run = with_set("*.epsW=0.3", recipe=step(2, '"conv1.epsW" = 0.5'))
    assert [run.at(epoch).parameters.rules["conv1/weights_0"].rate for epoch in (0, 2)] == [0.3, 0.5]
    assert run.at(2).parameters.rules["fc10/weights_0"].rate == 0.3


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            '"epochs" = 3',
            "schedule at epoch 3: expected LAYER.key of the parameter file or one of color-noise, flip, "
            "crop-chunk, got 'epochs'",
        ),
        (
            '"fc10.outputs" = 3',
            "schedule at epoch 3: 'fc10.outputs' is a key of the definition, which stays as it is during a "
            "run; a schedule changes keys of the parameter file",
        ),
        (
            '"fc11.epsW" = 3',
            "schedule at epoch 3, fc11.epsW = 3: there is no layer 'fc11'; did you mean 'fc10'?",
        ),
        (
            '"fc10.epsW" = "a"',
            "schedule at epoch 3, fc10.epsW = a: layer 'fc10', key 'epsW': expected a number of at least "
            "0, got 'a'",
        ),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused_before_the_run(settings: str, expected: str) -> None:
    assert error(recipe=step(3, settings)) == expected
