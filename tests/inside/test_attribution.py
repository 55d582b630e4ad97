"""Attribution: gradients held to finite differences, the other rules to their definitions in plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks
import torch

from reproduction.definition import Texts, assemble
from reproduction.errors import UserError
from reproduction.inside.attribution import sent_back
from reproduction.inside.looking import Look


def finite_differences(seen: Look, layer: str, place: tuple[int, ...]) -> np.ndarray:
    """The gradient of a unit at every number of the picture, by central differences in float64."""
    step, numbers = 1e-6, seen.view.numel()
    changes = torch.eye(numbers, dtype=torch.float64).view(numbers, *seen.view.shape[1:]) * step
    with torch.no_grad():
        above = seen.model.module(seen.view + changes)[layer]
        below = seen.model.module(seen.view - changes)[layer]
    slopes = (above - below)[(slice(None), *place)] / (2 * step)
    return slopes.view(seen.view.shape[1:]).numpy()


@pytest.mark.parametrize(
    ("neuron", "pool", "norm"), [("relu", "max", "cmrnorm"), ("tanh[1,1]", "avg", "rnorm")]
)
@pytest.mark.parametrize(("layer", "place"), [("fc", (3,)), ("conv2", (1, 2, 1)), ("norm1b", (0, 1, 2))])
def test_the_gradient_is_what_finite_differences_say(neuron, pool, norm, layer, place) -> None:
    model = small_networks.archived(small_networks.experiment(neuron, pool, norm))
    seen = small_networks.look_at(model, small_networks.pictures(1, 18))
    found = sent_back(seen, layer, *place, rule="gradient").numpy()
    expected = finite_differences(seen, layer, place)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found, expected, atol=2e-7)


# A network that plain loops can follow: two convolutions that rectify, a maximum and a norm between.
SMALL = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[one]
type=conv
inputs=data
channels=2
filters=3
filterSize=3
padding=1
initW=0.5
neuron=relu
[pool]
type=pool
inputs=one
channels=3
pool=max
sizeX=3
stride=2
[norm]
type=cmrnorm
inputs=pool
channels=3
size=3
[two]
type=conv
inputs=norm
channels=3
filters=2
filterSize=2
initW=0.5
initB=0.2
neuron=relu
[fc]
type=fc
inputs=two
outputs=2
initW=0.3
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
"""
RULE = small_networks.ONE
PARAMETERS = f"[one]\n{RULE}[two]\n{RULE}[fc]\n{RULE}[norm]\nscale=0.5\npow=0.75\n[logprob]\ncoeff=1\n"


def small_look() -> Look:
    recipe = "image-size = 7\nchannels = 2\n"
    made = assemble(Texts(SMALL, PARAMETERS, recipe, "n.cfg", "p.cfg", "r.toml"))
    return small_networks.look_at(small_networks.archived(made, 3), small_networks.pictures(1, 7, 5, 2))


def arrays_of(seen: Look) -> dict[str, np.ndarray]:
    return {name: array.detach().numpy() for name, array in seen.model.module.arrays().items()}


def transposed_filters(signal: np.ndarray, weights: np.ndarray, side: int, padding: int) -> np.ndarray:
    """Adds each filter, times the signal at its place, to the numbers it was applied to."""
    channels, size = weights.shape[1], weights.shape[2]
    result = np.zeros((channels, side + 2 * padding, side + 2 * padding))
    for unit in range(len(signal)):
        for row in range(signal.shape[1]):
            for column in range(signal.shape[2]):
                window = result[:, row : row + size, column : column + size]
                window += signal[unit, row, column] * weights[unit]
    return result[:, padding : padding + side, padding : padding + side]


def unpooled(signal: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Puts each number of the signal where the maximum of its window of 3 x 3, every 2 pixels, was."""
    result = np.zeros_like(maps)
    for unit in range(len(signal)):
        for row in range(signal.shape[1]):
            for column in range(signal.shape[2]):
                window = maps[unit, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
                for down in range(window.shape[0]):
                    for right in range(window.shape[1]):
                        if window[down, right] == window.max():
                            result[unit, 2 * row + down, 2 * column + right] += signal[unit, row, column]
    return result


def test_deconvolution_is_what_its_definition_says_in_plain_loops() -> None:
    seen = small_look()
    arrays, first = arrays_of(seen), seen.values("one").astype(np.float64)
    answers = seen.activations["two"][0].numpy()
    unit, row, column = np.unravel_index(answers.argmax(), answers.shape)
    signal = np.zeros_like(answers)
    signal[unit, row, column] = answers[unit, row, column]
    signal = transposed_filters(np.maximum(signal, 0), arrays["two/weights_0"], 4 - 1, 0)
    signal = unpooled(signal, seen.activations["one"][0].numpy())
    signal = transposed_filters(np.maximum(signal, 0), arrays["one/weights_0"], 7, 1)
    found = sent_back(seen, "two", int(unit), int(row), int(column), rule="deconvolution").numpy()
    assert np.abs(signal).max() > 0.01 and first.shape == (3, 7, 7)
    np.testing.assert_allclose(found, signal, atol=1e-12)


def test_guided_back_propagation_is_what_its_definition_says() -> None:
    """As deconvolution, but only where the layer answered, and through the derivative of the norm."""
    seen = small_look()
    arrays = arrays_of(seen)
    answers = seen.activations["two"][0].numpy()
    unit, row, column = np.unravel_index(answers.argmax(), answers.shape)
    signal = np.zeros_like(answers)
    signal[unit, row, column] = 1
    signal = transposed_filters(signal, arrays["two/weights_0"], 3, 0)
    signal = norm_derivative(seen.activations["pool"][0].numpy(), signal)
    first = seen.activations["one"][0].numpy()
    signal = unpooled(signal, first)
    signal = transposed_filters(np.where(first > 0, np.maximum(signal, 0), 0), arrays["one/weights_0"], 7, 1)
    found = sent_back(seen, "two", int(unit), int(row), int(column), rule="guided").numpy()
    assert np.abs(signal).max() > 0.01
    np.testing.assert_allclose(found, signal, atol=1e-12)


def norm_derivative(maps: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """Of y_i = x_i (1 + 0.5 / 3 * sum of x_j^2, |j - i| <= 1)^-0.75 over three maps, term by term."""
    result = np.zeros_like(maps)
    near = [[j for j in range(3) if abs(i - j) <= 1] for i in range(3)]
    sums = [1 + 0.5 / 3 * sum(maps[j] ** 2 for j in near[i]) for i in range(3)]
    for i in range(3):
        result[i] += signal[i] * sums[i] ** -0.75
        for j in near[i]:
            result[j] += signal[i] * maps[i] * -0.75 * sums[i] ** -1.75 * (0.5 / 3) * 2 * maps[j]
    return result


def test_a_unit_that_does_not_answer_sends_nothing_back() -> None:
    seen = small_look()
    answers = seen.activations["one"][0].numpy()
    unit, row, column = np.argwhere(answers == 0)[0]
    for rule in ("gradient", "guided", "deconvolution"):
        assert not sent_back(seen, "one", int(unit), int(row), int(column), rule=rule).any()


def test_rules_and_units_that_are_not_there_are_refused() -> None:
    seen = small_look()
    with pytest.raises(UserError, match="no rule 'magic'"):
        sent_back(seen, "one", 0, rule="magic")
    with pytest.raises(UserError, match="no unit"):
        sent_back(seen, "one", 3, rule="gradient")
    with pytest.raises(UserError, match="no layer 'logprob'"):
        sent_back(seen, "logprob", 0, rule="gradient")
