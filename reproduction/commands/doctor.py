"""Says what this machine has and what that means; exit status 0 if training, testing and predicting can work.

alexnet doctor
alexnet doctor --json
"""

from __future__ import annotations

import argparse
import dataclasses
import json

from reproduction.doctor import PURPOSES, Finding, examine, is_ready


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`[--json]`."""
    parser.add_argument("--json", action="store_true", help="prints the findings for programs")


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found; 1 if the headless verbs cannot work here."""
    findings = examine()
    ready = {purpose: is_ready(findings, purpose) for purpose in PURPOSES}
    if arguments.json:
        print(
            json.dumps({**ready, "findings": [dataclasses.asdict(finding) for finding in findings]}, indent=1)
        )
    else:
        print("\n".join([*(line for finding in findings for line in lines(finding)), "", *verdict(ready)]))
    return 0 if ready["headless"] else 1


def verdict(ready: dict[str, bool]) -> list[str]:
    """What can be done here, in words."""
    no = "no; the lines marked ! say why"
    museum = "yes" if ready["window"] else "into pictures only, without a window" if ready["museum"] else no
    return [f"Training, testing, predicting: {'yes' if ready['headless'] else no}", f"The museum: {museum}"]


def lines(finding: Finding) -> list[str]:
    """A finding as it stands on the screen: topic and fact, then what it means and what to do, indented."""
    mark = " " if finding.ok else "!"
    further = [finding.meaning, f"-> {finding.advice}" if finding.advice else ""]
    return [f"{mark} {finding.topic:<11}{finding.found}", *(f"{'':<13}{text}" for text in further if text)]
