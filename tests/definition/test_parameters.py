"""The parameter file: update rules, norms, costs, dropout, and what is refused rather than misread."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from definition_texts import (
    CONV,
    DATA,
    DEFINITION,
    PARAMETERS,
    POOL,
    RECIPE,
    RULE,
    TOP,
    experiment,
    network,
    texts,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition import assemble
from reproduction.definition.language import parse
from reproduction.definition.parameter_reader import read_parameters
from reproduction.definition.parameters import CostParameters, NormParameters, Parameters, UpdateRule
from reproduction.definition.schedule import Schedule
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


GENERATIONS = [  # dialect, keys of [conv1], schedule of its weights, of its biases
    ("2012", "sched=exp[1000]", Schedule("exp", 1000), Schedule("exp", 1000)),
    ("2012", "schedW=dexp[500,4]\nschedB=dexp[10,2]", Schedule("dexp", 500, 4), Schedule("dexp", 10, 2)),
    ("2012", "schedW=jdexp[250,0,4]", Schedule("jdexp", 250, 4), None),
    ("2012", "schedW=dexp[tgtFactor=250,noiseStdev=0,numSteps=4]", Schedule("dexp", 250, 4), None),
    ("2012", "schedW=default\nschedB=linear[1,1]", None, Schedule("linear", 1, noise=1)),
    ("2014", "epsW=dexp[base=0.001;tgtFactor=9;numSteps=3]", Schedule("dexp", 9, 3), None),
]


@pytest.mark.parametrize(("dialect", "keys", "weights", "biases"), GENERATIONS)
def test_schedules_of_all_generations_are_read(
    dialect: str, keys: str, weights: Schedule | None, biases: Schedule | None
) -> None:
    rules = read(PARAMETERS.replace("[fc10]", keys + "\n[fc10]"), dialect=dialect).rules
    assert (rules["conv1/weights_0"].rate, rules["conv1/weights_0"].schedule) == (0.001, weights)
    assert rules["conv1/biases"].schedule == biases
    assert rules["fc10/weights_0"].schedule is None


def test_strictly_the_first_schedules_are_passed_over_and_the_positional_refused() -> None:
    def rules(keys: str) -> Mapping[str, UpdateRule]:
        document = parse(PARAMETERS.replace("[fc10]", keys + "\n[fc10]"), "small.params.cfg")
        return read_parameters(document, network(DEFINITION, dialect="2012"), strict=True).rules

    assert rules("sched=exp[1000]")["conv1/weights_0"].schedule is None
    with pytest.raises(DefinitionError, match="expected names and values, as the released program read them"):
        rules("schedW=dexp[500,4]")
    assert rules("schedW=exp[tgtFactor=5,noiseStdev=0]")["conv1/weights_0"].schedule == Schedule("exp", 5)


def test_rates_of_a_step_follow_the_progress_and_draw_their_noise() -> None:
    keys = "schedW=dexp[4,3]\nschedB=linear[1,0.5]\n[fc10]"
    parameters = read(PARAMETERS.replace("[fc10]", keys), dialect="2012")
    draws = iter([2.0, -4.0])
    step = parameters.at_progress(0.5, lambda: next(draws))
    assert step.rules["conv1/weights_0"].rate == pytest.approx(0.001 / 2)
    assert step.rules["conv1/biases"].rate == pytest.approx(0.002 * (1 + 2 * 0.5))
    assert step.rules["fc10/weights_0"] is parameters.rules["fc10/weights_0"]
    constant = read(PARAMETERS)
    assert constant.at_progress(0.5, lambda: 0.0) is constant


def test_the_decay_draws_a_noise_of_its_own() -> None:
    rule = UpdateRule(0.1, 0.9, 0.01, Schedule("linear", 1, noise=1))
    draws = iter([1.0, 3.0])
    step = rule.at_progress(0.2, lambda: next(draws))
    assert step.rate == pytest.approx(0.1 * 2)
    assert step.rate * step.decay == pytest.approx(0.1 * 4 * 0.01)


def test_a_rate_of_zero_stays_zero_whatever_its_schedule() -> None:
    rates = PARAMETERS.replace("epsW=0.001\nepsB=0.002", "epsW=0\nepsB=0\nsched=exp[10]", 1)
    parameters = read(rates, dialect="2012")
    assert parameters.at_progress(0.5, lambda: 1.0).rules["conv1/weights_0"].rate == 0


def test_constraints_belong_to_their_dialects() -> None:
    keys = "wball=0.01\nwcNormMin=0.1\nwcNormMax=0.2\nsuperEps=0.5\nupdatePeriod=2\n[fc10]\nwball=3\n"
    text = PARAMETERS.replace("[fc10]\n", keys)
    old = read(text, dialect="2012").rules
    assert old["conv1/weights_0"].ball_radius == pytest.approx(0.01 * 75)  # times the weights of a filter
    assert old["fc10/weights_0"].ball_radius == pytest.approx(3 * 4096)
    conv = old["conv1/weights_0"]
    assert (conv.ball_is_hard, conv.norm_limits, conv.super_epsilon) == (False, (0.1, 0.2), 0.5)
    new = read(text, dialect="2014").rules["conv1/weights_0"]
    assert (new.ball_radius, new.ball_is_hard, new.super_epsilon, new.update_period) == (0.01, True, 0, 2)
    first = read(text, dialect="2011")
    assert first.rules["conv1/weights_0"] == UpdateRule(0.001, 0.9, 0.004)
    assert sum("wball" in warning for warning in first.warnings) == 2
    reversed_limits = text.replace("wcNormMax=0.2", "wcNormMax=0.05")
    assert error(reversed_limits, dialect="2012").endswith("expected at most wcNormMax, 0.05, got '0.1'")


def test_a_local_layer_of_2014_stays_within_its_ball() -> None:
    local = DEFINITION.replace("type=conv", "type=local")
    rule = read(PARAMETERS.replace("[fc10]", "wball=2\n[fc10]"), local, "2014").rules["conv1/weights_0"]
    assert (rule.ball_radius, rule.ball_is_hard) == (2, False)
    older = read(PARAMETERS.replace("[fc10]", "wball=2\n[fc10]"), local, "2012").rules["conv1/weights_0"]
    assert older.ball_radius == 2 * 75


def test_the_tree_layer_obeys_neither_schedule_nor_ball() -> None:
    tree = DEFINITION.replace("type=fc", "type=treefc").replace("outputs=10\n", "")
    keys = "schedW=exp[10,0]\nwball=1\n[logprob]"
    rules = read(PARAMETERS.replace("[logprob]", keys), tree, "2012").rules
    assert rules["fc10/weights_0"] == UpdateRule(0.001, 0.9, 0.004)


def test_shared_weights_have_the_rule_of_their_owner() -> None:
    second = CONV.replace("conv1", "conv2") + "weightSource=conv1\n"
    top = TOP.replace("=pool1", "=conv1,conv2").replace("initW=0.1", "initW=0.1,0.1")
    lists = RULE.replace("0.001", "0.001,0.001").replace("momW=0.9", "momW=0.9,0.9").replace("0.004", "0,0")
    other = RULE.replace("epsW=0.001", "epsW=7")
    parameters = f"[conv1]\n{RULE}[conv2]\n{other}[fc10]\n{lists}[logprob]\ncoeff=1\n"
    rules = read(parameters, DATA + CONV + second + top).rules
    assert "conv2/weights_0" not in rules
    assert rules["conv1/weights_0"].rate == 0.001


def test_numbers_of_older_definition_files_stand_in_for_a_missing_section() -> None:
    old = WITHIN.replace("size=3", "sizeX=3") + "scale=0.0009\npow=0.5\n"
    text = DATA + CONV + ACROSS + old + POOL.replace("=conv1", "=rn") + TOP
    across = "[cm]\nscale=0.0001\npow=0.75\n"
    parameters = read(PARAMETERS + across, text)
    assert parameters.norms["rn"] == NormParameters(pytest.approx(1e-4), 0.5, 1.0)
    assert parameters.warnings[0].endswith(
        "the scale as it is before the division by the neighbourhood's size"
    )
    stated = read(PARAMETERS + across + "[rn]\nscale=0.009\npow=2\n", text)
    assert stated.norms["rn"] == NormParameters(pytest.approx(1e-3), 2, 1.0)
    assert stated.warnings == ()
    document = parse(PARAMETERS + across, "small.params.cfg")
    with pytest.raises(DefinitionError, match=r"there is no section \[rn\]"):
        read_parameters(document, network(text), strict=True)


def test_numbers_of_costs() -> None:
    def cost(section: str, keys: str, dialect: str) -> CostParameters:
        logistic = "[fc10]\ntype=fc\ninputs=data\noutputs=10\ninitW=1\nneuron=logistic\n"
        text = DATA + logistic + f"[c]\ntype={section}\ninputs=labels,fc10\n"
        return read(f"[fc10]\n{RULE}[c]\ncoeff=0.5\n{keys}", text, dialect).costs["c"]

    assert cost("cost.msm", "setSize=3\nthreads=4\n", "2012") == CostParameters(0.5, 3, set_size=3)
    assert cost("cost.bce", "posWeight=2\n", "2014") == CostParameters(0.5, 1, positive_weight=2)
    with pytest.raises(DefinitionError, match="a whole number from 1 to 9, got '10'"):
        cost("cost.msm", "setSize=10\n", "2012")


def test_random_pools_may_take_the_maximum_and_need_a_section() -> None:
    text = DEFINITION.replace("pool=max", "pool=rand")
    assert read(PARAMETERS + "[pool1]\ndoMax=1\n", text, "2012").pools == {"pool1": True}
    assert read(PARAMETERS + "[pool1]\nquantF=half\n", text, "2012").pools == {"pool1": False}
    assert "there is no section [pool1]" in error(PARAMETERS, text, "2012")


def test_2014_kept_coefficients_of_sums_in_the_parameter_file() -> None:
    total = "[x]\ntype=eltsum\ninputs=conv1,conv1\n"
    text = DATA + CONV + total + TOP.replace("=pool1", "=x")
    assert "there is no section [x]" in error(PARAMETERS, text, "2014")
    found = assemble(texts(text, PARAMETERS + "[x]\ncoeffs=2,-1\n", RECIPE + 'dialect = "2014"\n'))
    assert found.network["x"].coefficients == (2.0, -1.0)  # type: ignore[attr-defined]


def test_keys_of_any_layer_with_a_section() -> None:
    pool = PARAMETERS + "[pool1]\ndropout=0.25\nquantF=half\n"
    first, second = read(pool, dialect="2011"), read(pool, dialect="2012")
    assert (first.output_dropout, first.packing) == ({"pool1": 0.25}, {})
    assert (second.output_dropout, second.packing) == ({}, {"pool1": ("half", "default")})
    bad = pool.replace("half", "third")
    assert error(bad, dialect="2012").endswith("expected default or half, got 'third'")


def test_an_update_for_each_part_of_a_minibatch_is_told_of_where_there_are_parts() -> None:
    copies = DEFINITION.replace("padding=2", "padding=2\ngpu=0,1").replace("type=fc", "gpu=0\ntype=fc")
    text = PARAMETERS.replace("[logprob]", "updatePeriod=1\n[logprob]")
    (warning,) = read(text, copies, "2014").warnings
    assert "the program of 2014 updated here and perhaps below after each of the 2 parts" in warning
    assert read(text, dialect="2014").warnings == ()


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
