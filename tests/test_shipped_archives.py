"""What a visitor meets on a fresh clone: shipped archives, sound and small, that name no machine's paths."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import assets
from archive import Archive, verify
from reproduction.cli import main

ASSETS = Path(assets.__file__ or "").parent
SHIPPED = sorted((ASSETS / "archives").glob("*.h5"))
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.])(/[a-z]+/\w|[A-Za-z]:\\)")


def test_an_archive_is_shipped() -> None:
    assert "cuda-convnet-80sec.h5" in [path.name for path in SHIPPED]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_archive_is_whole_and_trained(path: Path) -> None:
    assert verify(path) == []
    with Archive(path) as run:
        assert run.history.test["images"][-1] > 0
        assert run.state["epoch"] > 0
        assert len(run.snapshots) >= 12


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_archive_names_no_path_of_a_machine(path: Path) -> None:
    with Archive(path) as run:
        told = json.dumps([run.provenance, dict(run.texts), [note.text for note in run.notebook]])
    assert not PATH_OF_A_MACHINE.search(told)


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
