"""`alexnet experiments`: the tree, one experiment, the difference of two; for persons and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab_checkouts import checkout

from reproduction.cli import main


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(checkout(tmp_path / "source"))


def test_the_family_tree_is_printed(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", source]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "20"
    assert "epsW 0.001 at 10" in lines[1] and "top-1 0.290000, top-5 0.090000" in lines[1]
    assert "  21  with larger filters, trained on lsvrc-2010" in lines
    assert lines[-1].startswith("4 parameter files with notes")


def test_one_experiment_is_shown_with_its_runs(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", source, "--show", "21"]) == 0
    out = capsys.readouterr().out
    assert "parent      20 (says the note)" in out
    assert "run 2: restart" in out
    assert "epoch 12  epsW of conv1 to 0 from 0.01" in out


def test_two_experiments_are_compared(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", source, "--diff", "20", "21"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("20 against 21: 7,745,")
    assert "    filterSize: 5 against 7" in out
    assert "  fc20: only in 21 (fc)" in out


def test_programs_get_json(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", source, "--json"]) == 0
    listed = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["21"]["parent"] == "20"
    assert listed["20"]["runs"][0]["results"][1]["top5"] == 0.09
    assert main(["experiments", source, "--show", "21", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == listed["21"]
    assert main(["experiments", source, "--diff", "20", "21", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"][0]["key"] == "filterSize"


def test_without_a_checkout_the_shipped_facts_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments"]) == 0
    out = capsys.readouterr().out
    assert "top-1 0.418280, top-5 0.193300" in out
    assert "AlexNet-Source-Code of the Computer History Museum" in out


def test_an_unknown_experiment_takes_one_line(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", source, "--show", "77"]) == 1
    assert capsys.readouterr().err == "alexnet experiments: there is no experiment '77'\n"


def test_a_note_cannot_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "layer-params-1.cfg").write_text("# this is like #9 but \x1b[2J wiped\n", encoding="utf-8")
    assert main(["experiments", str(tmp_path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
