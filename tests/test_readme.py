"""What the README promises exists: commands parse, links lead somewhere, the table names every verb."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from app.museum import parser as museum_parser
from bootstrap.launch import Request
from reproduction.cli import VERBS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python3 run\.py(.*)$", README, re.MULTILINE)
NAMED_IN_TEXT = re.findall(r"`python3 run\.py ([^`]*)`", README)


def parser_of(verb: str) -> argparse.ArgumentParser:
    """The parser that `alexnet VERB` uses."""
    if verb == "museum":
        return museum_parser()
    parser = argparse.ArgumentParser(prog=verb)
    importlib.import_module(f"reproduction.commands.{verb}").add_arguments(parser)
    return parser


@pytest.mark.parametrize("command", [*COMMANDS, *NAMED_IN_TEXT])
def test_a_command_of_the_readme_is_understood(command: str) -> None:
    request = Request(shlex.split(command))
    if request.verb not in ("pytest", "VERB"):
        parser_of(request.verb).parse_args(request.arguments)


def test_the_two_commands_stand_first() -> None:
    assert [command.strip() for command in COMMANDS[:2]] == ["", "pytest"]


def test_ci_runs_the_test_command_as_the_readme_has_it() -> None:
    assert "\nexec python3 run.py pytest </dev/null\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_table_of_verbs_is_that_of_the_command() -> None:
    section = README.split("## Verbs")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {"museum", *VERBS}


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?://)([^)#]+)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "path",
    sorted(set(re.findall(r"`((?:archive|app|assets|bootstrap|reproduction|tests)/[\w/.-]*)`", README))),
)
def test_a_room_or_file_that_the_readme_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_each_of_the_seven_invariants_has_its_tests() -> None:
    section = README.split("Seven invariants.")[1].split("\n## ")[0]
    numbers = re.findall(r"^(\d)\. \*\*", section, re.MULTILINE)
    held = re.findall(
        r"^def test_invariant_(\d)_", (ROOT / "tests/test_house.py").read_text("utf-8"), re.MULTILINE
    )
    assert numbers == list("1234567") == sorted(set(held))


def test_every_dependency_is_given_its_reason() -> None:
    section = README.split("## Dependencies")[1].split("\n## ")[0]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.scripts]")[0]
    for name in re.findall(r'"([a-z0-9-]+)>=', text.split("[project]")[1]):
        assert f"`{name}`" in section
