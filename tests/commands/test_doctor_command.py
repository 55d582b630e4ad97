"""`alexnet doctor`: facts, what they mean, and an exit status that says whether headless work is possible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from reproduction.cli import main
from reproduction.commands.doctor import lines, verdict
from reproduction.doctor import PURPOSES, Finding, examine, gpu_kernels, is_ready, kernels
from reproduction.kernels import cache, native


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    """What this machine has."""
    return examine()


def test_this_machine_which_runs_the_tests_is_ready_for_the_headless_verbs(findings: list[Finding]) -> None:
    assert is_ready(findings, "headless")
    assert "torch" in {finding.topic for finding in findings}


def test_everything_that_is_not_right_says_what_it_means_or_what_to_do(findings: list[Finding]) -> None:
    assert all(finding.meaning or finding.advice for finding in findings if not finding.ok)


def test_the_museum_needs_what_the_headless_verbs_need_and_not_the_other_way_round() -> None:
    good = Finding(topic="torch", found="2.13.0", needed_for="headless")
    bad = Finding(topic="Qt", found="does not start", needed_for="museum", ok=False)
    assert [is_ready([good, bad], purpose) for purpose in PURPOSES] == [True, False, False]
    worse = Finding(topic="torch", found="missing", needed_for="headless", ok=False)
    assert [is_ready([worse], purpose) for purpose in PURPOSES] == [False, False, False]


def test_what_is_needed_for_nothing_keeps_nothing_from_working() -> None:
    assert is_ready([Finding(topic="GPU", found="none", ok=False)], "window")


def test_a_finding_shows_its_mark_its_meaning_and_the_line_to_paste() -> None:
    finding = Finding(
        topic="Qt", found="does not start", meaning="missing: libGL.so.1", advice="apt", ok=False
    )
    shown = lines(finding)
    assert shown[0].startswith("! Qt")
    assert [line.strip() for line in shown[1:]] == ["missing: libGL.so.1", "-> apt"]


@pytest.mark.parametrize(
    ("ready", "words"),
    [
        ((True, True, True), ("yes", "yes")),
        ((True, True, False), ("yes", "into pictures only, without a window")),
        ((True, False, False), ("yes", "no; the lines marked ! say why")),
        ((False, False, False), ("no; the lines marked ! say why", "no; the lines marked ! say why")),
    ],
)
def test_the_verdict_is_in_words(ready: tuple[bool, bool, bool], words: tuple[str, str]) -> None:
    shown = verdict(dict(zip(PURPOSES, ready, strict=True)))
    assert tuple(line.split(": ")[1] for line in shown) == words


def test_json_carries_the_verdicts_and_every_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["headless"] is True
    assert {"Python", "torch", "kernels", "memory", "disk"} <= {
        entry["topic"] for entry in report["findings"]
    }


def test_a_python_without_torch_is_told_so_and_not_with_a_traceback() -> None:
    # -S -I: no site-packages, hence no torch, numpy or Qt; the checkout is put on the path by hand.
    program = (
        "import sys; sys.path.insert(0, '.'); import argparse\n"
        "from reproduction.commands.doctor import run\n"
        "sys.exit(run(argparse.Namespace(json=False)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", program], capture_output=True, text=True, cwd="."
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "! torch      missing" in done.stdout
    assert "Training, testing, predicting: no" in done.stdout


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Kernels are looked for anew in the test, and again after it."""
    native.library.cache_clear()
    yield
    native.library.cache_clear()


@pytest.mark.skipif(native.compiler() is None, reason="there is no C++ compiler")
def test_the_kernels_are_named_with_the_compiler_that_made_them() -> None:
    finding = kernels()
    assert finding.ok, finding
    sources = sorted(path.stem for path in native.SOURCES.glob("*.cpp"))
    assert finding.found == f"{', '.join(sources)}: compiled for this processor by {native.compiler()}"


@pytest.mark.usefixtures("forgetful")
def test_kernels_that_were_switched_off_are_no_fault_but_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.CHOICE_VARIABLE, "plain")
    finding = kernels()
    assert finding.ok and not finding.needed_for
    assert finding.found == "none, as ALEXNET_KERNELS has it"
    assert "alexnet bench kernels" in finding.meaning
    assert finding.advice == "unset ALEXNET_KERNELS"
    assert gpu_kernels(0) == []


@pytest.mark.usefixtures("forgetful")
def test_without_a_compiler_plain_torch_computes_and_doctor_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    finding = kernels()
    assert not finding.ok and not finding.needed_for
    assert "there is no C++ compiler" in finding.found
    assert "alexnet bench kernels" in finding.meaning
    assert finding.advice in ("", "sudo apt-get install -y --no-install-recommends g++")


@pytest.mark.usefixtures("forgetful")
@pytest.mark.skipif(os.name != "posix", reason="the compiler is a shell script")
def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "c++"
    broken.write_text("#!/bin/sh\necho 'fatal error: out of patience' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    finding = kernels()
    assert not finding.ok and not finding.advice
    assert "out of patience" in finding.found


def test_kernels_of_our_own_are_needed_for_nothing(findings: list[Finding]) -> None:
    (finding,) = [finding for finding in findings if finding.topic == "kernels"]
    assert finding.needed_for == ""


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_kernels_without_a_gpu_say_what_is_missing() -> None:
    for finding in gpu_kernels(0):
        assert not finding.ok
        assert finding.found.startswith("none of our own: ")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_gpu_kernels_are_compiled_for_the_gpu() -> None:
    for finding in gpu_kernels(0):
        assert finding.ok, finding
        assert ": compiled for sm_" in finding.found
