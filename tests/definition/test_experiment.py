"""Three texts found, assembled, kept and rebuilt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from definition_texts import CONV, DATA, DEFINITION, PARAMETERS, POOL, RECIPE, texts

from reproduction.definition import Experiment, Texts, assemble, built_in_names, check_classes, find_texts
from reproduction.errors import DefinitionError


def error(*arguments: object, **options: object) -> str:
    with pytest.raises(DefinitionError) as caught:
        find_texts(*arguments, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "layers-x.cfg").write_text(DEFINITION)
    (tmp_path / "layer-params-x.cfg").write_text(PARAMETERS)
    (tmp_path / "x.toml").write_text(
        f'definition = "layers-x.cfg"\nparameters = "layer-params-x.cfg"\n{RECIPE}epochs = 3\n'
    )
    return tmp_path


def test_a_recipe_names_the_texts_beside_it(folder: Path) -> None:
    found = find_texts(str(folder / "x.toml"))
    assert (found.definition, found.parameters) == (DEFINITION, PARAMETERS)
    assert (found.definition_name, found.parameters_name, found.recipe_name) == (
        "layers-x.cfg",
        "layer-params-x.cfg",
        "x.toml",
    )
    assert str(folder) not in json.dumps(found.to_mapping())


def test_a_definition_file_finds_its_parameters_by_the_names_of_the_original_or_ours(folder: Path) -> None:
    assert find_texts(str(folder / "layers-x.cfg")).parameters_name == "layer-params-x.cfg"
    for old, new in (("layers-x.cfg", "layers.x.cfg"), ("layer-params-x.cfg", "layer-params.x.cfg")):
        (folder / new).write_text((folder / old).read_text())
    assert find_texts(str(folder / "layers.x.cfg")).parameters_name == "layer-params.x.cfg"
    for definition, parameters in (("y.layers.cfg", "y.params.cfg"), ("z.cfg", "z.params.cfg")):
        (folder / definition).write_text(DEFINITION)
        (folder / parameters).write_text(PARAMETERS)
        found = find_texts(str(folder / definition))
        assert (found.parameters_name, found.recipe) == (parameters, "")


def test_params_and_recipe_take_the_place_of_those_the_net_names(folder: Path) -> None:
    (folder / "p.cfg").write_text(PARAMETERS + "topk=2\n")
    (folder / "r.toml").write_text("epochs = 9\n")
    found = find_texts(
        str(folder / "layers-x.cfg"), str(folder / "p.cfg"), str(folder / "r.toml"), ["image-size=32"]
    )
    run = assemble(found)
    assert (run.parameters.costs["logprob"].top_k, run.recipe.epochs) == (2, 9)
    assert found.overrides == ("image-size=32",)


def test_what_is_not_there_is_said_in_one_line(folder: Path) -> None:
    assert error("alexnet-2021").startswith(
        "there is no built-in network 'alexnet-2021', nor a file of that name; did"
    )
    assert error(str(folder / "none.cfg")).endswith("none.cfg: cannot be read (no such file or directory)")
    assert error(str(folder)).endswith("cannot be read (is a directory)")
    assert error("cuda-convnet-80sec", str(folder / "none.cfg")).endswith("(no such file or directory)")
    (folder / "bare.toml").write_text("epochs = 3\n")
    assert error(str(folder / "bare.toml")).endswith(
        "recipe key 'definition' is missing (expected a file name)"
    )


def test_a_definition_without_parameters_can_be_looked_at_but_not_trained(folder: Path) -> None:
    (folder / "layer-params-x.cfg").unlink()
    found = find_texts(str(folder / "layers-x.cfg"), None, None, ["image-size=32"])
    run = assemble(found, require_parameters=False)
    assert run.network.parameter_count == 16 * 75 + 16 + 4096 * 10 + 10
    assert run.at(5) is run
    with pytest.raises(DefinitionError) as caught:
        assemble(found)
    assert str(caught.value) == "layers-x.cfg: there is no parameter file beside it; name one with --params"


def test_a_bare_definition_reads_pictures_of_224_pixels(folder: Path) -> None:
    assert assemble(find_texts(str(folder / "layers-x.cfg"))).network.image_shape == (3, 224, 224)


def test_texts_survive_the_archive_and_rebuild_the_same_experiment() -> None:
    run = assemble(texts(), image_size=24, classes=7, channels=1, dialect="2012")
    kept = Texts.from_mapping(json.loads(json.dumps(run.texts.to_mapping())))
    again = assemble(kept)
    assert again == run
    assert (run.network.image_shape, run.network.classes, run.network.dialect.name) == (
        (1, 24, 24),
        7,
        "2012",
    )


@pytest.mark.parametrize(
    "change", [{"overrides": "x"}, {"overrides": "{}"}, {"overrides": "[1]"}, {"overrides": "[" * 9999}]
)
def test_stored_texts_that_are_none_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(DefinitionError, match="the stored overrides are no JSON list of texts"):
        Texts.from_mapping({**texts().to_mapping(), **change})
    with pytest.raises(DefinitionError, match="the stored texts lack definition, parameters, recipe"):
        Texts.from_mapping({})


def test_image_size_is_what_the_network_reads_and_keeps_the_margin() -> None:
    run = assemble(find_texts("cuda-convnet-11pct"), image_size=32)
    assert (run.network.image_shape, run.recipe.image_size) == ((3, 32, 32), 40)
    assert run.network.parameter_count == 3672906  # as the original counts it at 32x32


def test_classes_of_the_recipe_or_the_option_set_the_last_layer_unless_it_is_set_by_name() -> None:
    assert assemble(texts(DEFINITION, PARAMETERS, RECIPE + "classes = 4\n")).network.classes == 4
    assert assemble(texts(DEFINITION, PARAMETERS, RECIPE, "classes=5")).network.classes == 5
    assert assemble(texts(), classes=6).network.classes == 6
    named = texts(DEFINITION, PARAMETERS, RECIPE + "classes = 4\n", "fc10.outputs=8")
    assert assemble(named).network.classes == 8


def test_options_out_of_range_are_refused() -> None:
    for options in ({"image_size": 0}, {"classes": -1}, {"channels": 0}, {"dialect": "1999"}):
        with pytest.raises(DefinitionError, match="^--set "):
            assemble(texts(), **options)  # type: ignore[arg-type]


def test_classes_set_the_layer_that_the_cost_judges_without_a_softmax() -> None:
    costs = "[fc10]\ntype=fc\ninputs=pool1\noutputs=10\ninitW=0.1\nneuron=logistic\n"
    costs += "[d]\ntype=eltsum\ninputs=labels,fc10\n[c]\ntype=cost.sum2\ninputs=d\n"
    parameters = PARAMETERS.replace("[logprob]", "[c]")
    run = assemble(texts(DATA + CONV + POOL + costs, parameters), classes=7, dialect="2012")
    assert (run.network.classes, run.network["labels"].output_shape) == (7, (7,))
    assert "use --set" in error_of_classes(run)


def error_of_classes(run: Experiment) -> str:
    with pytest.raises(DefinitionError) as caught:
        check_classes(run, 200)
    return str(caught.value)


def test_data_with_fewer_classes_is_warned_of_and_with_more_refused() -> None:
    run = assemble(texts())
    assert check_classes(run, 10) is None
    assert check_classes(run, 3) == (
        "the data has 3 classes and small 10 outputs: the others will never be right "
        "(--set fc10.outputs=3 fits)"
    )
    with pytest.raises(DefinitionError) as caught:
        check_classes(run, 200)
    assert str(caught.value) == "the data has 200 classes and small 10 outputs; use --set fc10.outputs=200"


def test_the_dialect_follows_the_words_of_the_texts() -> None:
    def dialect(definition: str = DEFINITION, parameters: str = PARAMETERS, *overrides: str) -> str:
        return assemble(texts(definition, parameters, RECIPE, *overrides)).network.dialect.name

    assert dialect() == "2011"
    assert dialect(DEFINITION.replace("padding=2", "padding=2\ngpu=0")) == "2012"
    assert dialect(DEFINITION.replace("padding=2", "padding=2\nsumWidth=4\ngpu=0")) == "2014"
    assert dialect(DEFINITION, PARAMETERS, "dialect=2014") == "2014"


def test_views_of_a_multi_view_test_are_those_of_the_dialect() -> None:
    def views(*overrides: str) -> int:
        return assemble(texts(DEFINITION, PARAMETERS, RECIPE, *overrides)).view_count(multi=True)

    assert views("crop-size=24") == 10
    assert views("crop-size=24", "dialect=2012") == 9
    assert views("image-size=64", "crop-size=56", "dialect=2012") == 10
    assert views() == 1  # no margin, nothing to look at twice
    assert assemble(texts()).view_count(multi=False) == 1


def test_warnings_of_both_texts_come_together() -> None:
    run = assemble(texts(DEFINITION.replace("padding=2", "padding=2\nfoo=1"), PARAMETERS + "bar=1\n"))
    assert ["foo" in run.warnings[0], "bar" in run.warnings[1]] == [True, True]


def test_the_resolved_network_is_plain_json() -> None:
    described = assemble(texts()).to_json()
    assert json.loads(json.dumps(described)) == described
    assert described["by_column"] == [{"parameters": 42186, "multiply_adds": 1269760}]
    assert described["layers"][2] == {
        "name": "conv1",
        "type": "conv",
        "inputs": ["data"],
        "column": 0,
        "activation": None,
        "output_shape": [16, 32, 32],
        "parameters": 1216,
        "multiply_adds": 1228800,
        "weights": {"conv1/weights_0": [16, 3, 5, 5]},
        "biases": [16],
        "weight_std": [0.01],
        "bias_value": 0.0,
        "rate": [0.001],
        "momentum": [0.9],
        "decay": [0.004],
        "bias_rate": 0.002,
        "bias_momentum": 0.9,
        "kernel_size": [5],
        "stride": [1],
        "padding": [2],
        "groups": [1],
        "shared_biases": True,
    }


def test_built_in_names_are_found_whatever_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "alexnet-2012" in built_in_names()
    assert find_texts("alexnet-2012").definition_name == "alexnet-2012.layers.cfg"
