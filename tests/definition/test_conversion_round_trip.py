"""Text -> layers as a program stored them -> text: the same network, for ours and for every released one."""

from __future__ import annotations

import pytest
from lab_checkouts import released
from stored_layers import stored_layers

from reproduction.definition import Texts, assemble, built_in_names, find_texts
from reproduction.definition.conversion import definition_text, parameters_text
from reproduction.definition.experiments import read_checkout
from reproduction.definition.language import parse
from reproduction.errors import DefinitionError


def differences(net: str, params: str | None = None) -> list[tuple[str, str]]:
    """(layer, fact) that are not the same after the round trip."""
    texts = find_texts(net, params)
    before = assemble(texts)
    layers = stored_layers(parse(texts.definition, "definition"), parse(texts.parameters, "parameters"))
    dialect = before.network.dialect.name
    names = (texts.definition_name, texts.parameters_name, texts.recipe_name)
    written = definition_text(layers, dialect), parameters_text(layers, dialect), texts.recipe
    after = assemble(Texts(*written, *names), dialect=dialect)
    pairs = zip(before.to_json()["layers"], after.to_json()["layers"], strict=True)
    return [(left["name"], key) for left, right in pairs for key in left if left[key] != right.get(key)]


@pytest.mark.parametrize("name", built_in_names())
def test_a_built_in_network_survives_the_round_trip(name: str) -> None:
    assert differences(name) == []


@pytest.mark.parametrize("source", ["AlexNet-Source-Code", "cuda-convnet", "cuda-convnet2"])
def test_every_released_network_survives_the_round_trip(source: str) -> None:
    folder = released(source)
    compared, refused = 0, []
    for entry in read_checkout(str(folder)).entries.values():
        if not entry.definition or entry.id.endswith(".save"):
            continue
        try:
            found = differences(str(folder / entry.definition), str(folder / entry.file))
        except DefinitionError as error:
            refused.append(str(error))
            continue
        # Weights that a file copies from a checkpoint are in the checkpoint.
        assert [key for _, key in found if key != "copied_from"] == [], entry.id
        compared += 1
    assert compared and all("random connections" in error for error in refused), refused
