"""The command line as a contract: exit statuses, one clear line, nothing imported that is not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reproduction.cli import VERBS, main


def test_without_a_verb_the_overview_is_printed_and_the_usage_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "usage: alexnet VERB" in capsys.readouterr().out


def test_an_unknown_verb_is_wrong_usage_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trian"]) == 2
    assert "there is no verb 'trian'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    assert f"alexnet {verb}" in capsys.readouterr().out.split("usage:", 1)[1].split("\n", 1)[1]


@pytest.mark.parametrize("words", [["net", "list"], ["--help"], ["archive", "--help"], ["train", "--help"]])
def test_starting_a_command_does_not_pay_for_torch_or_qt(words: list[str]) -> None:
    program = (
        "import sys; from app.command import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reproduction", "net", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
