"""Crops of pictures against plain loops, bit for bit between the backends, and refusals."""

from __future__ import annotations

import crops_references
import numpy as np
import pytest
import shim
import torch
from torch import Tensor

from reproduction.kernels import crops, native
from reproduction.kernels.crops import augment

BACKENDS = {"plain": crops._plain, "compiled": torch.ops.alexnet.augment}
# Pictures, channels, height, width, size of a crop, views.
SIZES = [
    (5, 3, 12, 12, 8, 1),
    (2, 3, 9, 9, 9, 10),
    (4, 1, 7, 9, 5, 1),
    (3, 4, 11, 8, 7, 2),
    (1, 3, 40, 40, 33, 9),
    (2, 2, 1, 1, 1, 3),
    (1, 18, 5, 5, 2, 2),
]

needs_shim = pytest.mark.skipif(bool(shim.missing()), reason="CUDA sources are not compiled for the CPU here")

Given = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | None, float, int]


def drawn(
    count: int, channels: int, height: int, width: int, size: int, views: int, noise: bool = True
) -> Given:
    """Arguments of the operator; the first two crops are at opposite corners."""
    generator = np.random.default_rng([count, channels, height, size])
    pictures = torch.from_numpy(generator.integers(0, 256, (count, channels, height, width), np.uint8))
    mean = torch.from_numpy(generator.uniform(0, 255, (channels, size, size)).astype(np.float32))
    amount = count * views
    rows, columns = (generator.integers(0, side - size + 1, amount) for side in (height, width))
    flips = generator.integers(0, 2, amount)
    rows[:2], columns[:2], flips[:2] = (
        (0, height - size)[:amount],
        (0, width - size)[:amount],
        (1, 0)[:amount],
    )
    shift = torch.from_numpy(generator.normal(0, 9, (amount, channels)).astype(np.float32)) if noise else None
    places = (torch.from_numpy(one) for one in (rows, columns, flips))
    return pictures, mean, *places, shift, 1.1 if noise else 1.0, size


def looped(given: Given) -> np.ndarray:
    pictures, mean, rows, columns, flips, shift, divisor, _ = given
    places = list(zip(rows.tolist(), columns.tolist(), flips.tolist(), strict=True))
    added = None if shift is None else shift.double().numpy()
    return crops_references.augmented(pictures.numpy(), mean.double().numpy(), places, added, divisor)


def same_bits(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one.contiguous().view(torch.int32), other.contiguous().view(torch.int32))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_crops_are_what_loops_compute(backend, noise, sizes) -> None:
    given = drawn(*sizes, noise=noise)
    found = BACKENDS[backend](*given)
    expected = looped(given)
    assert found.dtype == torch.float32 and found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    # Two or three roundings of values up to 300, of 24 bits each.
    np.testing.assert_allclose(found.numpy(), expected, atol=5e-5, rtol=0)


@pytest.mark.skipif(bool(native.trouble("crops")), reason="no C++ compiler")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sizes", SIZES)
def test_compiled_and_plain_give_the_same_bits(threads, sizes) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for noise in (False, True):
            given = drawn(*sizes, noise=noise)
            assert same_bits(torch.ops.alexnet.augment(*given), crops._plain(*given))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_shift_and_a_divisor_go_without_each_other(backend) -> None:
    *places, shift, _, size = drawn(*SIZES[0])
    for change in ((shift, 1.0, size), (None, 1.7, size)):
        given = (*places, *change)
        np.testing.assert_allclose(BACKENDS[backend](*given).numpy(), looped(given), atol=5e-5, rtol=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_any_layout_of_the_arguments_gives_the_same(backend) -> None:
    pictures, mean, rows, columns, flips, shift, divisor, size = drawn(*SIZES[3])
    assert shift is not None
    expected = BACKENDS[backend](pictures, mean, rows, columns, flips, shift, divisor, size)
    turned = pictures.contiguous(memory_format=torch.channels_last)
    apart = torch.stack([rows, columns, flips], dim=1).unbind(dim=1)
    wide = torch.cat([mean, mean], dim=2)[:, :, : mean.shape[2]]
    found = BACKENDS[backend](turned, wide, *apart, shift.T.contiguous().T, divisor, size)
    assert same_bits(found, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_pictures_give_no_crops(backend) -> None:
    none = torch.empty(0, dtype=torch.int64)
    pictures = torch.empty((0, 3, 8, 8), dtype=torch.uint8)
    for given in (pictures, torch.zeros((2, 3, 8, 8), dtype=torch.uint8)):
        found = BACKENDS[backend](given, torch.zeros(3, 5, 5), none, none, none, None, 1.0, 5)
        assert found.shape == (0, 3, 5, 5)


PLACES = ("rows", "columns", "flips")
CHANGES = {
    "pictures are uint8 \\(N, C, H, W\\), not torch.float32": {"pictures": torch.zeros(5, 3, 12, 12)},
    "not torch.uint8 \\(3, 12, 12\\)": {"pictures": torch.zeros((3, 12, 12), dtype=torch.uint8)},
    "crops of 13 pixels cannot be cut from pictures of 12 x 12": {"size": 13},
    "crops of 0 pixels": {"size": 0},
    "crops of -8 pixels": {"size": -8},
    "the mean is float32 \\(3, 8, 8\\)": {"mean": torch.zeros(3, 12, 12)},
    "not torch.float64 \\(3, 8, 8\\)": {"mean": torch.zeros((3, 8, 8), dtype=torch.float64)},
    "the colour shift is float32 \\(5, 3\\)": {"shift": torch.zeros(5, 1)},
    "rows 0 … 4": {"rows": torch.tensor([0, 0, 5, 0, 0])},
    "columns 0 … 4": {"columns": torch.tensor([0, 0, -1, 0, 0])},
    "flipped 0 or 1": {"flips": torch.tensor([0, 2, 0, 0, 0])},
    "one of each for every crop": {"flips": torch.zeros(4, dtype=torch.int64)},
    "are int64": {"rows": torch.zeros(5)},
    "6 crops of 5 pictures": dict.fromkeys(PLACES, torch.zeros(6, dtype=torch.int64)) | {"shift": None},
    "divided by 0": {"divisor": 0.0},
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("complaint", CHANGES)
def test_what_does_not_fit_is_refused(backend, complaint) -> None:
    names = ("pictures", "mean", *PLACES, "shift", "divisor", "size")
    given = dict(zip(names, drawn(*SIZES[0]), strict=True)) | CHANGES[complaint]
    with pytest.raises(ValueError, match=complaint):
        BACKENDS[backend](*given.values())


@pytest.mark.parametrize("backend", BACKENDS)
def test_more_values_than_a_kernel_counts_are_refused(backend) -> None:
    pictures = torch.empty((1, 1, 1, 1), dtype=torch.uint8).expand(1, 3, 2**15, 2**15)
    zero = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ValueError, match="3 x 32768 x 32768 values are too many for one picture"):
        BACKENDS[backend](pictures, torch.zeros(3, 1, 1), zero, zero, zero, None, 1.0, 1)


def test_crops_have_no_gradient_but_weights_that_see_them_have() -> None:
    pictures, mean, *places, shift, divisor, size = drawn(*SIZES[0])
    seen = augment(pictures, mean, (places[0], places[1], places[2]), size, shift, divisor)
    assert not seen.requires_grad
    weights = torch.zeros(seen[0].numel(), requires_grad=True)
    (seen.flatten(1) @ weights).sum().backward()
    assert weights.grad is not None
    np.testing.assert_allclose(weights.grad.numpy(), looped(drawn(*SIZES[0])).sum(0).ravel(), atol=5e-4)


@pytest.mark.filterwarnings("default")  # torch's own, of what its compiler imports
@pytest.mark.parametrize("noise", [False, True])
def test_torch_finds_the_operator_well_made(noise) -> None:
    torch.library.opcheck(torch.ops.alexnet.augment.default, drawn(*SIZES[3], noise=noise))


@needs_shim
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_gpus_source_gives_the_same_bits(noise, sizes) -> None:
    given = drawn(*sizes, noise=noise)
    assert same_bits(launched(given, shim.host_kernel("crops", "augment")), crops._plain(*given))


@needs_shim
def test_the_gpus_source_goes_round_where_crops_do_not_fit_into_a_grid(monkeypatch) -> None:
    monkeypatch.setattr(crops, "MOST_BLOCKS_Y", 3)
    given = drawn(*SIZES[1])
    assert same_bits(launched(given, shim.host_kernel("crops", "augment")), crops._plain(*given))


@needs_shim
@pytest.mark.parametrize("sizes", [SIZES[0], SIZES[3], SIZES[5]])
def test_the_gpus_source_reads_and_writes_nothing_beside_its_arrays(sizes) -> None:
    given = drawn(*sizes)
    kernel = shim.host_kernel("crops", "augment", sanitizer="address")
    assert same_bits(launched(given, kernel), crops._plain(*given))


def launched(given: Given, kernel: shim.HostKernel | shim.SanitizedKernel) -> Tensor:
    """What the source for the GPU makes of the same arguments, with a result poisoned before."""
    pictures, mean, rows, columns, flips, shift, divisor, size = given
    places = torch.stack([rows, columns, flips], dim=1)
    tensors, shapes = crops._arguments(pictures, mean, places, shift, divisor, size)
    assert tensors[-1] is not None
    tensors[-1].fill_(torch.nan)
    return crops._launch(kernel, tensors, shapes)
