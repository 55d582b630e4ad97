"""The document: archives opened, followed and closed; what goes wrong is one sentence, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_archives import small_run
from sample_runs import document_on

from app.document import Document, VisitorPicture
from app.settings import Settings
from archive import Run, RunLog, write_archive

REPORT = {"images": 128, "loss": 0.5, "top1": 0.25, "topk": 0.125, "seconds": 9.0}


@pytest.fixture
def document(tmp_path: Path, qtbot: Any) -> Document:
    return Document(Settings(tmp_path / "museum.ini"))


def saved(folder: Path, name: str = "run.h5", run: Run | None = None) -> Path:
    write_archive(folder / name, run or small_run())
    return folder / name


def problems_of(document: Document) -> list[str]:
    said: list[str] = []
    document.problem.connect(said.append)
    return said


def test_an_opened_archive_is_current_and_remembered(document: Document, tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert document.open(path)
    assert document.current is not None
    assert (document.current.name, document.current.columns) == ("two-columns", 2)
    assert document.current.title == "run (two-columns)"
    assert document.settings.recent == [path]


def test_opening_the_same_file_again_selects_it(document: Document, tmp_path: Path) -> None:
    first, second = saved(tmp_path, "first.h5"), saved(tmp_path, "second.h5")
    for path in (first, second, first):
        document.open(path)
    assert [archive.path for archive in document.archives] == [first, second]
    assert document.current is document.archives[0]


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all", None], ids=["empty", "text", "missing"])
def test_a_file_that_is_no_archive_is_answered_with_one_sentence(
    document: Document, tmp_path: Path, content: bytes | None
) -> None:
    path, said = tmp_path / "broken.h5", problems_of(document)
    if content is not None:
        path.write_bytes(content)
    assert not document.open(path)
    assert len(said) == 1 and "broken.h5" in said[0] and "\n" not in said[0]
    assert document.current is None and document.settings.recent == []


def test_a_truncated_archive_is_answered_with_one_sentence(document: Document, tmp_path: Path) -> None:
    path, said = saved(tmp_path), problems_of(document)
    path.write_bytes(path.read_bytes()[:3000])
    assert not document.open(path)
    assert len(said) == 1 and "run.h5" in said[0]


def test_a_replaced_file_is_read_again_within_a_second(
    document: Document, tmp_path: Path, qtbot: Any
) -> None:
    path = saved(tmp_path)
    document.open(path)
    document.follow()
    with qtbot.waitSignal(document.archiveUpdated, timeout=3000):
        write_archive(path, small_run(seed=2, step=40))
    assert document.current is not None and document.current.state["step"] == 40
    with qtbot.waitSignal(document.archiveUpdated, timeout=3000):  # the watcher survives the replacement
        write_archive(path, small_run(seed=3, step=60))
    assert document.current.state["step"] == 60


def test_a_growing_log_extends_the_history_within_a_second(
    document: Document, tmp_path: Path, qtbot: Any
) -> None:
    path = saved(tmp_path)
    document.open(path)
    document.follow()
    log, archive = RunLog(path), document.current
    assert archive is not None
    before = len(archive.history.train)
    for step in (25, 30):
        with qtbot.waitSignal(document.archiveUpdated, timeout=3000):
            log.append("train", epoch=step / 10, step=step, **REPORT)
    assert list(archive.history.train["step"][before:]) == [25, 30]


def test_a_replacement_that_cannot_be_read_is_complained_about_once(
    document: Document, tmp_path: Path
) -> None:
    path, said = saved(tmp_path), problems_of(document)
    document.open(path)
    path.write_bytes(b"nonsense")
    for _ in range(3):
        document.look_again()
    assert len(said) == 1
    assert document.current is not None and document.current.name == "two-columns"


def test_a_file_that_vanishes_is_said_once_and_leaves_what_was_read(
    document: Document, tmp_path: Path
) -> None:
    path, said = saved(tmp_path), problems_of(document)
    document.open(path)
    path.unlink()
    for _ in range(3):
        document.look_again()
    assert document.current is not None and document.current.name == "two-columns"
    assert len(said) == 1 and "run.h5 is no longer where it was" in said[0]
    saved(tmp_path)
    document.look_again()
    path.unlink()
    document.look_again()
    assert len(said) == 2


def test_closing_goes_to_the_neighbour_and_then_to_nothing(document: Document, tmp_path: Path) -> None:
    for name in ("first.h5", "second.h5"):
        document.open(saved(tmp_path, name))
    document.close(document.archives[1])
    assert document.current is document.archives[0]
    document.close(document.archives[0])
    assert document.current is None and document.archives == []


def test_first_layers_and_snapshots_come_by_layer_name(tmp_path: Path, qtbot: Any) -> None:
    archive = document_on(tmp_path, small_run()).current
    assert archive is not None
    kernels = {name: array.shape for name, array in archive.first_layer_weights().items()}
    assert kernels == {"conv1a": (2, 3, 3, 3), "conv1b": (2, 3, 3, 3)}
    assert archive.snapshot(2)["conv1a"].shape == (2, 3, 3, 3)
    assert archive.mean().shape == (3, 8, 8)


def test_pictures_are_selected_one_by_one(document: Document) -> None:
    document.show_pictures([VisitorPicture("a"), VisitorPicture("b")])
    assert document.picture is not None and document.picture.name == "a"
    document.select_picture(1)
    assert document.picture.name == "b"
    document.show_pictures([])
    assert document.picture is None


def test_settings_that_make_no_sense_become_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "museum.ini"
    path.write_text("[appearance]\ntheme=plaid\ntext-size=huge\n[archives]\nrecent=@Invalid()\n\0\xff")
    settings = Settings(path)
    assert (settings.theme, settings.text_size, settings.recent) == ("system", 100, [])


def test_recent_archives_are_the_newest_first_and_not_too_many(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "museum.ini")
    for number in range(12):
        settings.remember(tmp_path / f"{number}.h5")
    settings.remember(tmp_path / "10.h5")
    assert [path.stem for path in settings.recent] == ["10", "11", "9", "8", "7", "6", "5", "4"]
    settings.forget_recent()
    assert settings.recent == []
