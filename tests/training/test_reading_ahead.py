"""Minibatches that are read ahead are the ones that were asked for, in any order, and so are their errors."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import small_training

from reproduction.data.packed import PackedData
from reproduction.errors import DataError
from reproduction.training import batches
from reproduction.training.batches import Batches


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data file that is held to be too large for the memory."""
    monkeypatch.setattr(batches, "MAX_BYTES_IN_MEMORY", 0)
    return small_training.write_data(tmp_path / "d.h5", train=45)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 0, 1], [3, 4, 0], [2, 2, 1, 0, 4], [0]])
def test_pictures_are_those_asked_for_in_any_order(path, order) -> None:
    with PackedData(path) as data:
        found = Batches(data, "train", 10)
        for index in order:
            expected = data.images("train")[index * 10 : index * 10 + 10]
            np.testing.assert_array_equal(found.pictures(index).numpy(), expected)


def test_what_was_handed_out_does_not_change_when_more_is_read(path) -> None:
    with PackedData(path) as data:
        found = Batches(data, "train", 10)
        first = found.pictures(0)
        kept = first.clone()
        for index in (1, 2, 3):
            found.pictures(index)
        assert (first == kept).all()


def test_a_minibatch_that_is_not_there_is_refused_and_the_others_stay(path) -> None:
    with PackedData(path) as data:
        found = Batches(data, "train", 10)
        found.pictures(3)
        with pytest.raises(IndexError, match="no minibatch 5 among 5"):
            found.pictures(5)
        assert len(found.pictures(4)) == 5


def test_damage_shows_at_the_minibatch_it_is_in(path) -> None:
    with h5py.File(path, "r+") as file:
        pixels = file["pictures/train"][:]
        del file["pictures/train"]
        shape, chunks = pixels.shape, (10, *pixels.shape[1:])
        damaged = file.create_dataset("pictures/train", shape, np.uint8, chunks=chunks, fletcher32=True)
        damaged[:] = pixels
        place = damaged.id.get_chunk_info(2).byte_offset
    with path.open("r+b") as raw:
        raw.seek(place + 100)
        raw.write(b"damage")
    with PackedData(path) as data:
        found = Batches(data, "train", 10)
        np.testing.assert_array_equal(found.pictures(1).numpy(), pixels[10:20])
        with pytest.raises(DataError, match="is damaged; pack it again"):
            found.pictures(2)
        np.testing.assert_array_equal(found.pictures(3).numpy(), pixels[30:40])


def test_a_file_may_be_closed_while_it_is_read(path) -> None:
    for _ in range(20):
        with PackedData(path) as data:
            Batches(data, "train", 10).pictures(0)
