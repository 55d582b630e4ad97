"""CIFAR-10 and MNIST are packed pixel for pixel; broken batches are named, and nothing in them runs."""

from __future__ import annotations

import gzip
from pathlib import Path

import drawn_pictures
import numpy as np
import pytest
from drawn_pictures import packed

from reproduction.errors import DataError


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("wrapping", ["folder", "tar.gz", "zip"])
def test_cifar_batches(binary: bool, wrapping: str, tmp_path: Path) -> None:
    source = drawn_pictures.cifar(tmp_path / "cifar-10-batches", binary)
    if wrapping != "folder":
        make = drawn_pictures.zipped if wrapping == "zip" else drawn_pictures.tarred
        source = make(source, tmp_path / f"cifar.{wrapping}")
    with packed(source, tmp_path) as data:
        assert data.counts == {"train": 25, "test": 5} and data.image_shape == (3, 32, 32)
        assert data.labels[0] == "aeroplane" and data.classes == 10
        assert data.targets("test").tolist() == [5, 6, 7, 8, 9]
        if not binary:
            assert data.picture_names("test")[0] == "picture_25.png"
        for row in range(5):
            drawn = drawn_pictures.pixels(25 + row).transpose(2, 0, 1)
            np.testing.assert_array_equal(data.images("test")[row], drawn)
        found = {data.images("train")[row].tobytes(): data.targets("train")[row] for row in range(25)}
        for seed in range(25):
            assert found[drawn_pictures.pixels(seed).transpose(2, 0, 1).tobytes()] == seed % 10


def test_a_cifar_batch_that_runs_something_is_refused(tmp_path: Path) -> None:
    source = drawn_pictures.cifar(tmp_path / "cifar", binary=False)
    (source / "data_batch_3").write_bytes(b"cos\nsystem\n(S'touch was-run'\ntR.")
    with pytest.raises(DataError, match=r"data_batch_3 is refused: it asks for os\.system"):
        packed(source, tmp_path)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("binary", [True, False])
def test_a_truncated_cifar_batch_is_named(binary: bool, tmp_path: Path) -> None:
    source = drawn_pictures.cifar(tmp_path / "cifar", binary)
    batch = source / ("data_batch_2.bin" if binary else "data_batch_2")
    batch.write_bytes(batch.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"data_batch_2(\.bin)? is (truncated|damaged)"):
        packed(source, tmp_path)


def test_cifar_labels_beyond_the_classes_are_refused(tmp_path: Path) -> None:
    source = drawn_pictures.cifar(tmp_path / "cifar", binary=True)
    contents = bytearray((source / "data_batch_1.bin").read_bytes())
    contents[0] = 10
    (source / "data_batch_1.bin").write_bytes(contents)
    with pytest.raises(DataError, match="beyond the 10 classes"):
        packed(source, tmp_path)


def mnist(root: Path, ending: str = "") -> Path:
    root.mkdir()
    for seed, (stem, count) in enumerate((("train", 30), ("t10k", 20))):
        values, labels = drawn_pictures.digits(count, seed)
        compress = gzip.compress if ending else bytes
        (root / f"{stem}-images-idx3-ubyte{ending}").write_bytes(compress(drawn_pictures.idx(values)))
        (root / f"{stem}-labels-idx1-ubyte{ending}").write_bytes(compress(drawn_pictures.idx(labels)))
    return root


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_files_keep_one_channel(ending: str, tmp_path: Path) -> None:
    with packed(mnist(tmp_path / "mnist", ending), tmp_path) as data:
        assert data.counts == {"train": 30, "test": 20} and data.image_shape == (1, 28, 28)
        assert data.labels == list("0123456789")
        values, labels = drawn_pictures.digits(20, 1)
        np.testing.assert_array_equal(data.images("test")[:][:, 0], values)
        np.testing.assert_array_equal(data.targets("test"), labels)


def test_mnist_gets_lenets_margin(tmp_path: Path) -> None:
    with packed(mnist(tmp_path / "mnist"), tmp_path, size=32) as data:
        values, _ = drawn_pictures.digits(20, 1)
        found = data.images("test")[:][:, 0]
        np.testing.assert_array_equal(found[:, 2:-2, 2:-2], values)
        assert found.sum() == values.sum()
        assert data.notes == ["a margin of 2 zero pixels added on each side"]


def test_mnist_of_another_size_is_scaled(tmp_path: Path) -> None:
    with packed(mnist(tmp_path / "mnist"), tmp_path, size=14) as data:
        values, _ = drawn_pictures.digits(20, 1)
        expected = values.reshape(20, 14, 2, 14, 2).mean(axis=(2, 4))
        assert np.abs(data.images("test")[:][:, 0] - expected).max() <= 0.5


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("train-labels-idx1-ubyte", None, "is missing beside its pictures"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03", "is no idx file of bytes with 3 dimensions"),
        ("train-images-idx3-ubyte", b"\0\0\x0d\x03" + bytes(99), "is no idx file of bytes"),
        (
            "train-images-idx3-ubyte",
            drawn_pictures.idx(np.zeros((30, 28, 28), np.uint8))[:-9],
            "is truncated",
        ),
        ("train-images-idx3-ubyte", gzip.compress(bytes(99), mtime=0)[:-9], "is truncated"),
        ("train-images-idx3-ubyte", b"\x1f\x8b nonsense", "is damaged"),
        ("train-labels-idx1-ubyte", drawn_pictures.idx(np.zeros(7, np.uint8)), "does not fit its labels"),
    ],
)
def test_broken_mnist_files_are_named(
    name: str, contents: bytes | None, message: str, tmp_path: Path
) -> None:
    root = mnist(tmp_path / "mnist")
    if contents is None:
        (root / name).unlink()
    else:
        (root / name).write_bytes(contents)
    with pytest.raises(DataError, match=message):
        packed(root, tmp_path)
    assert not list(tmp_path.glob("packed*"))
