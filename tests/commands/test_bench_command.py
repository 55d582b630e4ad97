"""`alexnet bench`: what it measures is there and fits together; how long anything took is no test."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from reproduction.cli import main
from reproduction.kernels import native

NETWORK = "cuda-convnet-18pct"
QUICK = ["--quick", "--net", NETWORK, "--threads", "1"]
ROW_KEYS = {
    "group",
    "name",
    "meaning",
    "pictures",
    "bytes",
    "operations",
    "timings",
    "ratios",
    "yardsticks",
    "floor",
    "disturbance",
    "repeated_rounds",
    "facts",
}


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The number of threads that `--threads` changes is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Kernels are looked for anew in the test, and again after it."""
    native.library.cache_clear()
    yield
    native.library.cache_clear()


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The only report of a quick run."""
    assert main(["bench", *words, *QUICK, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["reports"]
    assert found["subject"] == words[0]
    return found


def check_row(row: dict[str, Any], rounds: int) -> None:
    """Every part is there, and ratios and times are of the same calls."""
    assert row.keys() == ROW_KEYS
    assert row["timings"][0]["name"] == "ours"
    for timing in (*row["timings"], *row["yardsticks"]):
        assert len(timing["rounds_s"]) == rounds
        calls = [seconds for calls in timing["rounds_s"] for seconds in calls]
        assert timing["best_s"] == min(calls) > 0
        assert timing["median_s"] == statistics.median(calls)
        assert timing["best_s"] <= timing["median_s"] <= timing["p90_s"] <= max(calls)
    ours = [statistics.median(calls) for calls in row["timings"][0]["rounds_s"]]
    assert row["ratios"].keys() == {timing["name"] for timing in row["timings"][1:]}
    for timing in row["timings"][1:]:
        theirs = [statistics.median(calls) for calls in timing["rounds_s"]]
        ratios = [other / mine for other, mine in zip(theirs, ours, strict=True)]
        told = row["ratios"][timing["name"]]
        assert told["median"] == pytest.approx(statistics.median(ratios))
        assert (told["low"], told["high"]) == (pytest.approx(min(ratios)), pytest.approx(max(ratios)))
    assert len(row["disturbance"]) == rounds
    assert all(value >= 1 for value in row["disturbance"])


@pytest.mark.parametrize("subject", ["kernels", "step", "pipeline", "predict"])
def test_every_subject_reports_machine_settings_and_rows_that_fit_together(
    subject: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(capsys, subject, "--rounds", "2", "--batch-size", "3")
    assert found["settings"]["networks"] == [NETWORK]
    assert found["settings"]["rounds"] == 2
    assert found["machine"]["threads"] == 1
    assert found["machine"]["kernels"]
    assert found["machine"]["rates"].keys() == {"copy", "matrix product", "convolution"}
    assert found["rows"]
    for row in found["rows"]:
        check_row(row, rounds=2)


def test_kernels_are_the_chains_of_the_network_the_update_and_augmentation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = report(capsys, "kernels", "--rounds", "1", "--batch-size", "2")
    rows = {(row["group"].removeprefix(f"{NETWORK}: "), row["name"]): row for row in found["rows"]}
    chains = ("pool1 (relu) + rnorm1, 32x32x32", "relu + pool2 + rnorm2, 32x16x16", "relu + pool3, 64x8x8")
    assert list(rows) == [
        *((chain, name) for chain in chains for name in ("forward", "forward + backward")),
        ("update of 89,578 weights", "one step"),
        ("augmentation, 3x32x32 to 32 a side", "one minibatch"),
    ]
    read, written = 4 * 2 * 32 * 32 * 32, 4 * 2 * 32 * 16 * 16
    assert rows[chains[0], "forward"]["bytes"] == read + written
    assert rows[chains[0], "forward + backward"]["bytes"] == 3 * read + 2 * written
    assert [timing["name"] for timing in rows[chains[0], "forward"]["timings"]] == [
        "ours",
        "stock",
        "channels_last",
    ]


def test_a_step_has_twins_that_agree_with_our_network(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = report(capsys, "step", "--rounds", "1", "--batch-size", "2")["rows"]
    assert [timing["name"] for timing in row["timings"]] == ["ours", "stock", "channels_last"]
    assert row["pictures"] == 2
    assert row["floor"]["bound"] in ("copy", "matrix rate")
    (fact,) = row["facts"]
    apart = float(fact.partition("differ by at most ")[2].partition(" of")[0])
    assert apart < 1e-5  # float32


def test_the_pipeline_says_its_share_of_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    alone, beside = report(capsys, "pipeline", "--rounds", "1", "--batch-size", "2")["rows"]
    assert [timing["name"] for timing in alone["timings"]] == ["ours", "stock"]
    assert [timing["name"] for timing in beside["timings"]] == [
        "ours",
        "its reading",
        "its augmenting",
        "a training step",
    ]
    assert "of pictures and step together" in beside["facts"][0]
    assert "of augmenting and step together" in beside["facts"][1]


def test_one_picture_is_answered_alone_and_beside_a_busy_process(capsys: pytest.CaptureFixture[str]) -> None:
    alone, beside = report(capsys, "predict", "--rounds", "1")["rows"]
    assert {"ours", "stock", "channels_last", "ours, --weights int8"} <= {
        timing["name"] for timing in alone["timings"]
    }
    assert alone["pictures"] == 1
    assert "another program takes a core" in beside["name"]
    assert beside["facts"]


def test_lower_precision_runs_on_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = report(capsys, "step", "--rounds", "1", "--batch-size", "2", "--precision", "bfloat16")["rows"]
    assert [timing["name"] for timing in row["timings"]] == ["ours", "stock", "channels_last"]
    assert row["name"].endswith("bfloat16")


def test_a_person_gets_a_table_and_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "predict", *QUICK, "--rounds", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("predict: 1 round on ")
    assert "noise: " in said.out
    assert max(len(line) for line in said.out.splitlines()) <= 100
    assert "the machine: getting warm" in said.err


@pytest.mark.usefixtures("forgetful")
def test_it_is_said_where_ours_is_plain_torch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(native.CHOICE_VARIABLE, "plain")
    found = report(capsys, "step", "--rounds", "1")
    assert found["machine"]["kernels"] == "none, as ALEXNET_KERNELS has it"


@pytest.mark.usefixtures("forgetful")
def test_a_machine_without_a_compiler_says_why_nothing_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    words = ["pipeline", "--net", NETWORK, "--batch-size", "2", "--rounds", "1", "--device", "cpu"]
    assert main(["bench", *words]) == 0
    assert "torch.compile needs a C++ compiler, and there is none" in capsys.readouterr().out


def test_a_network_without_a_stock_twin_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "epsW=0.01\nepsB=0.01\nmomW=0.9\nmomB=0.9\nwc=0\n"
    (tmp_path / "odd.layers.cfg").write_text(
        "[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"
        "[fc1]\ntype=fc\ninputs=data\noutputs=4\ninitW=0.1\nneuron=softrelu\n"
        "[probs]\ntype=softmax\ninputs=fc1\n[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
    )
    (tmp_path / "odd.params.cfg").write_text(f"[fc1]\n{rule}[logprob]\ncoeff=1\n")
    (tmp_path / "odd.toml").write_text(
        'definition = "odd.layers.cfg"\nparameters = "odd.params.cfg"\nimage-size = 8\n'
    )
    assert main(["bench", "step", "--quick", "--net", str(tmp_path / "odd.toml")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        "alexnet bench: layer 'fc1' of type fc has no stock twin to race in this setting; "
        "take another network"
    )
