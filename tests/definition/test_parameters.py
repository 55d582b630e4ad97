"""The parameter file: update rules, norms, costs, dropout, and what is refused rather than misread."""

from __future__ import annotations

import pytest
from definition_texts import CONV, DATA, DEFINITION, PARAMETERS, POOL, RULE, TOP, experiment, network
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition.language import parse
from reproduction.definition.parameter_reader import read_parameters
from reproduction.definition.parameters import CostParameters, Parameters, UpdateRule
from reproduction.errors import DefinitionError

ACROSS = "[cm]\ntype=cmrnorm\ninputs=conv1\nchannels=16\nsize=5\n"
WITHIN = "[rn]\ntype=rnorm\ninputs=cm\nchannels=16\nsize=3\n"
WITH_NORMS = DATA + CONV + ACROSS + WITHIN + POOL.replace("=conv1", "=rn") + TOP


def read(parameters: str, definition: str = DEFINITION, dialect: str = "2011") -> Parameters:
    return read_parameters(parse(parameters, "small.params.cfg"), network(definition, dialect=dialect))


def error(parameters: str, definition: str = DEFINITION, dialect: str = "2011") -> str:
    with pytest.raises(DefinitionError) as caught:
        read(parameters, definition, dialect)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_array_has_its_rule_and_biases_do_not_decay() -> None:
    assert dict(read(PARAMETERS).rules) == {
        "conv1/weights_0": UpdateRule(0.001, 0.9, 0.004),
        "conv1/biases": UpdateRule(0.002, 0.9, 0.0),
        "fc10/weights_0": UpdateRule(0.001, 0.9, 0.004),
        "fc10/biases": UpdateRule(0.002, 0.9, 0.0),
    }


def test_lists_give_each_input_its_own_rule() -> None:
    top = TOP.replace("inputs=pool1", "inputs=pool1,conv1").replace("initW=0.1", "initW=0.1,0.1")
    lists = "[fc10]\nepsW=0.1,0\nepsB=0\nmomW=.9,.5\nmomB=0\nwc=0,1e-3\n"
    rules = read(f"[conv1]\n{RULE}{lists}[logprob]\ncoeff=1\n", DATA + CONV + POOL + top).rules
    assert rules["fc10/weights_0"] == UpdateRule(0.1, 0.9, 0.0)
    assert rules["fc10/weights_1"] == UpdateRule(0.0, 0.5, 0.001)


def test_scale_is_divided_by_the_neighbourhood_and_min_div_belongs_to_its_dialects() -> None:
    norms = "[cm]\nscale=0.0001\npow=0.75\nminDiv=2\n[rn]\nscale=0.0009\npow=.5\nminDiv=3\n"
    constants = {}
    for dialect in ("2011", "2012", "2014"):
        parameters = read(PARAMETERS + norms, WITH_NORMS, dialect)
        cm, rn = parameters.norms["cm"], parameters.norms["rn"]
        assert (cm.alpha, cm.power, rn.alpha, rn.power) == (
            pytest.approx(2e-5),
            0.75,
            pytest.approx(1e-4),
            0.5,
        )
        constants[dialect] = (cm.constant, rn.constant, len(parameters.warnings))
    assert constants == {"2011": (1, 1, 2), "2012": (2, 1, 1), "2014": (2, 3, 0)}


def test_the_cost_reports_no_more_than_all_its_classes() -> None:
    assert read(PARAMETERS).costs["logprob"] == CostParameters(1.0, 1)
    assert read(PARAMETERS + "topk=5\n").costs["logprob"] == CostParameters(1.0, 5)
    assert read(PARAMETERS + "topk=50\n").costs["logprob"] == CostParameters(1.0, 10)


def test_dropout_is_switched_by_the_parameter_file() -> None:
    text = DATA + CONV + "[drop]\ntype=hs\ninputs=conv1\nkeep=.5\n" + POOL.replace("=conv1", "=drop") + TOP
    assert read(PARAMETERS + "[drop]\nenable=false\n", text).dropout == {"drop": False}
    message = error(PARAMETERS + "[drop]\n", text)
    assert message.startswith("small.params.cfg line 15: layer 'drop': key 'enable' is missing")


def test_dropout_of_2014_keeps_its_probability_in_the_parameter_file() -> None:
    text = DATA + CONV + "[drop]\ntype=dropout\ninputs=conv1\n" + POOL.replace("=conv1", "=drop") + TOP
    layer = experiment(text, PARAMETERS + "[drop]\nkeep=0.8\n").network["drop"]
    assert layer.keep == 0.8  # type: ignore[attr-defined]
    assert layer.scales_in_training  # type: ignore[attr-defined]


def test_decay_may_be_missing_in_2012_but_not_in_2011() -> None:
    without = PARAMETERS.replace("wc=0.004\n", "")
    assert read(without, dialect="2012").rules["conv1/weights_0"].decay == 0
    assert error(without).startswith("small.params.cfg line 1: layer 'conv1': key 'wc' is missing")


WRONG = [  # what is replaced, by what, the place the error names and what it says
    (
        "[fc10]",
        "[fc11]",
        ": there is no section [fc10], which that layer (type fc) needs; did you mean 'fc11'?",
    ),
    (
        "coeff=1",
        "",
        " line 13: layer 'logprob': key 'coeff' is missing (expected a number)",
    ),
    (
        "coeff=1",
        "coeff=1\ntopk=0",
        " line 15: layer 'logprob', key 'topk': expected a whole number of at least 1, got '0'",
    ),
    (
        "coeff=1",
        "coeff=one",
        " line 14: layer 'logprob', key 'coeff': expected a number, got 'one'",
    ),
    (
        "[conv1]\nepsW=0.001",
        "[conv1]\nepsW=0.001,0.001",
        " line 2: layer 'conv1', key 'epsW': expected numbers of at least 0, got 2 values: '0.001,0.001'",
    ),
    (
        "[conv1]\nepsW=0.001",
        "[conv1]\nepsW=-1",
        " line 2: layer 'conv1', key 'epsW': expected a number of at least 0, got '-1'",
    ),
    (
        "[conv1]\nepsW=0.001",
        "[conv1]\nepsw0=1",
        " line 1: layer 'conv1': key 'epsW' is missing (expected numbers of at least 0); is "
        "'epsw0' meant to be it?",
    ),
    (
        "[conv1]\nepsW=0.001",
        "[conv1]\nepsW=dexp[base=1]",
        " line 2: layer 'conv1', key 'epsW': expected a number of at least 0 or a rate such as "
        "dexp[base=0.01;tgtFactor=250;numSteps=4], got 'dexp[base=1]'",
    ),
    (
        "[conv1]\n",
        "[conv1]\ndropout=2\n",
        " line 2: layer 'conv1', key 'dropout': expected a number from 0 to 1, got '2'",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=[repr(row[1]) for row in WRONG])
def test_what_is_wrong_is_said_with_file_line_layer_and_key(old: str, new: str, expected: str) -> None:
    assert PARAMETERS.count(old) == 1
    assert error(PARAMETERS.replace(old, new)) == "small.params.cfg" + expected


def test_keys_that_say_off_and_historic_ones_are_accepted() -> None:
    off = "[conv1]\nwball=0.00\nwcNormMax=0\nsched=\nquantF=default\nwcnorm=0.1\n"
    assert read(PARAMETERS.replace("[conv1]\n", off)).warnings == ()


def test_misspelt_keys_and_spare_sections_are_warned_of() -> None:
    parameters = PARAMETERS.replace("[conv1]\n", "[conv1]\nmomWW=1\n") + "[cov1]\nepsW=1\n[pool1]\nscale=1\n"
    assert read(parameters).warnings == (
        "small.params.cfg line 2: layer 'conv1': key 'momww' means nothing to type conv in a parameter "
        "file of 2011 and is ignored; did you mean 'momW' or 'momB'?",
        "small.params.cfg line 16: there is no layer 'cov1', so its section is ignored",
        "small.params.cfg line 19: layer 'pool1': key 'scale' means nothing to type pool in a parameter "
        "file of 2011 and is ignored",
    )


@given(st.lists(st.tuples(st.sampled_from(["conv1", "fc10", "logprob"]), st.text(max_size=20)), max_size=6))
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_one_line(sections: list[tuple[str, str]]) -> None:
    try:
        read(PARAMETERS + "".join(f"[{name}]\nepsW={text}\ntopk={text}\n" for name, text in sections))
    except DefinitionError as caught:
        assert "\n" not in str(caught)
