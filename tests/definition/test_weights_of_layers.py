"""How weights start, with whom they are shared, on which GPUs their layers stand."""

from __future__ import annotations

import pytest
from definition_texts import CONV, DATA, ENDS, TOP, network

from reproduction.definition import assemble
from reproduction.definition.layers import (
    Convolution,
    Copied,
    FullyConnected,
    RandomConnections,
    Shared,
    WeightedLayer,
)
from reproduction.errors import DefinitionError

SECOND = CONV.replace("conv1", "conv2")
BOTH = TOP.replace("=pool1", "=conv1,conv2").replace("initW=0.1", "initW=0.1,0.1")


def second(*lines: str) -> str:
    """A network of two like convolutions; `lines` are added to the second."""
    return DATA + CONV + SECOND + "".join(f"{line}\n" for line in lines) + BOTH


def error(text: str, **options: object) -> str:
    with pytest.raises(DefinitionError) as caught:
        network(text, **options)  # type: ignore[arg-type]
    return str(caught.value)


def layer(text: str, name: str = "conv2", dialect: str = "2012") -> WeightedLayer:
    found = network(text, dialect=dialect)[name]
    assert isinstance(found, WeightedLayer)
    return found


def test_shared_weights_are_counted_once_and_named_by_their_owner() -> None:
    net = network(second("weightSource=conv1"))
    shared = net["conv2"]
    assert isinstance(shared, WeightedLayer)
    assert shared.shared == (Shared("conv1", 0),)
    assert shared.weight_names == ("conv1/weights_0",)
    assert shared.weight_shapes == ((16, 3, 5, 5),)
    assert list(shared.array_shapes) == ["conv2/biases"]
    own = network(second())
    assert own.parameter_count - net.parameter_count == 16 * 75
    assert net.multiply_adds == own.multiply_adds


def test_a_matrix_may_be_shared_within_a_layer_and_through_another() -> None:
    top = "[fc10]\ntype=fc\ninputs=conv1,conv2,conv2\noutputs=10\ninitW=1,1,1\nweightSource=%s\n" + ENDS
    text = DATA + CONV + SECOND
    within = layer(text + top % ",fc10[0],", "fc10")
    assert within.shared == (None, Shared("fc10", 0), None)
    assert within.weight_names == ("fc10/weights_0", "fc10/weights_0", "fc10/weights_2")
    chained = layer(text + top % ",fc10,fc10[1]", "fc10")
    assert chained.weight_names == ("fc10/weights_0",) * 3


SHARES = [
    ("weightSource=conv9", "expected an earlier layer, or layer[number of its matrix], got 'conv9'"),
    ("weightSource=conv2", "expected one of 0 earlier matrices of 'conv2', got 'conv2'"),
    ("weightSource=conv1[1]", "expected one of 1 matrices of 'conv1', got 'conv1[1]'"),
    ("weightSource=conv1[", "expected an earlier layer, or layer[number of its matrix], got 'conv1['"),
    ("weightSource=data", "expected an earlier layer, or layer[number of its matrix], got 'data'"),
    ("weightSource=conv1,conv1", "expected one text for each of its 1 inputs, got 'conv1,conv1'"),
]


@pytest.mark.parametrize(("line", "expected"), SHARES)
def test_sources_that_are_none_are_refused(line: str, expected: str) -> None:
    assert expected in error(second(line))


def test_sources_of_another_type_or_shape_are_refused() -> None:
    local = second("weightSource=conv1").replace("[conv2]\ntype=conv", "[conv2]\ntype=local")
    assert "expected a layer of type local, got 'conv1', of type conv" in error(local)
    smaller = second("weightSource=conv1", "filterSize=3")
    assert error(smaller).endswith("expected a matrix of shape 16x3x3x3, got 'conv1' of shape 16x3x5x5")
    tree = DATA + "[x]\ntype=treefc\ninputs=data\ninitW=1\nweightSource=x\n" + ENDS.replace("fc10", "x")
    assert "expected nothing, as type treefc shares no weights" in error(tree)


def test_weights_shared_across_gpus_are_read_with_a_warning_and_refused_strictly() -> None:
    text = second("weightSource=conv1", "gpu=1")
    warnings = network(text, dialect="2012").warnings
    assert any("expected a layer on the same GPU; the weights are shared across them" in w for w in warnings)


def test_random_connections_come_with_the_shared_matrix() -> None:
    grouped = "channels=16\nfilters=4\nfilterSize=3\npadding=1\ninitW=1\ngroups=4\nrandSparse=1\n"
    text = DATA + CONV + f"[a]\ntype=conv\ninputs=conv1\n{grouped}[b]\ntype=conv\ninputs=a\n{grouped}"
    top = TOP.replace("=pool1", "=b")
    shared = network(text + "weightSource=a\n" + top, dialect="2012")["b"]
    assert isinstance(shared, Convolution)
    assert shared.connections == (RandomConnections(4, 1, source=Shared("a", 0)),)
    plain = text.rpartition("randSparse=1")[0] + "weightSource=a\n" + top
    assert error(plain, dialect="2012").endswith(
        "expected a layer with the same groups and connections, got 'a'"
    )


def test_start_values_of_2012_are_copied_from_the_layer_named() -> None:
    lines = ("initWFunc=initw.makew(conv7)", "initBFunc=initw.makeb(conv8)", "weightSource=conv1")
    net = network(second(*lines), dialect="2012")
    copied = net["conv2"]
    assert isinstance(copied, WeightedLayer)
    assert copied.weight_copies == (Copied(("conv7",)),)
    assert copied.bias_copy == Copied(("conv8",))
    assert copied.shared == ()  # a function comes before a source
    assert copied.weight_std == (0.01,)
    assert (
        sum("start values are copied from the checkpoint of experiment 146-2011" in w for w in net.warnings)
        == 1
    )


def test_start_values_of_2014_are_copied_from_a_path() -> None:
    lines = ("initWFunc=initw.makew(/a/b)", "initBFunc=initw.makebcat(/a/b,x,y)")
    copied = layer(second(*lines), dialect="2014")
    assert copied.weight_copies == (Copied(("conv2",), "/a/b"),)
    assert copied.bias_copy == Copied(("x", "y"), "/a/b")
    vector = ",".join(str(index) for index in range(16))
    literal = layer(second(f"initBFunc=initw.makeb_vec({vector})"), dialect="2014")
    assert literal.bias_values == tuple(range(16))
    assert literal.bias_copy is None


def test_the_third_matrix_of_a_layer_called_localcombine_starts_normally() -> None:
    top = "[localcombine]\ntype=fc\ninputs=conv1,conv2,conv1\noutputs=10\ninitW=1,1,1\n"
    text = DATA + CONV + SECOND + top + "initWFunc=initw.makew(fc)\n" + ENDS.replace("fc10", "localcombine")
    assert layer(text, "localcombine").weight_copies == (Copied(("fc",)), Copied(("fc",)), None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("initWFunc=os.system(ls)", "expected initw.makew or initw.makewcat, as functions are known by name"),
        ("initWFunc=initw.makeww(conv1)", "did you mean 'makew'"),
        ("initBFunc=makeb(conv1)", "got 'makeb(conv1)'"),
        ("initWFunc=initw.makew", "expected a function with its arguments in parentheses"),
        ("initWFunc=initw.makew()", "expected a function with its arguments in parentheses"),
        ("initWFunc=initw.makewcat(path)", "expected a function with its arguments in parentheses"),
        ("initBFunc=initw.makeb_vec(1,a)", "expected 16 numbers, one for each bias"),
    ],
)
def test_other_functions_are_refused_by_name(line: str, expected: str) -> None:
    assert expected in error(second(line), dialect="2014")


def test_strictly_a_copy_is_refused_where_its_checkpoint_is_not_at_hand() -> None:
    text = second("initWFunc=initw.makew(conv1)").replace("padding=2", "padding=2\npartialSum=4\ngpu=0")
    assert "as the checkpoint of experiment 146-2011 is not at hand (strict)" in error(
        text, dialect="2012", strict=True
    )


def test_copies_on_several_gpus_are_one_layer() -> None:
    text = DATA + CONV + "gpu=1,0\n" + TOP.replace("=pool1", "=conv1")
    net = network(text, dialect="2014")
    assert (net["conv1"].column, net["conv1"].replicas) == (1, (1, 0))
    assert net["fc10"].replicas == (1, 0)  # as its input
    assert (net.columns, net.gpus) == (2, 2)
    spread = network(text.replace("gpu=1,0", "gpu=0,3"), dialect="2014")
    assert (spread.columns, spread.gpus) == (1, 4)
    assert net.parameter_count == network(text.replace("gpu=1,0\n", "")).parameter_count
    older = network(text, dialect="2012")
    assert any("expected one GPU; the layer has a copy on each" in warning for warning in older.warnings)


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        ("0,0", "expected GPUs that differ from each other, got '0,0'"),
        ("0,", "expected a whole number from 0 to 63, got '0,'"),
        ("-1", "expected a whole number from 0 to 63, got '-1'"),
        ("64", "expected a whole number from 0 to 63, got '64'"),
        ("a", "expected a whole number from 0 to 63, got 'a'"),
    ],
)
def test_gpus_that_are_none_are_refused(gpus: str, expected: str) -> None:
    assert error(DATA + CONV + f"gpu={gpus}\n" + TOP, dialect="2014").endswith(expected)


def test_numbers_of_copies_that_2014_refused_are_read_with_a_warning() -> None:
    text = (
        DATA + CONV + "gpu=0,1\n" + TOP.replace("=pool1", "=conv1").replace("type=fc", "gpu=0,1,2\ntype=fc")
    )
    expected = "expected inputs with equal numbers of copies, a multiple of its own"
    assert any(expected in warning for warning in network(text, dialect="2014").warnings)
    fewer = text.replace("gpu=0,1,2", "gpu=1")
    assert not any(expected in warning for warning in network(fewer, dialect="2014").warnings)
    strict = text.replace("padding=2", "padding=2\nsumWidth=4")
    assert expected in error(strict, dialect="2014", strict=True)


def test_two_pass_layers_do_not_claim_one_input_on_one_gpu() -> None:
    twice = "".join(f"[{name}]\ntype=pass\ninputs=conv1\ngpu=%s\n" for name in "ab")
    top = TOP.replace("=pool1", "=a,b").replace("initW=0.1", "initW=0.1,0.1")
    same = network(DATA + CONV + twice % (0, 0) + top, dialect="2014")
    assert any("expected 'conv1' in one pass layer of a GPU" in warning for warning in same.warnings)
    apart = network(DATA + CONV + twice % (0, 1) + top, dialect="2014")
    assert not any("pass layer" in warning for warning in apart.warnings)


def test_the_weights_of_all_layers_together_are_limited() -> None:
    wide = "".join(f"[w{i}]\ntype=fc\ninputs=data\noutputs=1000000\ninitW=1\n" for i in range(4))
    sums = "[s]\ntype=eltsum\ninputs=w0,w1,w2,w3\n" + TOP.replace("=pool1", "=s")
    message = error(DATA + wide + sums)
    assert message == (
        "small.layers.cfg line 17: layer 'w2': with its 3,073,000,000 weights the network has "
        "9,219,000,000, more than the 8,589,934,592 that it may have"
    )


def test_labels_cannot_be_a_number_and_a_row_at_once() -> None:
    both = ENDS + "[b]\ntype=cost.bce\ninputs=labels,fc10\n"
    text = DATA + "[fc10]\ntype=fc\ninputs=data\noutputs=10\ninitW=1\nneuron=logistic\n"
    assert error(text + both, dialect="2014").endswith("expected inputs of equal size, got 1, 10 numbers")
    row = "[row]\ntype=data\ndataIdx=2\n"
    apart = network(text.replace("[fc10]", row + "[fc10]") + both.replace("=labels,fc10", "=row,fc10"))
    assert apart["row"].output_shape == (10,)
    assert isinstance(apart["fc10"], FullyConnected)


def test_built_in_networks_have_no_warnings() -> None:
    from reproduction.definition import built_in_names, find_texts

    for name in built_in_names():
        assert assemble(find_texts(name)).warnings == ()
