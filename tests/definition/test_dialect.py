"""Which of the three programs a text was written for, and what each refuses strictly."""

from __future__ import annotations

import pytest
from definition_texts import CONV, DATA, DEFINITION, PARAMETERS, POOL, TOP, network, texts

from reproduction.definition import assemble
from reproduction.definition.dialect import DIALECTS, dialect_by_evidence
from reproduction.definition.keys import DEFINITION_KEYS
from reproduction.definition.language import parse
from reproduction.errors import DefinitionError


def evidence(definition: str, parameters: str = PARAMETERS) -> str:
    return dialect_by_evidence(parse(definition, "a"), parse(parameters, "b")).name


def after_conv(section: str) -> str:
    return DATA + CONV + f"[x]\n{section}inputs=conv1\n" + TOP.replace("=pool1", "=x")


EVIDENCE = [
    (DEFINITION, PARAMETERS, "2011"),
    (DEFINITION.replace("padding=2", "padding=2\ngpu=0"), PARAMETERS, "2012"),
    (after_conv("type=hs\nkeep=1\n"), PARAMETERS, "2012"),
    (DEFINITION, PARAMETERS + "[cm]\nminDiv=2\n", "2012"),
    (DEFINITION, PARAMETERS.replace("wc=0.004", "schedW=exp[1,0]", 1), "2012"),
    (DEFINITION.replace("padding=2", "padding=2\ngpu=0,1"), PARAMETERS, "2014"),
    (DEFINITION.replace("padding=2", "padding=2\nsumWidth=4"), PARAMETERS, "2014"),
    (after_conv("type=pass\n"), PARAMETERS, "2014"),
    (after_conv("type=dropout2\ngpu=0\n"), PARAMETERS, "2014"),
    (DEFINITION, PARAMETERS.replace("epsW=0.001", "epsW=const[base=0.001]", 1), "2014"),
]


@pytest.mark.parametrize(("definition", "parameters", "expected"), EVIDENCE)
def test_the_dialect_is_that_of_the_words_used(definition: str, parameters: str, expected: str) -> None:
    assert evidence(definition, parameters) == expected


def test_a_stated_dialect_overrules_the_evidence() -> None:
    assert assemble(texts()).network.dialect.name == "2011"
    assert assemble(texts(), dialect="2014").network.dialect.name == "2014"


def test_every_type_belongs_to_a_program_and_the_programs_to_the_table_of_types() -> None:
    assert set().union(*(dialect.types for dialect in DIALECTS.values())) == set(DEFINITION_KEYS)
    counts = {name: len(dialect.types) for name, dialect in DIALECTS.items()}
    assert counts == {"2011": 20, "2012": 30, "2014": 32}


REFUSED = [  # a section of x, the dialects that refused it
    ("type=hs\nkeep=0.5\n", {"2011", "2014"}),
    ("type=dropout\n", {"2011", "2012"}),
    ("type=concat\n", {"2011"}),
    ("type=pass\n", {"2011", "2012"}),
    ("type=neuron\nneuron=nrelu\n", {"2011"}),
    ("type=neuron\nneuron=log[2]\n", {"2011", "2012"}),
    ("type=pool\npool=rand\nchannels=16\nsizeX=2\nstride=2\n", {"2011", "2014"}),
    ("type=pool\npool=maxabs\nchannels=16\nsizeX=2\nstride=2\n", {"2011"}),
    ("type=rnorm\nchannels=16\nsizeX=3\n", {"2011", "2012", "2014"}),
]


@pytest.mark.parametrize(("section", "refusing"), REFUSED)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_program_lacked_is_read_with_a_warning_and_refused_strictly(
    section: str, refusing: set[str], dialect: str
) -> None:
    text = after_conv(section).replace("padding=2", "padding=2\npartialSum=4\nsumWidth=4\ngpu=0")
    text = text.replace("inputs=labels", "gpu=0\ninputs=labels")
    warnings = network(text, dialect=dialect).warnings
    told = [warning for warning in warnings if "the program of" in warning]
    if dialect in refusing:
        assert len(told) == 1
        with pytest.raises(DefinitionError, match=r"\(strict\), got"):
            network(text, dialect=dialect, strict=True)
    else:
        assert told == []
        network(text, dialect=dialect, strict=True)


def test_exponents_in_the_numbers_of_a_neuron_are_of_2011() -> None:
    text = after_conv("type=neuron\nneuron=brelu[1e1]\n")
    text = text.replace("padding=2", "padding=2\npartialSum=4\nsumWidth=4\ngpu=0")
    text = text.replace("inputs=labels", "gpu=0\ninputs=labels")
    network(text, strict=True)
    for dialect in ("2012", "2014"):
        network(text, dialect=dialect)
        with pytest.raises(DefinitionError, match=r"expected numbers without exponents \(strict\)"):
            network(text, dialect=dialect, strict=True)


def test_a_layer_that_reads_data_stands_on_the_first_column_unless_it_says_so() -> None:
    text = DATA + CONV + POOL + TOP
    (first, second) = network(text, dialect="2012").warnings
    assert first.endswith(
        "layer 'conv1' reads data and states no GPU, as the program of 2012 wanted; column 0 is assumed"
    )
    assert "layer 'logprob' reads data" in second
    assert network(text).warnings == ()
