"""The layer types: shapes, counts, and one clear sentence for everything that is wrong with a section."""

from __future__ import annotations

import re
import time

import pytest
from definition_texts import CONV, DATA, DEFINITION, ENDS, POOL, TOP, network
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition.layers import (
    Activation,
    Convolution,
    Dropout,
    FullyConnected,
    LocallyConnected,
    Pool,
    ResponseNorm,
    parse_activation,
)
from reproduction.errors import DefinitionError


def changed(*pairs: tuple[str, str]) -> str:
    """The small definition with texts replaced, each of which must occur in it once."""
    text = DEFINITION
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def error(definition: str, **options: object) -> str:
    with pytest.raises(DefinitionError) as caught:
        network(definition, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_shapes_run_through_the_small_network() -> None:
    net = network(DEFINITION)
    shapes = {layer.name: layer.output_shape for layer in net.layers}
    assert shapes == {
        "data": (3, 32, 32),
        "labels": (1,),
        "conv1": (16, 32, 32),
        "pool1": (16, 16, 16),
        "fc10": (10,),
        "probs": (10,),
        "logprob": (),
    }
    assert (net.image_shape, net.classes, net.columns) == ((3, 32, 32), 10, 1)
    assert (net.cost.name, net.probabilities, net.first_layers) == ("logprob", "probs", ("conv1",))
    assert net.parameter_count == 16 * 75 + 16 + 4096 * 10 + 10
    assert net.multiply_adds == 16 * 75 * 1024 + 4096 * 10
    assert net["pool1"].activation == Activation("relu")
    assert net["conv1"].column == 0 and net["data"].column is None
    assert "conv1" in net and "conv2" not in net


def test_array_names_and_shapes_are_those_of_the_archive() -> None:
    assert dict(network(DEFINITION).array_shapes) == {
        "conv1/weights_0": (16, 3, 5, 5),
        "conv1/biases": (16,),
        "fc10/weights_0": (10, 4096),
        "fc10/biases": (10,),
    }


@pytest.mark.parametrize(
    ("side", "size", "stride", "padding", "expected"),
    [
        (224, 11, 4, 0, 55),
        (32, 5, 1, 2, 32),
        (32, 5, 3, 0, 10),
        (7, 3, 2, 0, 3),
        (8, 3, 2, 0, 4),
        (5, 5, 1, 0, 1),
    ],
)
def test_output_sides_of_convolutions_are_rounded_up(
    side: int, size: int, stride: int, padding: int, expected: int
) -> None:
    text = changed(("filterSize=5\npadding=2", f"filterSize={size}\npadding={padding}\nstride={stride}"))
    text = text.replace("sizeX=3\nstride=2", "sizeX=1\nstride=1")
    assert network(text, side)["conv1"].output_shape == (16, expected, expected)


@pytest.mark.parametrize(
    ("start", "outputs", "expected"), [(0, 0, 16), (1, 0, 15), (-1, 0, 16), (0, 15, 15), (-2, 0, 17)]
)
def test_output_sides_of_pools_are_rounded_up_and_may_be_stated(
    start: int, outputs: int, expected: int
) -> None:
    pool = network(changed(("sizeX=3", f"sizeX=3\nstart={start}\noutputsX={outputs}")))["pool1"]
    assert isinstance(pool, Pool)
    assert pool.output_shape == (16, expected, expected)
    assert (pool.kind, pool.size, pool.stride, pool.start) == ("max", 3, 2, start)


def test_a_convolution_of_two_inputs_has_weights_for_each() -> None:
    second = CONV.replace("conv1", "conv1b").replace("filters=16", "filters=8")
    both = (
        "[conv2]\ntype=conv\ninputs=conv1,conv1b\nchannels=16,8\nfilters=4,8\ngroups=2,1\n"
        "filterSize=3,5\npadding=1,2\nstride=1,1\ninitW=0.1,0.2\ninitB=1\n"
    )
    pool = POOL.replace("inputs=conv1", "inputs=conv2").replace("channels=16", "channels=8")
    conv = network(DATA + CONV + second + both + pool + TOP)["conv2"]
    assert isinstance(conv, Convolution)
    assert conv.weight_shapes == ((8, 8, 3, 3), (8, 8, 5, 5))
    assert conv.bias_shape == (8,)
    assert conv.multiply_adds == (8 * 8 * 9 + 8 * 8 * 25) * 32 * 32
    assert (conv.weight_std, conv.bias_value, conv.groups) == ((0.1, 0.2), 1.0, (2, 1))


def test_unshared_biases_are_one_for_each_filter_and_position() -> None:
    assert network(changed(("padding=2", "padding=2\nsharedBiases=0")))["conv1"].bias_shape == (16, 32, 32)


def test_a_local_layer_has_filters_of_its_own_at_every_position() -> None:
    local = network(changed(("type=conv", "type=local")))["conv1"]
    assert isinstance(local, LocallyConnected)
    assert local.weight_shapes == ((1024, 16, 3, 5, 5),)
    assert local.bias_shape == (16, 32, 32)
    assert local.multiply_adds == 1024 * 16 * 75


def test_features_can_be_read_as_square_maps() -> None:
    pool = POOL.replace("inputs=conv1", "inputs=fc1").replace("channels=16", "channels=4")
    fc = "[fc1]\ntype=fc\ninputs=data\noutputs=100\ninitW=0.1\n"
    net = network(DATA + fc + pool + TOP)
    assert net["pool1"].input_shapes == ((4, 5, 5),)
    assert isinstance(net["fc1"], FullyConnected)
    assert net.warnings == ()


def test_maps_read_in_another_shape_than_they_were_made_in_are_warned_of() -> None:
    (warning,) = network(changed(("inputs=conv1\nchannels=16", "inputs=conv1\nchannels=64"))).warnings
    assert warning == (
        "small.layers.cfg line 15: layer 'pool1' reads 64 channels of 16x16 from 'conv1', "
        "which makes 16 of 32x32"
    )


def test_norms_and_dropout_keep_the_shape() -> None:
    extra = (
        "[cm]\ntype=cmrnorm\ninputs=conv1\nchannels=16\nsize=5\nblocked=1\n"
        "[rn]\ntype=rnorm\ninputs=cm\nchannels=16\nsize=3\n[hs1]\ntype=hs\ninputs=rn\nkeep=0.25\n"
    )
    net = network(DATA + CONV + extra + POOL.replace("inputs=conv1", "inputs=hs1") + TOP)
    across, within, dropout = net["cm"], net["rn"], net["hs1"]
    assert (
        isinstance(across, ResponseNorm) and isinstance(within, ResponseNorm) and isinstance(dropout, Dropout)
    )
    assert (across.scope, across.size, across.blocked, across.type) == ("across_maps", 5, True, "cmrnorm")
    assert (within.scope, within.size, within.type) == ("within_map", 3, "rnorm")
    assert (dropout.keep, dropout.scales_in_training, dropout.type) == (0.25, False, "hs")
    assert across.output_shape == within.output_shape == dropout.output_shape == (16, 32, 32)


def test_columns_come_from_gpu_or_from_the_first_input_that_has_one() -> None:
    other = CONV.replace("conv1", "conv1b") + "gpu=1\n"
    top = TOP.replace("inputs=pool1", "inputs=conv1b,pool1").replace("initW=0.1", "initW=0.1,0.1")
    net = network(DATA + CONV + other + POOL + top, dialect="2012")
    columns = {layer.name: layer.column for layer in net.layers}
    assert columns == {
        "data": None, "labels": None, "conv1": 0, "conv1b": 1, "pool1": 0, "fc10": 1, "probs": 1, "logprob": 1
    }  # fmt: skip
    assert net.columns == 2
    assert sum(layer.parameter_count for layer in net.on_column(0)) == 16 * 75 + 16


def test_2011_knows_no_columns() -> None:
    assert network(changed(("padding=2", "padding=2\ngpu=1")), dialect="2011").columns == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("ident", None),
        ("relu", Activation("relu")),
        ("logistic", Activation("logistic")),
        ("tanh[1.7159,0.6667]", Activation("tanh", (1.7159, 0.6667))),
        ("tanh[1e0, -2]", Activation("tanh", (1.0, -2.0))),
    ],
)
def test_activations_are_read(text: str, expected: Activation | None) -> None:
    assert parse_activation(text) == expected
    assert expected is None or parse_activation(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["rulu", "tanh", "tanh[1]", "tanh[a,b]", "tanh[1,2,3]", "tanh[nan,1]", "relu[1]", "["]
)
def test_other_activations_are_refused_with_the_place(text: str) -> None:
    message = error(changed(("neuron=relu", f"neuron={text}")))
    assert message.startswith("small.layers.cfg line 22: layer 'pool1', key 'neuron': expected ")
    assert message.endswith(f"got '{text}'")


def test_a_misspelt_key_is_seen_and_historic_ones_are_not() -> None:
    net = network(changed(("padding=2", "padding=2\nflterSize=7\npartialSum=4\noutputsX=0\nrandSparse=0")))
    assert net.warnings == (
        "small.layers.cfg line 14: layer 'conv1': key 'fltersize' means nothing to type conv and is ignored; "
        "did you mean 'filterSize' or 'filters'?",
    )


WRONG = [  # what is replaced, by what, the place the error names, what it says
    (
        "filterSize=5",
        "filterSize=5x5",
        "line 12: layer 'conv1', key 'filterSize'",
        "expected whole numbers of at least 1, got '5x5'",
    ),
    (
        "filterSize=5",
        "filterSize=37",
        "line 12: layer 'conv1', key 'filterSize'",
        "expected at most 36, the side of the input with its padding, got '37'",
    ),
    (
        "filters=16",
        "filters=16,16",
        "line 11: layer 'conv1', key 'filters'",
        "expected whole numbers of at least 1, got 2 values: '16,16'",
    ),
    (
        "filters=16",
        "filters=0",
        "line 11: layer 'conv1', key 'filters'",
        "expected whole numbers of at least 1, got '0'",
    ),
    (
        "channels=3",
        "channels=4",
        "line 10: layer 'conv1', key 'channels'",
        "expected the channels of square pictures: 'data' has 3x32x32 = 3072 numbers, got '4'",
    ),
    (
        "filters=16",
        "filters=16\ngroups=2",
        "line 12: layer 'conv1', key 'groups'",
        "expected a divisor of the 3 channels, got '2'",
    ),
    (
        "initW=0.01",
        "initW=nan",
        "line 14: layer 'conv1', key 'initW'",
        "expected numbers of at least 0, got 'nan'",
    ),
    (
        "padding=2",
        "padding=2\nsharedBiases=maybe",
        "line 14: layer 'conv1', key 'sharedBiases'",
        "expected 1 or 0 (or yes/no, true/false, on/off), got 'maybe'",
    ),
    (
        "type=conv",
        "type=convv",
        "line 8: layer 'conv1', key 'type'",
        "expected a layer type, got 'convv'; did you mean 'conv'?",
    ),
    (
        "inputs=data",
        "inputs=dat",
        "line 9: layer 'conv1', key 'inputs'",
        "expected the names of earlier layers, got 'dat'; did you mean 'data'?",
    ),
    (
        "inputs=data",
        "inputs=fc10",
        "line 9: layer 'conv1', key 'inputs'",
        "expected the names of earlier layers, got 'fc10', which comes later (or is this layer)",
    ),
    (
        "inputs=data",
        "inputs=conv1",
        "line 9: layer 'conv1', key 'inputs'",
        "expected the names of earlier layers, got 'conv1', which comes later (or is this layer)",
    ),
    (
        "padding=2",
        "padding=2\ninitWFunc=f.g()",
        "line 14: layer 'conv1', key 'initWFunc'",
        "expected initw.makew or initw.makewcat, as functions are known by name and never run, got 'f.g()'",
    ),
    (
        "padding=2",
        "padding=2\nrandSparse=1",
        "line 14: layer 'conv1', key 'randSparse'",
        "expected groups, of which there is one, got '1'",
    ),
    (
        "dataIdx=0",
        "dataIdx=16",
        "line 3: layer 'data', key 'dataIdx'",
        "expected a whole number from 0 to 15, got '16'",
    ),
    (
        "pool=max",
        "pool=rnd",
        "line 17: layer 'pool1', key 'pool'",
        "expected max, avg, maxabs or rand, got 'rnd'",
    ),
    (
        "sizeX=3",
        "sizeX=33",
        "line 20: layer 'pool1', key 'sizeX'",
        "expected a whole number from 1 to 32, got '33'",
    ),
    (
        "stride=2",
        "stride=4",
        "line 21: layer 'pool1', key 'stride'",
        "expected a whole number from 1 to 3, got '4'",
    ),
    (
        "sizeX=3",
        "sizeX=3\noutputsX=17",
        "line 21: layer 'pool1', key 'outputsX'",
        "expected a whole number from 0 to 16, got '17'",
    ),
    (
        "inputs=conv1",
        "inputs=conv1,data",
        "line 18: layer 'pool1', key 'inputs'",
        "expected one input, got 2 inputs",
    ),
    (
        "inputs=labels,probs",
        "inputs=probs,labels",
        "line 33: layer 'logprob', key 'inputs'",
        "expected two inputs, the labels and a softmax layer, got 'probs' in place of the labels (dataIdx=1)",
    ),
    (
        "inputs=labels,probs",
        "inputs=labels,fc10",
        "line 33: layer 'logprob', key 'inputs'",
        "expected two inputs, the labels and a softmax layer, got 'fc10', of type fc",
    ),
    (
        "inputs=labels,probs",
        "inputs=probs",
        "line 33: layer 'logprob', key 'inputs'",
        "expected two inputs, the labels and a softmax layer, got 'probs'",
    ),
    (
        "filterSize=5\n",
        "",
        "line 7",
        "layer 'conv1': key 'filterSize' is missing (expected whole numbers of at least 1)",
    ),
    (
        "filterSize=5",
        "filterSiz=5",
        "line 7",
        "layer 'conv1': key 'filterSize' is missing (expected whole numbers of at least 1); is "
        "'filtersiz' meant to be it?",
    ),
    (
        "initW=0.01\n",
        "",
        "line 7",
        "layer 'conv1': key 'initW' is missing (expected numbers of at least 0)",
    ),
    (
        "type=conv\n",
        "",
        "line 7",
        "layer 'conv1': key 'type' is missing (expected a layer type such as conv, pool or fc)",
    ),
    (
        "outputs=10",
        "outputs=1000000000000",
        "line 23",
        "layer 'fc10': 4,097,000,000,000,000 weights are more than the 8,589,934,592 that one layer may have",
    ),
    (
        "padding=2",
        "padding=99999",
        "line 7",
        "layer 'conv1': an output of 640,166,410,816 numbers is more than the 2,147,483,648 that "
        "one layer may have",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "place", "expected"), WRONG, ids=[f"{row[2]}: {row[1]!r}" for row in WRONG]
)
def test_what_is_wrong_is_said_with_file_line_layer_and_key(
    old: str, new: str, place: str, expected: str
) -> None:
    assert error(changed((old, new))) == f"small.layers.cfg {place}: {expected}"


def test_a_number_of_thousands_of_digits_is_quoted_in_short() -> None:
    message = error(changed(("outputs=10", "outputs=" + "9" * 5000)))
    assert message.endswith("expected a whole number of at least 1, got '" + "9" * 57 + "...'")


def test_a_layer_nobody_reads_is_refused() -> None:
    unused = CONV.replace("conv1", "conv9")
    assert error(DEFINITION + unused) == (
        "small.layers.cfg line 34: layer 'conv9' is no layer's input; every layer but a cost must be used"
    )


def test_a_cost_is_no_input() -> None:
    pool = POOL.replace("inputs=conv1", "inputs=logprob").replace("pool1", "pool9")
    assert error(DEFINITION + pool).endswith("expected layers with an output, got the cost 'logprob'")


def test_networks_without_layers_cost_or_pictures_are_refused() -> None:
    assert error("# nothing\n") == "small.layers.cfg: has no layers; expected sections such as [conv1]"
    assert error("[data]\ntype=data\ndataIdx=0\n").endswith("every layer but a cost must be used")
    labels_only = DATA.partition("[labels]")[2]
    on_labels = "[labels]" + labels_only + "[fc10]\ntype=fc\ninputs=labels\noutputs=3\ninitW=0.1\n" + ENDS
    assert error(on_labels) == (
        "small.layers.cfg: no layer with weights reads the pictures (a layer of type data with dataIdx=0)"
    )


def test_inputs_of_different_sides_or_filter_counts_are_refused() -> None:
    conv = CONV.replace("inputs=data", "inputs=data,data").replace("initW=0.01", "initW=1,1")
    conv = conv.replace("channels=3", "channels=3,3").replace("padding=2", "padding=2,0")
    sides = conv.replace("filters=16", "filters=16,16").replace("filterSize=5", "filterSize=5,3")
    assert error(DATA + sides + POOL + TOP).endswith(
        "expected the same output side from all inputs, got 32, 30"
    )
    counts = conv.replace("filters=16", "filters=16,8").replace("filterSize=5", "filterSize=5,5")
    assert error(DATA + counts + POOL + TOP).endswith("(times groups) from all inputs, got 16, 8")


def test_one_value_for_all_inputs_is_the_manner_of_2014() -> None:
    top = TOP.replace("inputs=pool1", "inputs=pool1,pool1")
    assert network(DATA + CONV + POOL + top, dialect="2014")["fc10"].weight_shapes == ((10, 4096),) * 2
    message = error(DATA + CONV + POOL + top, dialect="2012")
    assert message.endswith(
        "expected numbers of at least 0, one for each of its 2 inputs, got 1 values: '0.1'"
    )


@pytest.mark.parametrize(
    ("change", "dialect", "expected"),
    [
        (("padding=2", "padding=2\npartialSum=4"), "2011", None),
        (("padding=2", "padding=2"), "2011", "key 'partialSum' is missing"),
        (("padding=2", "padding=2\npartialSum=5"), "2011", "0 or a divisor of the 1024 positions"),
        (("padding=2", "padding=2\npartialSum=4"), "2012", "key 'gpu' is missing"),
        (("padding=2", "padding=2\nsumWidth=4\ngpu=0"), "2014", "key 'gpu' is missing"),  # of the cost
        (("filters=16", "filters=8\npartialSum=4"), "2011", "a multiple of 16, 16 times groups"),
        (("padding=2", "padding=2\nstride=6\npartialSum=0"), "2011", "at most the filter size 5 (strict)"),
    ],
)
def test_limits_of_the_old_hardware_bind_under_strict_alone(
    change: tuple[str, str], dialect: str, expected: str | None
) -> None:
    text = changed(change)
    if "filters=8" in text:
        text = text.replace("inputs=conv1\nchannels=16", "inputs=conv1\nchannels=8")
    network(text, dialect=dialect)
    if expected is None:
        network(text, dialect=dialect, strict=True)
    else:
        assert expected in error(text, dialect=dialect, strict=True)


def test_dropout_layers_belong_to_their_generation_under_strict() -> None:
    text = DATA + CONV + "[hs1]\ntype=hs\ninputs=conv1\nkeep=.5\n" + POOL.replace("=conv1", "=hs1") + TOP
    text = text.replace("padding=2", "padding=2\npartialSum=4")
    assert error(text, strict=True).endswith(
        "expected one of its own types, as the program of 2011 did (strict), got 'hs'"
    )
    (warning,) = network(text).warnings
    assert warning.endswith(
        "the program of 2011 expected one of its own types; hs is read as in the other programs"
    )


KEYS = st.sampled_from(
    "type inputs channels filters filterSize padding stride groups initW initB neuron gpu outputs "
    "sizeX start outputsX pool size keep dataIdx sharedBiases weightSource".split()
)
VALUES = st.one_of(
    st.sampled_from(
        "conv local fc pool cmrnorm rnorm hs dropout softmax cost.logreg data a b a,b a,a 3 16 -1 1,2 "
        "max avg relu tanh[1,1] 0.5 999999999999 1e9 on".split()
    ),
    st.text(max_size=12),
)
SECTIONS = st.lists(
    st.tuples(st.sampled_from("ab"), st.lists(st.tuples(KEYS, VALUES), max_size=8)), max_size=4
)


@given(SECTIONS)
@settings(deadline=None, max_examples=300)
def test_any_sections_make_a_network_or_one_line(sections: list[tuple[str, list[tuple[str, str]]]]) -> None:
    lines = [f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys) for name, keys in sections]
    begun = time.monotonic()
    try:
        network(DATA + "".join(lines) + CONV + POOL + TOP)
    except DefinitionError as caught:
        assert re.fullmatch(r"[^\n]+", str(caught))
    assert time.monotonic() - begun < 5


def test_a_megabyte_of_sections_is_refused_within_seconds() -> None:
    text = "".join(f"[d{index}]\ntype=data\ndataIdx=0\nfoo{index}=1\n" for index in range(22_000))
    begun = time.monotonic()
    error(text)
    assert time.monotonic() - begun < 20
