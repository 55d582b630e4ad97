"""Every definition and parameter file of the three released programs, where their sources are at hand.

ALEXNET_RELEASED_SOURCES names the folder with their checkouts; tests/released_files.py says what goes with
what. A table of what was read and what was refused is printed. The facts to compare with (counts, no text of
the originals) are in tests/golden/released_totals.json.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import pytest
from released_files import (
    BORROWED,
    DIALECTS,
    FACTS,
    SOURCES,
    definition_of,
    names,
    parameters_of,
    side_of,
    texts,
)

from reproduction.definition import Experiment, assemble
from reproduction.errors import DefinitionError

UNREADABLE = "AlexNet-Source-Code/layers/layer-params-147.cfg.save"  # text before its first section

pytestmark = pytest.mark.skipif(
    not SOURCES, reason="ALEXNET_RELEASED_SOURCES names no folder with the three released programs"
)


@dataclass(frozen=True)
class Reading:
    """What came of one file: an experiment or an error, and how long it took."""

    experiment: Experiment | None
    error: str
    seconds: float


def read(definition: str, parameters: str | None, *, strict: bool = False) -> Reading:
    """Reads a definition with its parameters, or alone; strictly as its own program."""
    dialect = DIALECTS[definition.partition("/")[0]] if strict else None
    classes = 10184 if "146-2009-tree" in definition else None
    begun = time.monotonic()
    try:
        experiment = assemble(
            texts(definition, parameters),
            image_size=side_of(definition),
            classes=classes,
            dialect=dialect,
            strict=strict,
            require_parameters=parameters is not None,
        )
    except DefinitionError as error:
        return Reading(None, str(error), time.monotonic() - begun)
    return Reading(experiment, "", time.monotonic() - begun)


def test_all_definitions_are_read_with_their_parameters_and_the_totals_agree() -> None:
    definitions = names("layers*.cfg")
    assert len(definitions) == 85
    for name in definitions:
        reading = read(name, parameters_of(name))
        assert reading.experiment is not None, reading.error
        assert reading.seconds < 1
        facts = FACTS["definitions"].get(name)
        if facts is None:
            continue
        network = reading.experiment.network
        weights = sum(size(shape) for array, shape in network.array_shapes.items() if "/weights" in array)
        counted = (network.parameter_count, weights, len(network.layers), network.gpus)
        assert counted == (facts["parameters"], facts["weights"], facts["layers"], facts["gpus"]), name
    assert len(FACTS["definitions"]) == len(set(FACTS["definitions"]) & set(definitions)) == 57


def size(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product


def test_totals_agree_at_the_other_picture_sizes() -> None:
    checked = 0
    for name, facts in FACTS["definitions"].items():
        for side, total in facts.get("parameters_at_side", {}).items():
            experiment = assemble(texts(name, None), image_size=int(side), require_parameters=False)
            assert experiment.network.parameter_count == total, (name, side)
            checked += 1
    assert checked == 12


def test_all_parameter_files_are_read_but_for_the_one_with_text_before_its_sections() -> None:
    files = [name for name in names("layer-params*") if name != UNREADABLE]
    assert len(files) == 106 + 7 + 6
    for name in files:
        reading = read(definition_of(name), name)
        assert reading.experiment is not None, reading.error
    assert (
        "expected a section such as [conv1] before anything else"
        in read(definition_of(UNREADABLE), UNREADABLE).error
    )


def test_every_definition_has_parameters_and_six_have_borrowed_ones() -> None:
    files = set(names("layer-params*"))
    for name in names("layers*.cfg"):
        assert parameters_of(name) in files
        own = name.replace("/layers-", "/layer-params-").replace("/layers.", "/layer-params.")
        assert (own in files) != (name.partition("/")[2].removesuffix(".cfg") in BORROWED)


def test_each_program_refuses_strictly_what_its_parser_refused_and_what_it_cannot_copy() -> None:
    refused = {name: read(name, None, strict=True).error for name in names("layers*.cfg")}
    refused = {name: error for name, error in refused.items() if error}
    copying = {name for name, error in refused.items() if "checkpoint" in error}
    assert copying == set(FACTS["copies_from_a_checkpoint"])
    assert refused.keys() - copying == set(FACTS["refused_by_own_parser"])


def test_the_parser_of_2012_strictly_refuses_the_parameter_files_it_refused() -> None:
    for name, facts in FACTS["parameters"].items():
        definition = definition_of(name)
        if definition in FACTS["copies_from_a_checkpoint"] or definition in FACTS["refused_by_own_parser"]:
            continue
        accepted = read(definition, name, strict=True).experiment is not None
        assert accepted == (facts["released_parser"] == "accepts"), name


def test_the_programs_of_2011_and_2014_strictly_accept_the_parameter_files_of_what_they_accept() -> None:
    files = [name for name in names("layer-params*") if not name.startswith("AlexNet-Source-Code")]
    for name in files:
        if definition_of(name) not in FACTS["refused_by_own_parser"]:
            assert read(definition_of(name), name, strict=True).error == ""


def test_a_table_of_what_was_read_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for name in names("layers*.cfg"):
        checkout = name.partition("/")[0]
        counts[checkout, "definitions"] += 1
        reading = read(name, parameters_of(name))
        counts[checkout, "read"] += reading.experiment is not None
        counts[checkout, "with warnings"] += bool(reading.experiment and reading.experiment.warnings)
        strict = read(name, None, strict=True)
        counts[checkout, "strictly read"] += strict.experiment is not None
        counts[checkout, "strictly refused"] += bool(strict.error) and "checkpoint" not in strict.error
        counts[checkout, "no checkpoint"] += "checkpoint" in strict.error
    for name in names("layer-params*"):
        checkout = name.partition("/")[0]
        counts[checkout, "parameter files"] += 1
        definition = definition_of(name)
        counts[checkout, "read with a definition"] += read(definition, name).experiment is not None
        refused = {*FACTS["refused_by_own_parser"], *FACTS["copies_from_a_checkpoint"]}
        alone = definition not in refused and bool(read(definition, name, strict=True).error)
        counts[checkout, "refused strictly alone"] += alone
    rows = sorted({kind for _, kind in counts}, key=[kind for _, kind in counts].index)
    with capsys.disabled():
        print("\n" + " " * 24 + "".join(f"{checkout:>22}" for checkout in DIALECTS))
        for row in rows:
            print(f"{row:<24}" + "".join(f"{counts[checkout, row]:>22}" for checkout in DIALECTS))
    assert sum(counts[checkout, "read"] for checkout in DIALECTS) == 85
