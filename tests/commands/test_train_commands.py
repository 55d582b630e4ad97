"""train, resume, test and predict as they are typed: real processes, real files, exit status and words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from archive import Archive, RunLog, read_run

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts, data, a trained archive run.h5 and a picture."""
    made: Path = tmp_path_factory.mktemp("commands")
    small_training.write_texts(made)
    small_training.write_data(made / "corners.h5")
    trained = train(made, "run.h5", "--epochs", 2)
    assert trained.returncode == 0, trained.stderr
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(made / "grey.png")
    return made


def train(folder: Path, out: str, *more: object, net: object = None):
    net = folder / "small.toml" if net is None else net
    return small_training.run("train", net, "--data", folder / "corners.h5", "--out", folder / out, *more)


def assert_refused(done, *said: str, status: int = 1) -> None:
    """One line on stderr that says `said`, nothing on stdout, no traceback."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("alexnet")]
    assert len(lines) == 1, done.stderr
    for words in said:
        assert words in lines[0]


def test_training_reports_on_stderr_and_leaves_an_archive(folder) -> None:
    done = train(folder, "other.h5", "--epochs", 1, "--seed", 7, "--batch-size", 30, "--device", "cpu")
    assert done.returncode == 0 and done.stdout == ""
    assert "epoch 1.00: test error" in done.stderr and "finished at epoch 1.00" in done.stderr
    with Archive(folder / "other.h5") as archive:
        assert archive.state["seed"] == 7 and archive.state["step"] == 10
        assert archive.provenance["command"].startswith("alexnet train small.toml --data corners.h5")
        assert str(folder) not in json.dumps([archive.provenance, archive.texts])
        assert json.loads(archive.texts["overrides"]) == ["epochs=1", "batch-size=30"]


def test_an_archive_that_is_there_is_not_overwritten_unasked(folder) -> None:
    before = (folder / "run.h5").read_bytes()
    assert_refused(train(folder, "run.h5"), "the file exists", "alexnet resume", "--force")
    assert (folder / "run.h5").read_bytes() == before
    (folder / "old.h5").write_bytes(before)
    assert train(folder, "old.h5", "--epochs", 0, "--force").returncode == 0
    with Archive(folder / "old.h5") as archive:
        assert archive.state["step"] == 0


def test_what_is_read_is_not_overwritten_even_when_asked(folder) -> None:
    before = (folder / "corners.h5").read_bytes()
    assert_refused(train(folder, "corners.h5", "--force"), "is what would be read")
    assert_refused(train(folder, "small.toml", "--force"), "is what would be read")
    assert (folder / "corners.h5").read_bytes() == before


def test_an_odd_name_is_quoted_in_the_command_that_goes_on(folder) -> None:
    done = train(folder, "odd näme.h5", "--steps", 1)
    assert (
        done.returncode == 0 and "`alexnet resume '" in done.stderr and "odd näme.h5'` goes on" in done.stderr
    )


def test_what_cannot_be_trained_is_refused_in_one_line(folder, tmp_path) -> None:
    assert_refused(train(folder, "x.h5", net="no-such-net"), "no-such-net")
    assert_refused(train(folder, "nowhere/x.h5"), "no folder")
    assert_refused(train(folder, "x.h5", "--set", "fc.epsX=1"), "epsX")
    assert_refused(train(folder, "x.h5", "--device", "cuda:7,cuda:8"), "cuda:7")
    assert_refused(train(folder, "x.h5", "--seed", "-1"), "whole number", status=2)
    small_training.write_data(tmp_path / "corners.h5", side=16)
    done = small_training.run(
        "train", folder / "small.toml", "--data", tmp_path / "corners.h5", "--out", folder / "x.h5"
    )
    assert_refused(done, "--set image-size=16")
    done = small_training.run("train", folder / "small.toml", "--data", folder, "--out", folder / "x.h5")
    assert_refused(done, str(folder))
    assert not (folder / "x.h5").exists()


def test_rates_that_blow_up_are_named(folder) -> None:
    done = train(folder, "wild.h5", "--set", "*.epsW=1e20")
    assert_refused(done, "learning rates are too high", "stands as it was at epoch 0.00")


def test_resume_goes_on_and_notes_what_is_changed(folder) -> None:
    (folder / "more.h5").write_bytes((folder / "run.h5").read_bytes())
    done = small_training.run(
        "resume", folder / "more.h5", "--epochs", 3, "--set", "fc.epsW=0.001", folder=folder
    )
    assert done.returncode == 0, done.stderr
    run = read_run(folder / "more.h5")
    assert (run.state["epoch"], run.state["step"]) == (3, 45)
    assert [note.text for note in run.notebook][1:] == ["Changed: fc.epsW=0.001, epochs=3"]
    assert run.notebook[-1].epoch == 2.0
    again = small_training.run("resume", folder / "more.h5", folder=folder)
    assert again.returncode == 0 and "its 3 epochs are over" in again.stderr


def test_resume_refuses_what_would_not_go_on(folder, tmp_path) -> None:
    run = folder / "run.h5"
    moved = tmp_path / "run.h5"
    moved.write_bytes(run.read_bytes())
    assert_refused(small_training.run("resume", moved, folder=tmp_path), "name them with --data")
    assert_refused(small_training.run("resume", run, "--set", "fc.outputs=9"), "shapes of weights")
    assert_refused(small_training.run("resume", folder / "corners.h5"), "corners.h5")
    assert_refused(small_training.run("resume", folder / "nothing.h5"), "nothing.h5")
    small_training.write_data(tmp_path / "wide.h5", side=16)
    done = small_training.run("resume", run, "--data", tmp_path / "wide.h5")
    assert_refused(done, "wide.h5 holds pictures of")


def test_resume_with_other_pictures_warns_and_notes_it(folder, tmp_path) -> None:
    moved = tmp_path / "run.h5"
    moved.write_bytes((folder / "run.h5").read_bytes())
    small_training.write_data(tmp_path / "fewer.h5", train=100)
    done = small_training.run("resume", moved, "--data", tmp_path / "fewer.h5", "--epochs", 3)
    assert done.returncode == 0 and "warning: Other pictures" in done.stderr
    notes = [note.text for note in read_run(moved).notebook]
    assert any("Other pictures: corners (fewer.h5)" in note for note in notes)


def test_resume_refuses_pictures_of_other_classes(folder, tmp_path) -> None:
    small_training.write_data(tmp_path / "others.h5", train=100)
    with h5py.File(tmp_path / "others.h5", "r+") as file:
        file["labels"][2] = "middle"
    before = (folder / "run.h5").read_bytes()
    done = small_training.run("resume", folder / "run.h5", "--data", tmp_path / "others.h5", "--epochs", 9)
    assert_refused(done, "class 2 is 'middle' instead of 'corner 2'")
    assert (folder / "run.h5").read_bytes() == before


def test_a_new_run_takes_nothing_from_the_log_of_the_run_it_replaces(folder) -> None:
    assert train(folder, "replaced.h5", "--epochs", 1).returncode == 0
    RunLog(folder / "replaced.h5").append(
        "note", time="2012-09-13T03:43:56Z", epoch=0.5, text="of the old run"
    )
    assert train(folder, "replaced.h5", "--epochs", 1, "--force").returncode == 0
    resumed = small_training.run("resume", folder / "replaced.h5", "--data", folder / "corners.h5")
    assert resumed.returncode == 0, resumed.stderr
    assert "of the old run" not in [note.text for note in read_run(folder / "replaced.h5").notebook]


def test_a_run_does_not_overwrite_what_another_program_wrote_meanwhile(folder) -> None:
    out, rival = folder / "contested.h5", (folder / "run.h5").read_bytes()
    rarely = ("--set", "test-every=1000", "--set", "archive-minutes=60", "--epochs", 40)
    words = ("train", folder / "small.toml", "--data", folder / "corners.h5", "--out", out, *rarely)
    with subprocess.Popen(
        small_training.command(*words), env=small_training.environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        while not Path(f"{out}.log").exists():  # the first version is written, and steps are being done
            assert process.poll() is None
        (folder / "contested.copy").write_bytes(rival)
        (folder / "contested.copy").replace(out)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "was written by another program while this run trained" in said.splitlines()[-1]
    assert out.read_bytes() == rival


def test_another_number_of_pictures_is_refused_within_an_epoch(folder, tmp_path) -> None:
    begun = train(folder, "midway.h5", "--steps", 8)
    assert begun.returncode == 0, begun.stderr
    before = (folder / "midway.h5").read_bytes()
    small_training.write_data(tmp_path / "fewer.h5", train=40)
    done = small_training.run("resume", folder / "midway.h5", "--data", tmp_path / "fewer.h5")
    assert_refused(done, "stands at 8 of 15", "finish the epoch")
    assert (folder / "midway.h5").read_bytes() == before


def test_testing_gives_the_figure_of_the_history(folder) -> None:
    done = small_training.run("test", folder / "run.h5", "--data", folder / "corners.h5", "--json")
    found = json.loads(done.stdout)
    with Archive(folder / "run.h5") as archive:
        row = archive.history.test[-1]
    for field in ("epoch", "images", "views", "loss", "top1", "topk", "k"):
        assert found[field] == row[field], field
    plain = small_training.run("test", folder / "run.h5", "--data", folder / "corners.h5")
    assert f"top-1 error  {100 * row['top1']:.2f} %" in plain.stdout
    assert f"logprob      {row['loss']:.6f}" in plain.stdout


def test_testing_averages_views_and_takes_any_split(folder) -> None:
    words = ("test", folder / "run.h5", "--data", folder / "corners.h5", "--json")
    assert json.loads(small_training.run(*words, "--multiview").stdout)["views"] == 9
    assert json.loads(small_training.run(*words, "--split", "train").stdout)["images"] == 290
    assert_refused(small_training.run(*words, "--split", "val"), "no val pictures")


def test_testing_on_other_classes_or_fewer_of_them_is_refused(folder, tmp_path) -> None:
    small_training.write_data(tmp_path / "others.h5", train=20)
    words = ("test", folder / "run.h5", "--data", tmp_path / "others.h5")
    with h5py.File(tmp_path / "others.h5", "r+") as file:
        file["labels"][2] = "middle"
    assert_refused(small_training.run(*words), "others.h5 names other classes than run.h5 learnt", "'middle'")
    with h5py.File(tmp_path / "others.h5", "r+") as file:
        for name in ("labels", "label_ids"):
            kept = file[name][:2] if name == "label_ids" else [b"corner 0", b"corner 1"]
            del file[name]
            file.create_dataset(name, data=kept, dtype=h5py.string_dtype())
        for split in file["targets"].values():
            split[:] = split[:] % 2
    assert_refused(small_training.run(*words), "2 instead of 4", "the same classes")


def test_predicting_names_classes_best_first(folder) -> None:
    done = small_training.run("predict", folder / "run.h5", folder / "grey.png", "--top", 2)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].endswith("grey.png") and len(lines) == 3
    assert "corner" in lines[1] and "%" in lines[1]
    done = small_training.run("predict", folder / "run.h5", folder / "grey.png", "--json", "--multiview")
    (answer,) = json.loads(done.stdout)
    assert answer["box"] == [13, 3, 33] and answer["views"] == 9 and len(answer["guesses"]) == 4
    assert sum(guess["probability"] for guess in answer["guesses"]) == pytest.approx(1, abs=1e-5)


def test_a_broken_picture_is_named_and_the_others_are_still_looked_at(folder) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 50)
    pictures = (folder / "grey.png", folder / "broken.jpg", folder / "none.jpg", folder / "grey.png")
    done = small_training.run("predict", folder / "run.h5", *pictures)
    assert done.returncode == 1
    assert done.stdout.count("grey.png") == 2
    assert [line for line in done.stderr.splitlines() if "broken.jpg" in line]
    assert [line for line in done.stderr.splitlines() if "none.jpg" in line]
    assert "Traceback" not in done.stderr
    done = small_training.run("predict", folder / "run.h5", *pictures, "--json")
    assert ["error" in answer for answer in json.loads(done.stdout)] == [False, True, True, False]


def test_fewer_than_one_class_is_wrong_usage(folder) -> None:
    done = small_training.run("predict", folder / "run.h5", folder / "grey.png", "--top", "0")
    assert_refused(done, "whole number of at least 1", status=2)


def test_predicting_with_what_is_no_archive_is_refused(folder) -> None:
    assert_refused(small_training.run("predict", folder / "grey.png", folder / "grey.png"), "grey.png")
    assert_refused(small_training.run("predict", folder / "corners.h5", folder / "grey.png"), "corners.h5")


@pytest.mark.parametrize("verb", ["train", "resume", "test", "predict"])
def test_help_has_an_example_and_does_not_load_torch(verb) -> None:
    done = small_training.run(verb, "--help")
    assert done.returncode == 0 and f"example: alexnet {verb}" in done.stdout
