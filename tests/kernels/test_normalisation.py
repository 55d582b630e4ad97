"""Normalisation against plain loops, against the reference vectors, and against finite differences."""

from __future__ import annotations

import time

import numpy as np
import picture_references
import pytest
import references
import torch

from reproduction.definition.layers import ContrastNorm, ResponseNorm
from reproduction.definition.parameters import NormParameters, Parameters
from reproduction.kernels.chain import normalise
from reproduction.kernels.normalisation import Normalisation
from reproduction.model.layers import NormModule


def both_passes(x: np.ndarray, g: np.ndarray, norm: Normalisation) -> tuple[np.ndarray, np.ndarray]:
    """Output and input gradient in float64."""
    images = torch.from_numpy(x.astype(float)).requires_grad_()
    y = normalise(images, norm)
    y.backward(torch.from_numpy(g.astype(float)))
    assert images.grad is not None
    return y.detach().numpy(), images.grad.numpy()


def column(*values: float) -> np.ndarray:
    """One image of one pixel with a map for each value."""
    return np.array(values, float).reshape(1, -1, 1, 1)


ACROSS_VECTORS = [
    (5, False, [0.3083678, 0.4204482, 0.4381913, 0.4229485, 0.5451225, 0.7042702]),
    (4, False, [0.4131307, 0.5568753, 0.5544068, 0.5120486, 0.4684563, 0.6062225]),
    (4, True, [0.1848023, 0.3696045, 0.5544068, 0.7392091, 0.5907152, 0.7088583]),
]
ACROSS_GRADIENTS = [
    (5, [0.2992070, -0.0436987, -0.2116118, 0.1525985, -0.0735947, -0.0316079]),
    (4, [0.3873463, -0.1011220, -0.1934785, 0.2016639, -0.1773730, 0.0368488]),
]


@pytest.mark.parametrize(("size", "blocked", "expected"), ACROSS_VECTORS)
def test_across_maps_gives_the_reference_vectors(size, blocked, expected) -> None:
    norm = Normalisation(size, alpha=1 / size, power=0.75, constant=2, across_maps=True, blocked=blocked)
    y, _ = both_passes(column(1, 2, 3, 4, 5, 6), column(0, 0, 0, 0, 0, 0), norm)
    np.testing.assert_allclose(y.ravel(), expected, atol=5e-8)


@pytest.mark.parametrize(("size", "expected"), ACROSS_GRADIENTS)
def test_across_maps_sends_the_reference_gradients_back(size, expected) -> None:
    norm = Normalisation(size, alpha=1 / size, power=0.75, constant=2, across_maps=True)
    _, gradient = both_passes(column(1, 2, 3, 4, 5, 6), column(1, 0, -1, 2, 0, 1), norm)
    np.testing.assert_allclose(gradient.ravel(), expected, atol=5e-8)


def test_within_a_map_gives_the_reference_vectors() -> None:
    norm = Normalisation(3, alpha=1 / 9, power=0.5, constant=1, across_maps=False)
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    y, _ = both_passes(x, np.zeros_like(x), norm)
    expected = [0.404520, 0.6, 0.987878, 0.925820, 0.874818, 1.192079, 1.644847, 1.434274, 1.841385]
    np.testing.assert_allclose(y.ravel(), expected, atol=5e-7)


@pytest.mark.parametrize("power", [0.75, 0.5, 1.3])
@pytest.mark.parametrize(
    ("maps", "size", "blocked"), [(7, 5, False), (7, 4, False), (3, 5, False), (7, 3, True), (2, 2, False)]
)
def test_across_maps_equals_plain_loops(maps, size, blocked, power) -> None:
    random = np.random.default_rng(maps)
    x, g = random.standard_normal((2, 3, maps, 5, 5))
    constants = {"size": size, "alpha": 0.3, "power": power, "constant": 1.5, "blocked": blocked}
    y, gradient = both_passes(x, g, Normalisation(across_maps=True, **constants))
    np.testing.assert_allclose(y, references.normalise_across_maps(x, **constants)[0], rtol=1e-12)
    expected = references.normalise_across_maps_gradient(x, g, **constants)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("power", [0.75, 0.5])
@pytest.mark.parametrize(("side", "size"), [(6, 5), (5, 4), (3, 5), (7, 3), (4, 2)])
def test_within_a_map_equals_plain_loops(side, size, power) -> None:
    random = np.random.default_rng(side)
    x, g = random.standard_normal((2, 2, 3, side, side))
    constants = {"size": size, "alpha": 0.2, "power": power, "constant": 1.0}
    y, gradient = both_passes(x, g, Normalisation(across_maps=False, **constants))
    np.testing.assert_allclose(y, references.normalise_within_map(x, **constants)[0], rtol=1e-12)
    expected = references.normalise_within_map_gradient(x, g, **constants)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("across_maps", [True, False])
def test_the_gradient_is_the_true_one(across_maps) -> None:
    random = np.random.default_rng(5)
    x, g = random.standard_normal((2, 1, 4, 4, 4))
    norm = Normalisation(4, alpha=0.5, power=0.75, constant=1, across_maps=across_maps)
    _, gradient = both_passes(x, g, norm)

    def weighted(values: np.ndarray) -> float:
        return float((normalise(torch.from_numpy(values), norm).numpy() * g).sum())

    np.testing.assert_allclose(gradient, references.numerical_gradient(weighted, x), rtol=1e-6, atol=1e-8)


CONTRAST_VECTOR = [0.762001, 1.466033, 2.545584, 2.771281, 3.061862, 4.156922, 5.939697, 5.864133, 6.858007]
CENTRED_VALUES = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]


def test_contrast_normalisation_gives_the_reference_vectors() -> None:
    norm = Normalisation(3, alpha=1 / 9, power=0.5, constant=1, across_maps=False, contrast=True)
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    y, _ = both_passes(x, np.zeros_like(x), norm)
    np.testing.assert_allclose(y.ravel(), CONTRAST_VECTOR, atol=5e-7)
    centred = norm.measured(torch.from_numpy(x).permute(0, 2, 3, 1)).flatten()
    np.testing.assert_allclose(centred.numpy(), CENTRED_VALUES, atol=1e-12)
    _, _, d = picture_references.contrast_normalise(x, x, 3, alpha=1 / 9, power=0.5, constant=1)
    np.testing.assert_allclose(d.ravel(), CENTRED_VALUES, atol=1e-12)


@pytest.mark.parametrize("power", [0.75, 1.3])
@pytest.mark.parametrize(("side", "size"), [(6, 5), (5, 4), (3, 5), (7, 3), (4, 2), (3, 1)])
def test_contrast_normalisation_equals_plain_loops(side, size, power) -> None:
    random = np.random.default_rng(side)
    x, g = random.standard_normal((2, 2, 3, side, side))
    constants = {"size": size, "alpha": 0.2, "power": power, "constant": 1.0}
    y, gradient = both_passes(x, g, Normalisation(across_maps=False, contrast=True, **constants))
    y_expected, gradient_expected, _ = picture_references.contrast_normalise(x, g, **constants)
    np.testing.assert_allclose(y, y_expected, rtol=1e-12)
    np.testing.assert_allclose(gradient, gradient_expected, rtol=1e-10, atol=1e-13)


def test_the_gradient_of_contrast_normalisation_holds_the_local_means_fixed() -> None:
    random = np.random.default_rng(5)
    x, g = random.standard_normal((2, 1, 2, 4, 4))
    norm = Normalisation(3, alpha=0.5, power=0.75, constant=1, across_maps=False, contrast=True)
    _, gradient = both_passes(x, g, norm)
    means = x - norm.measured(torch.from_numpy(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2).numpy()

    def weighted(values: np.ndarray) -> float:
        distances = torch.from_numpy(values - means).permute(0, 2, 3, 1)
        denominators = norm.denominators(distances).permute(0, 3, 1, 2).numpy()
        return float((values * denominators**-0.75 * g).sum())

    np.testing.assert_allclose(gradient, references.numerical_gradient(weighted, x), rtol=1e-6, atol=1e-8)


RESPONSE = {"inputs": ("x",), "input_shapes": ((4, 5, 5),), "output_shape": (4, 5, 5), "size": 3}


@pytest.mark.parametrize(
    ("layer", "norm"),
    [
        (
            ResponseNorm(name="n", scope="across_maps", blocked=True, **RESPONSE),
            Normalisation(3, 0.25, 0.75, 1.5, across_maps=True, blocked=True),
        ),
        (
            ResponseNorm(name="n", scope="within_map", blocked=False, **RESPONSE),
            Normalisation(3, 0.25, 0.75, 1.5, across_maps=False),
        ),
        (
            ContrastNorm(name="n", **RESPONSE),
            Normalisation(3, 0.25, 0.75, 1.5, across_maps=False, contrast=True),
        ),
    ],
)
def test_a_norm_layer_takes_its_numbers_from_the_parameter_file(layer, norm) -> None:
    module = NormModule(layer)
    module.use(Parameters(norms={"n": NormParameters(alpha=0.25, power=0.75, constant=1.5)}))
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(module(x), normalise(x, norm))


def test_a_large_batch_is_normalised_in_pieces_with_the_same_result() -> None:
    x = torch.randn(100, 16, 16, 16, generator=torch.Generator().manual_seed(1))
    norm = Normalisation(5, alpha=2e-5, power=0.75, constant=2, across_maps=True)
    whole = normalise(x.contiguous(memory_format=torch.channels_last), norm)
    single = torch.cat([normalise(image[None], norm) for image in x])
    torch.testing.assert_close(whole, single, rtol=1e-6, atol=1e-6)


def test_it_equals_torch_and_is_much_faster() -> None:
    x = torch.randn(16, 96, 27, 27, generator=torch.Generator().manual_seed(1))
    x = x.contiguous(memory_format=torch.channels_last)
    stock = torch.nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)
    norm = Normalisation(5, alpha=2e-5, power=0.75, constant=2, across_maps=True)

    def seconds_and_gradient(function) -> tuple[float, torch.Tensor]:
        best = float("inf")
        for _ in range(3):
            images = x.clone().requires_grad_()
            began = time.perf_counter()
            function(images).sum().backward()
            best = min(best, time.perf_counter() - began)
        assert images.grad is not None
        return best, images.grad

    slow, expected = seconds_and_gradient(stock)
    fast, gradient = seconds_and_gradient(lambda images: normalise(images, norm))
    torch.testing.assert_close(gradient, expected, rtol=1e-5, atol=1e-6)
    # Measured 14 times as fast; a busy machine must not fail the test.
    assert slow > 1.5 * fast
