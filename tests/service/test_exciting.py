"""The most exciting patches: the pixels shown are those that made the unit answer."""

from __future__ import annotations

import numpy as np
import pytest
from test_comparing import ask, client, folder  # noqa: F401 (fixtures)

from archive import read_run
from reproduction.data.packed import PackedData
from reproduction.service.exciting import cut


def test_patches_are_those_of_the_archive_with_the_pixels_of_their_fields(ask, folder) -> None:  # noqa: F811
    answer, arrays = ask("patches", layer="conv1a", channels=[2, 0], count=3)
    rows, found = answer["patches"], read_run(folder / "stored.h5").activations
    assert [row["channel"] for row in rows] == [2, 2, 2, 0, 0, 0] and answer["from"] == "archive"
    assert found is not None and found.thumbnails is not None
    kept = found.patches["conv1a"]
    assert [row["value"] for row in rows[:3]] == kept["value"][kept["unit"] == 2][:3].tolist()
    for index, row in enumerate(rows):
        top, left, bottom, right = row["box"]
        assert (top, left) == (max(0, 3 * row["row"] - 1), max(0, 3 * row["column"] - 1))
        expected = found.thumbnails[row["number"]][:, top:bottom, left:right]
        assert np.array_equal(arrays[f"pixels:{index}"], np.moveaxis(expected, 0, -1))


def test_without_stored_pictures_the_data_file_has_the_pixels(ask, folder) -> None:  # noqa: F811
    boxes, arrays = ask("patches", "asked", layer="conv2", channel=1)
    assert boxes["from"] == "" and len(boxes["patches"]) == 9 and not arrays
    answer, arrays = ask("patches", "asked", layer="conv2", channel=1, data=str(folder / "data.h5"))
    assert answer["from"] == "data" and answer["patches"] == boxes["patches"] and len(arrays) == 9
    row = answer["patches"][0]
    top, left, bottom, right = row["box"]
    with PackedData(folder / "data.h5") as data:
        expected = data.images("test")[row["picture"]][:, top:bottom, left:right]
    assert np.array_equal(arrays["pixels:0"], np.moveaxis(expected, 0, -1))


def test_a_smaller_copy_is_cut_in_its_own_pixels() -> None:
    square = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    assert cut(square, [0, 0, 8, 8], 8)[..., 0].tolist() == square[0].tolist()
    assert cut(square, [2, 4, 4, 8], 8)[..., 0].tolist() == [[6, 7]]
    assert cut(square, [3, 4, 5, 5], 8)[..., 0].tolist() == [[6], [10]]  # never less than the field


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"archive": "bare", "layer": "conv1a"}, "alexnet activations bare.h5"),
        ({"archive": "asked", "layer": "pool1a"}, "no patches of a layer 'pool1a'"),
        ({"archive": "asked", "layer": "conv1a", "channel": 4}, "channels 0 to 3"),
        ({"archive": "asked", "layer": "conv1a", "data": "other"}, "does not hold the probe pictures"),
    ],
)
def test_what_is_missing_is_said(client, folder, tmp_path, question, said) -> None:  # noqa: F811
    if "data" in question:
        from test_comparing import small_training

        question = {**question, "data": str(small_training.write_data(tmp_path / "other.h5", side=18))}
    archive = str(folder / f"{question['archive']}.h5")
    answer, _ = client.ask({**question, "do": "patches", "archive": archive})
    assert not answer["ok"] and said in answer["error"]
