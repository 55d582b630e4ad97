"""`alexnet net list|show|check`: what it prints, and the one line and exit status for what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reproduction.cli import main

DEFINITION = """[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[fc3]
type=fc
inputs=data
outputs=3
initW=0.1
[probs]
type=softmax
inputs=fc3
[logprob]
type=cost.logreg
inputs=labels,probs
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "my.layers.cfg"
    path.write_text(DEFINITION)
    return path


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line on stderr of a command that fails with status 1 and prints nothing."""
    assert main(["net", *words]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.strip()


def test_list_names_every_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "source", "picture", "parameters", "layers", "description"]
    assert any(line.startswith("alexnet-2012 ") and "3x224x224  60,965,224      35" in line for line in lines)
    assert max(len(line) for line in lines) < 150


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "list", "--json"]) == 0
    networks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert networks["lenet-5"]["parameters"] == 61706
    assert networks["lenet-5"]["image_shape"] == [1, 32, 32]


def test_show_is_a_table_with_totals_per_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "show", "alexnet-2012"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["conv1b", "conv", "11/4", "data", "1", "48x55x55", "17,472", "52,707,600"] in lines
    assert lines[-3:] == [
        ["column", "total", "0", "32,531,112", "364,251,408"],
        ["column", "total", "1", "28,434,112", "360,155,408"],
        ["total", "60,965,224", "724,406,816"],
    ]


def test_show_as_json_is_the_resolved_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "show", "alexnet-2012-half", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["parameters"], described["columns"]) == (59798312, 1)


def test_options_change_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--image-size", "64", "--classes", "7", "--set", "conv1.filters=8", "--set", "pool1.channels=8"]
    words += ["--set", "conv2.channels=8", "--dialect", "2012", "--json"]
    assert main(["net", "show", "cuda-convnet-80sec", *words]) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["image_shape"], described["classes"], described["dialect"]) == ([3, 64, 64], 7, "2012")
    assert described["layers"][2]["output_shape"] == [8, 64, 64]


def test_check_says_ok_and_what_it_ignored(capsys: pytest.CaptureFixture[str], net: Path) -> None:
    net.write_text(DEFINITION.replace("initW=0.1", "initW=0.1\nintB=1"))
    assert main(["net", "check", str(net), "--image-size", "8"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "my: ok; 5 layers, 579 parameters, 3x8x8 pictures, 3 classes, dialect 2011\n"
    assert printed.err.splitlines() == [
        "warning: my.layers.cfg line 12: layer 'fc3': key 'intb' means nothing to type fc and is ignored; "
        "did you mean 'initB' or 'initW'?",
        "warning: my.layers.cfg: no parameter file beside it, so only layers were read",
    ]


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "check", "lenet-5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "lenet-5", "ok": True, "warnings": []}


def test_what_is_wrong_with_a_definition_is_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str], net: Path, tmp_path: Path
) -> None:
    def says(text: str, *words: str) -> str:
        net.write_text(text)
        return failure(capsys, "check", str(net), *words)

    assert says(DEFINITION.replace("outputs=3", "outputs=three")) == (
        "alexnet net: my.layers.cfg line 10: layer 'fc3', key 'outputs': "
        "expected a whole number of at least 1, got 'three'"
    )
    assert says("") == "alexnet net: my.layers.cfg: has no layers; expected sections such as [conv1]"
    assert says("hello\n") == (
        "alexnet net: my.layers.cfg line 1: expected a section such as [conv1] before anything else, "
        "got 'hello'"
    )
    assert says(DEFINITION.replace("type=softmax", "type=softmaxx")).endswith("did you mean 'softmax'?")
    assert says(DEFINITION.replace("outputs=3", "outputs=9000000000")).endswith(
        "weights are more than the 8,589,934,592 that one layer may have"
    )
    (tmp_path / "my.params.cfg").write_text("[logprob]\ncoeff=1\n")
    assert says(DEFINITION) == (
        "alexnet net: my.params.cfg: there is no section [fc3], which that layer (type fc) needs"
    )


def test_files_that_are_no_definitions_are_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = tmp_path / "none.cfg"
    assert failure(capsys, "show", str(missing)) == (
        f"alexnet net: {missing}: cannot be read (no such file or directory)"
    )
    binary = tmp_path / "run.h5"
    binary.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert failure(capsys, "show", str(binary)) == (
        f"alexnet net: {binary}: this is a binary file; expected a text with sections such as [conv1]"
    )
    assert "did you mean 'alexnet-2012'" in failure(capsys, "show", "alexnet2012")


def test_strict_brings_the_limits_of_the_old_hardware(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "check", "lenet-5", "--strict") == (
        "alexnet net: lenet-5.layers.cfg line 23: layer 'conv1', key 'filters': "
        "expected a multiple of 16, 16 times groups, in all (strict), got '6'"
    )


@pytest.mark.parametrize(
    "words", [[], ["shew", "lenet-5"], ["show"], ["show", "lenet-5", "--image-size", "x"]]
)
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["net", *words])
    assert caught.value.code == 2
    assert "usage: alexnet net" in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["net", "--help"])
    assert caught.value.code == 0
    assert "alexnet net show alexnet-2012" in capsys.readouterr().out


def test_the_command_is_a_module_of_its_own_process() -> None:
    command = [sys.executable, "-m", "reproduction", "net", "show", "lenet-5", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["parameters"] == 61706
    assert answer.stderr == ""


def test_show_tells_copies_on_gpus_and_the_numbers_that_tell_layers_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blurred = "[blur1]\ntype=blur\ninputs=data\nchannels=3\nfilterSize=9\nstdev=4\ngpu=0,1\n[fc3]\n"
    path = tmp_path / "copies.cfg"
    text = DEFINITION.replace("[fc3]\n", blurred).replace("=data\noutputs", "=blur1\noutputs")
    path.write_text(text)
    assert main(["net", "show", str(path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["blur1", "blur", "9", "data", "0,1", "3x224x224"] in lines
    assert any(line[:4] == ["fc3", "fc", "blur1", "0,1"] for line in lines)


def test_check_strictly_refuses_what_the_program_refused_and_warns_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.cfg"
    path.write_text(DEFINITION)
    assert main(["net", "check", str(path), "--dialect", "2012"]) == 0
    assert "layer 'fc3' reads data and states no GPU" in capsys.readouterr().err
    message = failure(capsys, "check", str(path), "--dialect", "2012", "--strict")
    assert "key 'gpu' is missing (expected the GPU, which the program of 2012 needs" in message


def test_show_draws_into_a_file_in_place_of_an_older_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lenet.svg"
    file.write_text("older")
    assert main(["net", "show", "lenet-5", "--svg", str(file)]) == 0
    assert capsys.readouterr().out == f"lenet-5: drawn into {file}\n"
    image = ElementTree.parse(file).getroot()
    assert image.tag.endswith("svg") and "conv1" in file.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["lenet.svg"]


def test_show_says_in_one_line_why_a_drawing_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere" / "lenet.svg"
    line = failure(capsys, "show", "lenet-5", "--svg", str(nowhere))
    assert f"{nowhere} could not be written: there is no folder {nowhere.parent}" in line
    assert "it is not a file" in failure(capsys, "show", "lenet-5", "--svg", str(tmp_path))


def test_show_draws_or_prints_json_but_not_both(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["net", "show", "lenet-5", "--json", "--svg", "lenet.svg"])
    assert stopped.value.code == 2 and "not allowed with" in capsys.readouterr().err
