"""The dictionaries of an original checkpoint's layers become the texts that they were read from."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduction.definition.conversion import (
    definition_text,
    parameters_text,
    picture_channels,
    picture_numbers,
    recipe_text,
)
from reproduction.errors import DefinitionError

NORM = {"name": "norm", "type": "rnorm", "inputs": ["conv1"], "channels": 16, "size": 3, "pow": 0.75}
CONV = {
    "name": "conv1",
    "type": "conv",
    "inputs": ["data", "low"],
    "neuron": "relu",
    "channels": [16, 8],
    "filters": 32,
    "filterSize": [5, 3],
    "padding": [-2, 0],
    "stride": [1, 1],
    "groups": [2, 1],
    "randSparse": [False, False],
    "sharedBiases": False,
    "initW": [0.01, 0.03],
    "initWFunc": "initw.makew(conv1)",
    "partialSum": 0,
    "gpu": 1,
}


def rows(text: str) -> dict[str, str]:
    """Key -> value of a text of one section."""
    pairs = (line.partition("=") for line in text.splitlines()[1:] if line)
    return {key: value for key, _, value in pairs}


def test_what_reading_had_changed_is_changed_back() -> None:
    found = rows(definition_text([CONV], "2012"))
    assert found["filters"] == "16,32" and found["padding"] == "2,0" and found["groups"] == "2,1"
    assert found["sharedBiases"] == "0" and found["gpu"] == "1" and found["neuron"] == "relu"
    assert found["inputs"] == "data,low" and "initWFunc" not in found


def test_the_program_of_2011_knew_no_columns() -> None:
    assert "gpu" not in rows(definition_text([CONV], "2011"))


@given(st.decimals("0.0000001", "2", places=9), st.sampled_from([3, 5, 9]))
def test_the_scale_of_a_norm_is_what_the_file_said(scale: Any, size: int) -> None:
    stored = float(scale) / size**2
    found = rows(parameters_text([{**NORM, "size": size, "scale": stored}], "2012"))
    assert float(found["scale"]) / size**2 == stored
    assert len(found["scale"]) <= len(f"{float(scale):.17g}")


def test_schedules_are_written_as_each_program_had_them() -> None:
    fc = {"name": "fc", "type": "fc", "inputs": ["conv1"], "outputs": 10, "momW": [0.9], "momB": 0.9}
    step = {"tgtFactor": 250.0, "noiseStdev": 0.0, "numSteps": 4}
    of_2012 = {**fc, "epsW": [0.01], "epsB": 0.02, "schedW": {"type": "dexp", "params": step}, "wball": [0.0]}
    found = rows(parameters_text([{**of_2012, "schedB": {"type": "default", "params": {}}}], "2012"))
    assert found["schedW"] == "dexp[tgtFactor=250.0,noiseStdev=0.0,numSteps=4]"
    assert "schedB" not in found and "wball" not in found
    rate = {"type": "dexp", "params": {"numSteps": 4, "tgtFactor": 250.0, "base": 0.01}}
    found = rows(parameters_text([{**fc, "epsW": [rate], "epsB": rate, "wball": [1.5]}], "2014"))
    assert found["epsW"] == found["epsB"] == "dexp[base=0.01;tgtFactor=250.0;numSteps=4]"
    assert found["wball"] == "1.5"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"type": "sfc", "outputs": 40, "parts": 4}, "10"),
        ({"type": "cmpool", "outputs": 640, "outputChannels": 16}, "16"),
        ({"type": "fc", "outputs": 40}, "40"),
    ],
)
def test_outputs_are_those_of_the_file(layer: dict[str, Any], expected: str) -> None:
    assert rows(definition_text([{"name": "x", "inputs": ["y"], **layer}], "2014"))["outputs"] == expected


def test_what_no_text_can_say_is_refused() -> None:
    with pytest.raises(DefinitionError, match="layer 'x': there is no layer type 'hologram'"):
        definition_text([{"name": "x", "type": "hologram", "inputs": []}], "2012")
    with pytest.raises(DefinitionError, match="layer 'conv1': its random connections"):
        definition_text([{**CONV, "randSparse": [True, False]}], "2012")
    with pytest.raises(DefinitionError, match="no data layer"):
        picture_numbers([CONV])


def test_the_pictures_are_as_the_layers_read_them() -> None:
    data = {"name": "data", "type": "data", "inputs": [], "dataIdx": 0, "outputs": 16 * 100}
    assert picture_channels([data, CONV]) == 16 and picture_numbers([data, CONV]) == 1600
    assert (
        picture_channels([{**data, "outputs": 300}]) == 3
        and picture_channels([{**data, "outputs": 100}]) == 1
    )


def test_a_recipe_is_toml_whatever_its_texts_hold() -> None:
    values = {
        "description": 'a "name"\\with\n[signs]',
        "flip": True,
        "epochs": 5,
        "color-noise": 0.1,
        "x": None,
    }
    found = tomllib.loads(recipe_text(values))
    assert found == {"description": 'a "name"\\with?[signs]', "flip": True, "epochs": 5, "color-noise": 0.1}
