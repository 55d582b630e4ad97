"""What a visitor meets on a fresh clone: shipped archives, sound and small, that name no machine's paths."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import assets
from archive import Archive, verify
from reproduction.cli import main

ASSETS = Path(assets.__file__ or "").parent
README = (ASSETS.parent / "README.md").read_text(encoding="utf-8")
SHIPPED = sorted((ASSETS / "archives").glob("*.h5"))
COPIES = [path for path in SHIPPED if path.stem != "cuda-convnet-80sec"]
CONTROLS = {"untrained": 0, "early": 1}
"""Archives of alexnet-200 before and soon after the start, and the epoch at which they stand."""
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.])(/[a-z]+/\w|[A-Za-z]:\\)")


ROW = {
    cells[0].strip("` "): cells
    for cells in (line.strip("|").split("|") for line in README.splitlines() if line.startswith("| `"))
    if len(cells) == 6
}
"""The README's table of shipped archives, by name."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_archive_is_whole(path: Path) -> None:
    assert verify(path) == []


@pytest.mark.parametrize(
    "path", [path for path in SHIPPED if path.stem not in CONTROLS], ids=lambda path: path.stem
)
def test_a_shipped_archive_is_trained_and_keeps_its_past(path: Path) -> None:
    with Archive(path) as run:
        assert run.history.test["images"][-1] > 0
        assert run.state["epoch"] > 1 and len(run.snapshots) >= 12


def test_the_archives_are_those_of_the_readme_and_all_assets_are_under_60_megabytes() -> None:
    assert [path.stem for path in SHIPPED] == sorted(ROW)
    sizes = [path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()]
    assert sum(sizes) < 60_000_000


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_readme_states_the_figure_that_an_archive_holds(path: Path) -> None:
    with Archive(path) as run:
        last = run.history.test[-1]
    assert f" {100 * last['top1']:.2f}" in ROW[path.stem][4]
    assert f"{last['images']:,}" in ROW[path.stem][1]


@pytest.mark.parametrize("path", COPIES, ids=lambda path: path.stem)
def test_a_copy_says_how_far_it_agrees_with_the_full_archive(path: Path) -> None:
    with Archive(path) as run:
        assert run.momentum_names == [] and run.provenance["weights_rounded_to"] == "float16"
        full, own = run.history.test[-2:]
        said = [note.text for note in run.notebook if note.text.startswith("Exhibition copy")]
    assert full["step"] == own["step"] and abs(full["top1"] - own["top1"]) < 0.002
    agreement = re.search(r"classes for ([\d.]+)% of the pictures", said[-1])
    assert agreement is not None and float(agreement.group(1)) >= 99.5


@pytest.mark.parametrize("path", COPIES, ids=lambda path: path.stem)
def test_no_picture_is_in_a_copy_but_the_mean(path: Path) -> None:
    known = {"texts", "network", "weights", "state", "history", "snapshots", "notebook", "labels", "data"}
    with Archive(path) as run:
        parts = {name.partition("/")[0] for name in run.element_names}
        assert parts == known | {"provenance", "manifest"}
        assert {name for name in run.element_names if name.startswith("data/")} <= {
            "data/mean",
            "data/color_deviations",
            "data/color_directions",
        }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_archive_names_no_path_of_a_machine(path: Path) -> None:
    with Archive(path) as run:
        told = json.dumps([run.provenance, dict(run.texts), [note.text for note in run.notebook]])
    assert not PATH_OF_A_MACHINE.search(told)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_the_shipped_network_at_an_earlier_moment(name: str) -> None:
    control, trained = (Archive(ASSETS / "archives" / f"{stem}.h5") for stem in (name, "alexnet-200"))
    with control, trained:
        assert control.state["epoch"] == CONTROLS[name] < trained.state["epoch"]
        earlier = control.snapshot(-1)
        moment = [info.epoch for info in trained.snapshots].index(CONTROLS[name])
        for array, values in trained.snapshot(moment).items():
            assert np.array_equal(earlier[array], values)


def test_the_museum_opens_on_two_columns_of_48_first_layer_filters_that_learnt_photographs() -> None:
    with Archive(SHIPPED[0]) as run:
        assert run.name == "alexnet-200" and run.network["columns"] == 2
        assert [run.weights(f"{layer}/weights_0").shape for layer in run.network["first_layers"]] == [
            (48, 3, 11, 11),
            (48, 3, 11, 11),
        ]
        assert all(re.fullmatch(r"n\d{8}", wordnet_id) for wordnet_id in run.label_ids)
        assert "goldfish" in run.labels and "seashore" in run.labels
        ten = run.history.test[run.history.test["views"] == 10][-1]
    assert ten["images"] == 10_000 and ten["top1"] <= 0.72 and ten["topk"] <= 0.47  # the aim without a GPU


def test_the_80_second_archive_is_under_two_megabytes_and_close_to_what_was_published() -> None:
    path = ASSETS / "archives" / "cuda-convnet-80sec.h5"
    assert path.stat().st_size < 2_000_000
    with Archive(path) as run:
        last = run.history.test[-1]
    assert (last["images"], last["views"]) == (10_000, 1)
    assert 0.24 < last["top1"] <= 0.27  # published: 26 % on the lossless pictures


def test_it_knows_most_of_the_pictures_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    pictures = sorted((ASSETS / "pictures").glob("*.jpg"))
    archive = ASSETS / "archives" / "cuda-convnet-80sec.h5"
    assert main(["predict", str(archive), *map(str, pictures), "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)
    first = [answer["guesses"][0]["label"] for answer in answers]
    assert sum(guess == picture.stem for guess, picture in zip(first, pictures, strict=True)) >= 7
