"""Every layer type of the three programs: what its section becomes, and what is said of a wrong one."""

from __future__ import annotations

import math
import re

import pytest
from definition_texts import CONV, DATA, ENDS, TOP, network

from reproduction.definition.keys import DEFINITION_KEYS, PARAMETER_KEYS
from reproduction.definition.layers import (
    Activation,
    BinaryCrossEntropy,
    Blur,
    ClassCrossEntropy,
    Concatenation,
    ContrastNorm,
    Convolution,
    CrossEntropy,
    ElementwiseMax,
    ElementwiseSum,
    GatedSumOfSquares,
    Layer,
    LocallyConnected,
    MapPool,
    Mirror,
    MultiSoftmax,
    Nailbed,
    Neuron,
    Pool,
    RandomConnections,
    RandomScale,
    Resize,
    ResponseNorm,
    RobustSquares,
    RunSum,
    SplitFullyConnected,
    SumOfSquares,
    ToLab,
    TopographicCost,
    ToYuv,
    TreeFullyConnected,
)
from reproduction.definition.network import Network
from reproduction.definition.readers import READERS
from reproduction.errors import DefinitionError

FC = "[fc10]\ntype=fc\ninputs=x\noutputs=10\ninitW=0.1\n"
FC_ENDS = FC + ENDS


def on_pictures(section: str, side: int = 32, dialect: str = "2014", **options: object) -> Layer:
    """The layer x of a section that reads the pictures, in a network whose fc layer reads x."""
    text = DATA + "[x]\ninputs=data\nchannels=3\n" + section + FC_ENDS
    return network(text, side, dialect, **options)["x"]  # type: ignore[arg-type]


def on_maps(section: str, dialect: str = "2014") -> Layer:
    """The layer x of a section that reads the 16 maps of 32x32 of a convolution."""
    return network(DATA + CONV + "[x]\ninputs=conv1\n" + section + FC_ENDS, dialect=dialect)["x"]


def with_cost(cost: str, dialect: str = "2012") -> Network:
    """A network that ends in the cost [c], over fc10 of ten logistic features."""
    return network(DATA + FC.replace("=x", "=data") + "neuron=logistic\n" + cost, dialect=dialect)


def said(net: Network, ending: str) -> bool:
    """Whether a warning ends so."""
    return any(warning.endswith(ending) for warning in net.warnings)


def refusal(section: str, side: int = 32, dialect: str = "2014", strict: bool = False) -> str:
    """What is said of x, from the key on."""
    with pytest.raises(DefinitionError) as caught:
        on_pictures(section, side, dialect, strict=strict)
    message = str(caught.value)
    assert re.match(r"small.layers.cfg line \d+: layer 'x'", message), message
    return message.partition("layer 'x'")[2].lstrip(", :")


def test_every_type_has_its_keys_and_its_reader() -> None:
    assert set(READERS) == set(DEFINITION_KEYS) - {"data"}
    assert set(PARAMETER_KEYS) <= set(DEFINITION_KEYS)


def test_a_neuron_layer_is_an_activation_of_its_own() -> None:
    layer = on_maps("type=neuron\nneuron=drelu[2]\n")
    assert isinstance(layer, Neuron)
    assert (layer.activation, layer.output_shape) == (Activation("drelu", (2.0,)), (16, 32, 32))
    assert refusal("type=neuron\n") == "key 'neuron' is missing (expected an activation function)"


@pytest.mark.parametrize(
    ("word", "extra", "kind"),
    [
        ("max", "", "max"),
        ("avg", "", "average"),
        ("avg", "sum=1\n", "sum"),
        ("maxabs", "", "maxabs"),
        ("rand", "", "random"),
    ],
)
def test_pools_of_all_kinds(word: str, extra: str, kind: str) -> None:
    layer = on_maps(f"type=pool\npool={word}\nchannels=16\nsizeX=3\nstride=2\n{extra}")
    assert isinstance(layer, Pool)
    assert (layer.kind, layer.output_shape) == (kind, (16, 16, 16))


def test_pools_over_maps_cover_all_maps() -> None:
    text = "type=cmpool\npool=max\nchannels=16\nsize=4\nstride=3\nstart=-1\noutputs={}\n"
    layer = on_maps(text.format(6))
    assert isinstance(layer, MapPool)
    assert (layer.size, layer.stride, layer.start, layer.output_shape) == (4, 3, -1, (6, 32, 32))
    with pytest.raises(DefinitionError, match="enough windows to cover the 16 channels"):
        on_maps(text.format(5))
    with pytest.raises(DefinitionError, match="a whole number from 1 to 6"):
        on_maps(text.format(7))


def test_norms_of_older_files_hold_their_numbers_in_the_definition() -> None:
    text = "type=%s\nchannels=16\nsizeX=5\nscale=0.0005\npow=0.75\n"
    within, contrast = on_maps(text % "rnorm"), on_maps(text % "cnorm")
    assert isinstance(within, ResponseNorm) and isinstance(contrast, ContrastNorm)
    for norm in (within, contrast):
        assert (norm.size, norm.stated_scale, norm.stated_power) == (5, 0.0005, 0.75)
    new = on_maps("type=cnorm\nchannels=16\nsize=7\n")
    assert isinstance(new, ContrastNorm) and new.stated_scale is None


def test_a_norm_across_maps_has_two_neighbours_or_more() -> None:
    text = "type=cmrnorm\nchannels=16\nsize=%d\n"
    assert on_maps(text % 16).output_shape == (16, 32, 32)
    for size in (1, 17):
        with pytest.raises(DefinitionError, match="a whole number from 2 to 16"):
            on_maps(text % size)


def test_a_nailbed_is_centred() -> None:
    layer = on_pictures("type=nailbed\nstride=4\n", side=224)
    assert isinstance(layer, Nailbed)
    assert (layer.output_shape, layer.start) == ((3, 56, 56), 2)
    assert on_pictures("type=nailbed\nstride=3\n", side=7).output_shape == (3, 3, 3)
    assert refusal("type=nailbed\nstride=1\ngpu=0\n", strict=True).endswith(
        "expected a whole number from 2 to 32, got '1'"
    )


@pytest.mark.parametrize(
    ("size", "stdev", "expected"),
    [
        (9, 4, (0.0816744, 0.1016455, 0.1188356, 0.1305154, 0.1346584)),
        (5, 1, (0.0544887, 0.2442013, 0.4026199)),
    ],
)
def test_a_blur_has_the_reference_kernel(size: int, stdev: int, expected: tuple[float, ...]) -> None:
    layer = on_pictures(f"type=blur\nfilterSize={size}\nstdev={stdev}\n")
    assert isinstance(layer, Blur)
    assert layer.kernel == pytest.approx(expected + expected[-2::-1], abs=5e-8)
    assert math.fsum(layer.kernel) == pytest.approx(1)


def test_operations_on_the_image() -> None:
    assert isinstance(on_pictures("type=href\n"), Mirror)
    assert isinstance(on_pictures("type=rgb2yuv\n"), ToYuv)
    lab = on_pictures("type=rgb2lab\ncenter=1\n")
    assert isinstance(lab, ToLab) and lab.center
    resize = on_pictures("type=resize\nscale=1.5\n")
    assert isinstance(resize, Resize)
    assert (resize.scale, resize.output_shape) == (1.5, (3, 21, 21))
    scaled = on_pictures("type=rscale\nmaxScale=1.3\ntgtSize=24\n")
    assert isinstance(scaled, RandomScale)
    assert (scaled.max_scale, scaled.output_shape) == (1.3, (3, 24, 24))
    assert on_pictures("type=crop\nstartX=2\nsizeX=20\n").output_shape == (3, 20, 20)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("type=blur\nfilterSize=4\nstdev=1\n", "3, 5, 7 or 9, and at most the picture's side 32, got '4'"),
        ("type=blur\nfilterSize=5\nstdev=0\n", "a number from 0.001 to 1e+06, got '0'"),
        ("type=resize\nscale=3\n", "expected a number from 0.5 to 2, got '3'"),
        ("type=rscale\nmaxScale=2\ntgtSize=15\n", "expected a whole number from 16 to 32, got '15'"),
        ("type=crop\nstartX=13\nsizeX=20\n", "expected a whole number from 0 to 12, got '13'"),
        ("type=crop\nstartX=1\nstartY=13\nsizeX=20\n", "expected a whole number from 0 to 12, got '13'"),
        ("type=nailbed\nstride=33\n", "expected a whole number from 1 to 32, got '33'"),
        ("type=eltmax\n", "expected two inputs or more, got 'data'"),
        ("type=sum\nstride=5\n", "expected a divisor of the 3072 inputs, got '5'"),
        ("type=sfc\noutputs=4\nparts=5\ninitW=1\n", "expected a divisor of the 3072 inputs, got '5'"),
        ("type=fc\noutputs=4\ninitW=1\ninitBFunc=initw.makeb_vec(1,2)\n", "4 numbers, one for each bias"),
    ],
)
def test_what_is_wrong_with_a_section_is_said(section: str, expected: str) -> None:
    assert expected in refusal(section)


@pytest.mark.parametrize("kind", ["resize", "rscale", "crop", "rgb2yuv", "rgb2lab"])
def test_types_without_a_gradient_do_not_stand_above_weights(kind: str) -> None:
    section = f"type={kind}\nchannels=16\nscale=1\nmaxScale=1\ntgtSize=32\nstartX=0\nsizeX=4\n"
    with pytest.raises(DefinitionError, match="this type passes no gradient, got 'conv1'"):
        on_maps(section)


def test_sums_and_maxima_need_inputs_of_one_size() -> None:
    pair = CONV.replace("conv1", "conv2")
    total = network(DATA + CONV + pair + "[x]\ntype=eltsum\ninputs=conv1,conv2\ncoeffs=1,-2\n" + FC_ENDS)["x"]
    assert isinstance(total, ElementwiseSum)
    assert (total.coefficients, total.output_shape) == ((1.0, -2.0), (16, 32, 32))
    most = network(DATA + CONV + pair + "[x]\ntype=eltmax\ninputs=conv1,conv2\n" + FC_ENDS)["x"]
    assert isinstance(most, ElementwiseMax)
    with pytest.raises(DefinitionError, match="inputs of equal size, got 16384, 3072 numbers"):
        network(DATA + CONV + "[x]\ntype=eltsum\ninputs=conv1,data\n" + FC_ENDS)


def test_concatenation_keeps_maps_of_one_side_and_flattens_the_rest() -> None:
    maps = network(DATA + CONV + "[x]\ntype=concat\ninputs=conv1,data\n" + FC_ENDS, dialect="2012")["x"]
    assert isinstance(maps, Concatenation)
    assert (maps.output_shape, maps.type) == ((19, 32, 32), "concat")
    small = "[s]\ntype=nailbed\ninputs=data\nchannels=3\nstride=2\n"
    flat = network(DATA + CONV + small + "[x]\ntype=pass\ninputs=conv1,s\n" + FC_ENDS, dialect="2014")["x"]
    assert (flat.output_shape, flat.type) == ((16 * 1024 + 3 * 256,), "pass")


def test_sums_of_runs_and_parts_of_the_data() -> None:
    total = on_pictures("type=sum\nstride=4\n")
    assert isinstance(total, RunSum)
    assert (total.stride, total.output_shape) == (4, (768,))
    part = "[x]\ntype=data\ndataIdx=0\nstart=1024\nend=2048\n"
    net = network(DATA + part + TOP.replace("=pool1", "=data,x"), dialect="2014")
    assert (net["x"].output_shape, net["fc10"].weight_shapes[1]) == ((1024,), (10, 1024))
    assert (net.image_shape, net["x"].part) == ((3, 32, 32), (1024, 2048))  # type: ignore[attr-defined]


def test_a_split_layer_has_weights_of_one_part() -> None:
    layer = on_pictures("type=sfc\noutputs=4\nparts=3\ninitW=0.1\n")
    assert isinstance(layer, SplitFullyConnected)
    assert (layer.output_shape, layer.weight_shapes, layer.bias_shape) == ((12,), ((4, 3072),), (12,))
    assert layer.multiply_adds == 4 * 3072


def test_a_tree_layer_has_a_row_for_each_node() -> None:
    text = DATA + "[x]\ntype=treefc\ninputs=data\ninitW=0.1\n" + ENDS.replace("fc10", "x")
    plain = network(text, dialect="2012")
    assert isinstance(plain["x"], TreeFullyConnected)
    assert plain["x"].weight_shapes == ((1000, 3072),)
    assert said(plain, "the data says how many classes a treefc has; 1000 are assumed (--classes N)")
    assert said(plain, "the class tree is in the data; every class stands for itself (recipe key tree)")
    tree = (3, 3, 4, 4, -1)  # classes 0 and 1 under node 3, it and class 2 under the root
    grown = network(text, dialect="2012", classes=3, tree=tree)["x"]
    assert isinstance(grown, TreeFullyConnected)
    assert (grown.outputs, grown.weight_shapes, grown.bias_shape) == (3, ((5, 3072),), (3,))
    with pytest.raises(DefinitionError, match="a tree of 4 classes, got one of 3"):
        network(text, dialect="2012", classes=4, tree=tree)


def test_random_connections_are_a_rule_with_the_number_of_permutations() -> None:
    text = "type=conv\nchannels=16\nfilters=4\nfilterSize=3\npadding=1\ninitW=1\ngroups=4\nrandSparse=true\n"
    layer = on_maps(text + "filterChannels=8\n", "2011")
    assert isinstance(layer, Convolution)
    assert layer.connections == (RandomConnections(8, 2),)
    assert layer.weight_shapes == ((16, 8, 3, 3),)
    local = on_maps(text.replace("conv", "local"), "2012")
    assert isinstance(local, LocallyConnected)
    assert local.connections == (RandomConnections(4, 1),)
    assert local.weight_shapes == ((1024, 16, 4, 3, 3),)
    with pytest.raises(DefinitionError, match="a divisor of the 16 channels that, times 4 groups"):
        on_maps(text + "filterChannels=2\n", "2011")


def test_2014_did_not_know_random_connections_and_a_stated_output_side_is_its_own() -> None:
    text = "type=conv\nchannels=16\nfilters=16\nfilterSize=3\ninitW=1\n"
    net = network(DATA + CONV + "[x]\ninputs=conv1\n" + text + "randSparse=1\n" + FC_ENDS, dialect="2014")
    assert net["x"].connections == ()  # type: ignore[attr-defined]
    assert said(net, "key 'randSparse' meant nothing to the program of 2014 and is ignored")
    assert on_maps(text + "stride=2\nmodulesX=16\n").output_shape == (16, 16, 16)
    for side in (14, 40):
        with pytest.raises(DefinitionError, match="'modulesX': expected 0 or windows"):
            on_maps(text + f"stride=2\nmodulesX={side}\n")


def test_costs_over_one_number_for_each_class_make_the_labels_such() -> None:
    binary = with_cost("[c]\ntype=cost.crossent2\ninputs=labels,fc10\n")
    assert isinstance(binary.cost, BinaryCrossEntropy)
    assert (binary.cost.kind, binary.cost.labels, binary.cost.answers) == ("cost.crossent2", "labels", "fc10")
    assert (binary["labels"].output_shape, binary.classes, binary.probabilities) == ((10,), 10, "fc10")
    robust = with_cost("[c]\ntype=cost.rflickr\ninputs=labels,fc10\n")
    assert isinstance(robust.cost, RobustSquares)
    difference = "[d]\ntype=eltsum\ninputs=labels,fc10\ncoeffs=1,-1\n[c]\ntype=cost.sum2\ninputs=d\n"
    squares = with_cost(difference)
    assert isinstance(squares.cost, SumOfSquares)
    assert squares["labels"].output_shape == (10,)
    softmax = "[probs]\ntype=softmax\ninputs=fc10\n[c]\ntype=cost.crossent\ninputs=labels,probs\n"
    assert isinstance(with_cost(softmax).cost, ClassCrossEntropy)
    for kind in ("cost.bce", "cost.dce"):
        assert with_cost(f"[c]\ntype={kind}\ninputs=labels,fc10\n", "2014").cost.type == kind


def test_costs_with_other_inputs() -> None:
    sets = with_cost("[c]\ntype=cost.msm\ninputs=labels,fc10\n")
    assert isinstance(sets.cost, MultiSoftmax)
    assert (sets.cost.input_shapes, sets.classes) == (((1,), (10,)), 10)
    gated = with_cost("[c]\ntype=cost.gsum2\ninputs=labels,fc10\n")
    assert isinstance(gated.cost, GatedSumOfSquares)
    images = DATA.partition("[labels]")[0]
    sparse = network(images + CONV + "[c]\ntype=cost.tica\ninputs=conv1\nchannels=16\nsizeX=3\n")
    assert isinstance(sparse.cost, TopographicCost)
    assert (sparse.cost.size, sparse.cost.output_shape) == (3, ())


def test_the_cross_entropy_is_the_main_cost_wherever_it_stands() -> None:
    text = DATA + CONV + "[first]\ntype=cost.sum2\ninputs=conv1\n" + TOP.replace("=pool1", "=conv1")
    net = network(text)
    assert isinstance(net.cost, CrossEntropy)
    assert (net.cost.name, net.classes) == ("logprob", 10)


def test_costs_of_2014_have_children_of_their_type() -> None:
    two = ENDS + "[all]\ntype=cost.logreg\ninputs=labels,probs\nchildren=logprob\n"
    text = DATA + FC.replace("=x", "=data")
    assert network(text + two, dialect="2014")["all"].children == ("logprob",)  # type: ignore[attr-defined]
    with pytest.raises(DefinitionError, match="names of earlier layers of type cost.logreg, got 'fc10'"):
        network(text + two.replace("children=logprob", "children=fc10"), dialect="2014")
    older = network(text + two, dialect="2012")
    assert said(older, "key 'children' meant nothing to the program of 2012 and is ignored")


def test_layers_that_only_change_the_picture_do_not_hide_the_first_layer() -> None:
    yuv = "[yuv]\ntype=rgb2yuv\ninputs=data\nchannels=3\n"
    net = network(DATA + yuv + CONV.replace("=data", "=yuv") + TOP.replace("=pool1", "=conv1"))
    assert net.first_layers == ("conv1",)
