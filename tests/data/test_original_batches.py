"""Batches of the original programs are packed in their order, and told apart by their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_batches import NAMES, cifar_batches, columns, jpeg_folders, jpeg_tuples, mean, pixels, write
from drawn_pictures import packed, tarred

from reproduction.data.meta import read_meta
from reproduction.data.original import Ranges
from reproduction.errors import DataError


def test_pixels_in_columns_are_packed_in_their_order(tmp_path: Path) -> None:
    with packed(cifar_batches(tmp_path / "cifar"), tmp_path) as data:
        assert data.counts == {"train": 20, "test": 4} and data.labels == NAMES
        assert data.targets("train").tolist() == [n % 10 for n in range(20)]
        assert data.targets("test").tolist() == [0, 1, 2, 3]
        for row in range(20):
            np.testing.assert_array_equal(data.images("train")[row], pixels(row, 32).transpose(2, 0, 1))
        assert data.picture_names("train")[5] == "data_batch_2/1"
        assert "in the order of the batches" in data.notes[0]
        assert data.notes[1].startswith("the mean picture differs from that of the source by at most 0")


def test_pixels_in_rows_are_read_too(tmp_path: Path) -> None:
    source = cifar_batches(tmp_path / "cifar")
    write(source / "data_batch_2", {"data": columns(range(4, 8), 32).T.copy(), "labels": [4, 5, 6, 7]})
    with packed(source, tmp_path) as data:
        np.testing.assert_array_equal(data.images("train")[6], pixels(6, 32).transpose(2, 0, 1))


def test_jpeg_files_of_2012_are_packed(tmp_path: Path) -> None:
    with packed(jpeg_tuples(tmp_path / "jpeg"), tmp_path) as data:
        assert data.counts == {"train": 6, "val": 3} and data.image_shape == (3, 20, 20)
        assert data.targets("val").tolist() == [6, 7, 8]
        drawn = pixels(4, 20).transpose(2, 0, 1).astype(int)
        assert np.abs(data.images("train")[4] - drawn).mean() < 15  # JPEG thins out the noise
        assert any("batches 3000 to 3000 hold pictures without labels" in note for note in data.notes)


def test_pictures_that_are_not_square_are_cut_and_that_is_said(tmp_path: Path) -> None:
    source = jpeg_tuples(tmp_path / "jpeg")
    write(source / "batches.meta", {"label_names": NAMES, "data_mean": mean(range(6), 20), "no_crop": True})
    with packed(source, tmp_path) as data:
        assert any("here their middle is cut out" in note for note in data.notes)


@pytest.mark.parametrize("wrapped", [False, True])
def test_jpeg_files_of_2014_lie_in_folders(wrapped: bool, tmp_path: Path) -> None:
    source = jpeg_folders(tmp_path / "inet")
    if wrapped:
        source = tarred(source, tmp_path / "inet.tar")
    with packed(source, tmp_path) as data:
        assert data.counts == {"train": 8, "val": 4}
        assert data.targets("train").tolist() == list(range(8)) and data.targets("val").tolist() == [
            8,
            9,
            0,
            1,
        ]
        assert "pictures of the train split with several labels have the first of them" in data.notes


def test_ranges_say_which_batches_are_for_what(tmp_path: Path) -> None:
    source = cifar_batches(tmp_path / "cifar")
    with packed(source, tmp_path, ranges=Ranges((2, 3), (5, 5))) as data:
        assert data.counts == {"train": 8, "test": 4}
        assert data.targets("train").tolist() == [4, 5, 6, 7, 8, 9, 0, 1]
    with packed(source, tmp_path, ranges=Ranges(None, (5, 6))) as data:
        assert data.counts == {"train": 16, "test": 8}
    with packed(source, tmp_path, ranges=Ranges((1, 6), None)) as data:
        assert data.counts == {"train": 24}


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (Ranges((7, 9), None), "--train-range 7-9: the batches are 1-6"),
        (Ranges((1, 5), (5, 6)), "both hold batch 5"),
    ],
)
def test_ranges_that_do_not_fit_are_refused(ranges: Ranges, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        packed(cifar_batches(tmp_path / "cifar"), tmp_path, ranges=ranges)


def test_numbers_that_say_nothing_need_an_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the batches are 1-3, .* --test-range 3"):
        packed(cifar_batches(tmp_path / "small", side=8, batches=range(1, 4)), tmp_path)


def test_ranges_are_refused_where_there_are_no_such_batches(tmp_path: Path) -> None:
    (tmp_path / "folder" / "cat").mkdir(parents=True)
    with pytest.raises(DataError, match="are for data_batch_N files"):
        packed(tmp_path / "folder", tmp_path, ranges=Ranges((1, 2), None))


def test_parts_of_rows_are_joined(tmp_path: Path) -> None:
    source = cifar_batches(tmp_path / "cifar")
    (source / "data_batch_2").unlink()
    whole = columns(range(4, 8), 32)
    write(source / "data_batch_2.1", {"data": whole[:1000], "labels": [4, 5, 6, 7]})
    write(source / "data_batch_2.2", {"data": whole[1000:]})
    with packed(source, tmp_path) as data:
        assert data.counts == {"train": 20, "test": 4}
        np.testing.assert_array_equal(data.images("train")[6], pixels(6, 32).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"data": columns(range(4), 32), "labels": [0, 1, 2, 10]}, "go up to 10, beyond the 10 classes"),
        ({"data": columns(range(4), 32), "labels": [0, 1, 2, "x"]}, "no whole numbers"),
        ({"data": columns(range(4), 32)}, "no list of labels"),
        ({"data": columns(range(4), 32), "labels": [0, 1]}, "no columns of square pictures for 2 labels"),
        ({"data": ["a", None], "labels": [0, 1]}, "neither pixels nor JPEG"),
        ({"data": [], "labels": []}, "0 pictures and 0 labels"),
        ({"data": columns(range(4), 20), "labels": [0, 1, 2, 3]}, "several forms"),
        (["a", "b"], "holds no dictionary"),
    ],
)
def test_an_unsound_batch_is_named(batch: Any, message: str, tmp_path: Path) -> None:
    source = cifar_batches(tmp_path / "cifar")
    write(source / "data_batch_3", batch)
    with pytest.raises(DataError, match=message):
        packed(source, tmp_path)
    assert not list(tmp_path.glob("packed*"))


def test_a_picture_that_is_no_jpeg_is_skipped(tmp_path: Path) -> None:
    source = jpeg_folders(tmp_path / "inet")
    write(source / "data_batch_1" / "data_batch_1.0", {"data": ["nonsense", "more"], "labels": [[4], [5]]})
    with packed(source, tmp_path) as data:
        assert data.counts == {"train": 6, "val": 4} and data.skipped == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label_names": 3}, "label_names is no list"),
        ({"data_mean": np.zeros((7, 1), np.float32)}, "make no square picture"),
        ({"data_mean": np.full((12, 1), np.nan, np.float32)}, "not finite"),
        ({"color_pca": (np.ones(3), np.ones(3))}, "3x3 directions"),
        ({"label_offset": "x"}, "no whole number"),
    ],
)
def test_an_unsound_meta_file_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    write(tmp_path / "batches.meta", {"label_names": NAMES, **change})
    with pytest.raises(DataError, match=f"^it: .*{message}"):
        read_meta((tmp_path / "batches.meta").read_bytes(), "it")


def test_a_meta_file_gives_mean_and_colours(tmp_path: Path) -> None:
    file = jpeg_folders(tmp_path / "inet") / "batches.meta"
    found = read_meta(file.read_bytes(), "it")
    assert found.mean is not None and found.color_pca is not None
    np.testing.assert_array_equal(found.mean.reshape(-1, 1), mean(range(8), 20))
    np.testing.assert_array_equal(found.color_pca[1], np.eye(3))
