"""The answers to the probe pictures in an archive: they come back as written, and broken rules are said."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from sample_archives import small_activations, small_run

from archive import Activations, Archive, ArchiveError, read_run, verify, write_archive

GOLDEN = Path(__file__).parents[1] / "golden"


def written(path: Path, activations: Activations) -> Path:
    run = small_run()
    run.activations = activations
    write_archive(path / "run.h5", run)
    return path / "run.h5"


@pytest.mark.parametrize("pictures", [True, False])
def test_activations_come_back_as_they_were_written(tmp_path: Path, pictures: bool) -> None:
    one = small_activations(pictures=pictures)
    path = written(tmp_path, one)
    other = read_run(path).activations
    assert other is not None and other.probe == one.probe and verify(path) == []
    assert one.answers.tobytes() == other.answers.tobytes()
    for part in ("features", "units", "patches"):
        before, after = getattr(one, part), getattr(other, part)
        assert list(before) == list(after)
        for name, values in before.items():
            assert values.dtype == after[name].dtype and values.tobytes() == after[name].tobytes()
    if one.thumbnails is None:
        assert other.thumbnails is None
    else:
        assert other.thumbnails is not None and one.thumbnails.tobytes() == other.thumbnails.tobytes()


def test_the_golden_archive_of_version_1_2_is_read_by_todays_code(tmp_path: Path) -> None:
    path = tmp_path / "golden.h5"
    path.write_bytes(gzip.decompress((GOLDEN / "archive-1.2.h5.gz").read_bytes()))
    found, expected = read_run(path).activations, small_activations()
    assert verify(path) == [] and found is not None and found.probe == expected.probe
    assert found.answers.tobytes() == expected.answers.tobytes()
    assert found.features["conv1b"].tobytes() == expected.features["conv1b"].tobytes()
    assert found.patches["conv1a"].tobytes() == expected.patches["conv1a"].tobytes()


def test_a_reader_reads_only_what_it_asks_for(tmp_path: Path) -> None:
    with Archive(written(tmp_path, small_activations())) as archive:
        found = archive.activations
        assert found is not None and found.names("features") == ["conv1a", "conv1b"]
        assert found.features("conv1b").shape == (6, 32) and len(found.patches("conv1a")) == 6
        with pytest.raises(ArchiveError, match="features/fc is missing"):
            found.features("fc")


def test_an_archive_without_activations_says_so(tmp_path: Path) -> None:
    write_archive(tmp_path / "run.h5", small_run())
    with Archive(tmp_path / "run.h5") as archive:
        assert archive.activations is None


def features_are_nan(found: Activations) -> Activations:
    found.features["conv1a"][2] = np.nan
    return found


def unknown_layer(found: Activations) -> Activations:
    found.features["nowhere"] = found.features["conv1a"]
    return found


def too_many_units(found: Activations) -> Activations:
    found.units["fc"] = found.units["conv1a"]
    return found


def a_level_is_missing(found: Activations) -> Activations:
    found.probe["levels"] = [["conv1a", "fc"]]
    return found


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (features_are_nan, "/activations/features/conv1a holds numbers that are not finite"),
        (unknown_layer, "/activations/features/nowhere belongs to no layer of the network"),
        (too_many_units, "/activations/units/fc has 2 rows for 4 units"),
        (a_level_is_missing, "/activations/features/fc is missing"),
    ],
)
def test_each_broken_rule_is_the_one_problem_found(
    tmp_path: Path, spoil: Callable[[Activations], Activations], words: str
) -> None:
    path = written(tmp_path, spoil(small_activations()))
    assert verify(path) == [f"{path}: {words}"]


def too_few_answers(found: Activations) -> Activations:
    return dataclasses.replace(found, answers=found.answers[:-1])


def too_few_features(found: Activations) -> Activations:
    return dataclasses.replace(found, features={"conv1a": found.features["conv1a"][:-1]})


def patch_of_no_picture(found: Activations) -> Activations:
    found.patches["conv1a"]["picture"] = 6
    return found


def too_few_thumbnails(found: Activations) -> Activations:
    assert found.thumbnails is not None
    return dataclasses.replace(found, thumbnails=found.thumbnails[:2])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (too_few_answers, "5 answers to 6 pictures"),
        (too_few_features, "features of conv1a"),
        (patch_of_no_picture, "patches of conv1a"),
        (too_few_thumbnails, "2 thumbnails"),
    ],
)
def test_activations_that_contradict_themselves_are_not_written(
    tmp_path: Path, spoil: Callable[[Activations], Activations], words: str
) -> None:
    with pytest.raises(ArchiveError, match=words):
        written(tmp_path, spoil(small_activations()))


def damage_probe(file: h5py.File) -> None:
    del file["activations/probe"]
    file["activations/probe"] = np.array([b"{}"])


def probe_says(**facts: object) -> Callable[[h5py.File], None]:
    """Writes a probe of six pictures that says `facts` as well."""
    known = {"images": 6, "split": "test", "step": 20, "levels": [], **facts}

    def damage(file: h5py.File) -> None:
        del file["activations/probe"]
        file["activations/probe"] = np.array([json.dumps(known).encode()])

    return damage


def damage_features(file: h5py.File) -> None:
    del file["activations/features/conv1a"]
    file["activations/features/conv1a"] = np.zeros((6, 32), "f4")


def damage_count(file: h5py.File) -> None:
    del file["activations/thumbnails"]
    file["activations/thumbnails"] = np.zeros((5, 3, 6, 6), "u1")


def damage_table(file: h5py.File) -> None:
    del file["activations/units/conv1b"]
    file["activations/units/conv1b"] = np.zeros(2, "f4")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_probe, "no int 'images'"),
        (probe_says(images=True), "no int 'images'"),
        (probe_says(images=-1), "features/conv1a has shape"),
        (probe_says(levels=[1]), "levels that are no lists"),
        (probe_says(levels=[["conv1a", 2]]), "levels that are no lists"),
        (probe_says(abstention=[0.5]), "no JSON object"),
        (damage_features, "float32 where float16"),
        (damage_count, "thumbnails has shape"),
        (damage_table, "no column 'mean'"),
    ],
)
def test_a_damaged_part_is_said_in_one_sentence(
    tmp_path: Path, damage: Callable[[h5py.File], None], words: str
) -> None:
    path = written(tmp_path, small_activations())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(ArchiveError, match=words):
        read_run(path)
    assert any(words in problem for problem in verify(path))
