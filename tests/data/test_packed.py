"""A packed data file gives what was packed; a damaged or hostile one gives one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import drawn_pictures
import h5py
import numpy as np
import pytest

from reproduction.data.packed import PackedData
from reproduction.data.packing import Settings, pack
from reproduction.errors import DataError


@pytest.fixture
def good(tmp_path: Path) -> Path:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 4)
    pack(tree, tmp_path / "good.h5", Settings(seed=9), drawn_pictures.Quiet())
    return tmp_path / "good.h5"


def test_everything_about_a_file_is_at_hand(good: Path) -> None:
    with PackedData(str(good)) as data:
        assert data.counts == {"train": 12, "test": 12} and data.classes == 3
        assert data.mean.shape == (3, 32, 32) and data.mean.dtype == np.float32
        assert data.seed == 9 and data.name == "animals" and len(data.sha256) == 64
        images = data.images("train")
        assert len(images) == 12 and images.shape == (12, 3, 32, 32)
        assert images[3:7].dtype == np.uint8 and images[3:7].shape == (4, 3, 32, 32)
        np.testing.assert_array_equal(images[5], images[:][5])
        assert data.targets("train").dtype == np.int64
        assert "/" not in data.name


def test_a_split_that_is_not_there_is_said(good: Path) -> None:
    with PackedData(good) as data, pytest.raises(DataError, match="has no split val; it has train, test"):
        data.images("val")


def change(edit: Callable[[h5py.File], object]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            edit(file)

    return spoil


def replace(name: str, **made: object) -> Callable[[Path], None]:
    def edit(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, **made)

    return change(edit)


def link_outside(file: h5py.File) -> None:
    del file["mean"]
    file["mean"] = h5py.ExternalLink("other.h5", "mean")


def read_from_another_file(file: h5py.File) -> None:
    del file["targets/train"]
    file.create_dataset("targets/train", (12,), "i4", external=[("/etc/passwd", 0, 48)])


SPOILT: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.unlink(), "there is no data file"),
    (lambda path: (path.unlink(), path.mkdir()), "is a folder; `alexnet data pack"),
    (lambda path: path.write_bytes(b""), "damaged or not a packed data file"),
    (lambda path: path.write_text("not HDF5 at all" * 100), "damaged or not a packed data file"),
    (lambda path: path.write_bytes(path.read_bytes()[:-2000]), "is truncated"),
    (lambda path: path.write_bytes(path.read_bytes()[:30]), "truncated|damaged"),
    (change(lambda file: file.attrs.pop("format")), "it was not made by `alexnet data pack`"),
    (change(lambda file: file.attrs.update(format=h5py.Empty("f4"))), "was not made by|is damaged"),
    (change(lambda file: file.attrs.update(version=2)), "its version is 2, this program reads 1"),
    (change(lambda file: file.attrs.update(version="x")), "is damaged"),
    (change(lambda file: file.attrs.pop("sha256")), "is damaged"),
    (change(lambda file: file.pop("pictures")), "it holds no pictures"),
    (change(lambda file: file.pop("targets/test")), "targets/test is missing"),
    (change(lambda file: file.pop("mean")), "mean is missing"),
    (change(lambda file: file.pop("labels")), "labels is missing"),
    (change(lambda file: file["targets/train"].write_direct(np.full(12, 3, "i4"))), "have no label"),
    (change(lambda file: file["targets/train"].write_direct(np.full(12, -1, "i4"))), "have no label"),
    (replace("targets/train", data=np.zeros(5, "i4")), "targets/train does not fit"),
    (replace("targets/train", data=np.zeros(12)), "targets/train does not fit"),
    (replace("pictures/train", data=np.zeros((12, 3, 32, 32), "f4")), "pictures/train is float32"),
    (replace("pictures/train", data=np.zeros((12, 3, 32, 31), "u1")), "pictures/train is uint8"),
    (replace("pictures/train", data=np.zeros((12, 3, 16, 16), "u1")), "splits differ in picture size"),
    (replace("pictures/train", shape=(10**9, 3, 99, 99), dtype="u1", chunks=(1, 3, 99, 99)), "holds less"),
    (replace("labels", shape=(10**12,), dtype=h5py.string_dtype(), chunks=(1,)), "holds less"),
    (replace("labels", data=np.arange(3)), "labels is no list of names"),
    (replace("label_ids", data=["x"]), "labels and label_ids differ"),
    (replace("mean", data=np.zeros((3, 16, 16), "f4")), "mean picture does not fit"),
    (replace("mean", data=np.full((3, 32, 32), np.nan, "f4")), "mean picture does not fit"),
    (replace("color_pca/vectors", data=np.full((3, 3), np.inf)), "colour PCA is damaged"),
    (change(link_outside), "mean is missing"),
    (change(read_from_another_file), "targets/train lies in another file"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILT)
def test_a_file_that_is_not_as_it_should_be_is_one_sentence(
    spoil: Callable[[Path], object], message: str, good: Path
) -> None:
    spoil(good)
    with pytest.raises(DataError, match=message) as caught:
        PackedData(good)
    assert "good.h5" in str(caught.value) and "\n" not in str(caught.value)


def test_a_flipped_bit_in_a_picture_is_noticed_when_it_is_read(good: Path) -> None:
    with PackedData(good) as data:
        whole = data.images("train")[:].tobytes()
    contents = bytearray(good.read_bytes())
    spot = bytes(contents).find(whole[:1000])
    contents[spot + 500] ^= 1
    good.write_bytes(contents)
    with PackedData(good) as data, pytest.raises(DataError, match="good.h5 is damaged; pack it again"):
        data.images("train")[:]


def test_random_damage_never_gives_a_traceback(good: Path) -> None:
    whole = np.frombuffer(good.read_bytes(), np.uint8)
    generator = np.random.default_rng(2)
    for _ in range(150):
        spoilt = whole.copy()
        spoilt[generator.integers(0, 6000, 4)] = generator.integers(0, 256, 4)
        good.write_bytes(spoilt.tobytes())
        try:
            with PackedData(good) as data:
                for split in data.counts:
                    data.images(split)[:]
                    data.picture_names(split)
        except DataError as error:
            assert "\n" not in str(error)
