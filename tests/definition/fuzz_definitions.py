"""Feeds the reader of definitions with broken texts: the built-in ones mutated, and others made by a grammar.

    python tests/definition/fuzz_definitions.py --count 100000

Nothing may come out but an experiment or a DefinitionError of one line; nothing may take longer than a
second of processor time or ask for much memory. A case is a function of its number: `--first N --count 1`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass

from reproduction.definition import Texts, assemble, built_in_names, find_texts
from reproduction.definition.dialect import DIALECTS
from reproduction.definition.keys import DEFINITION_KEYS, PARAMETER_KEYS
from reproduction.errors import DefinitionError

MAX_SECONDS = 1.0  # of processor time, for a text under 100 kB
MAX_BYTES = 2**31  # of address space beyond what the interpreter has at the start
MAX_LENGTH = 100_000

NUMBERS = (
    "0 1 2 3 4 5 8 16 32 64 96 128 224 -1 -2 0.5 0.01 1e-3 1e9 1e400 nan inf 999999999999 4294967296 "
    "9223372036854775808 1_0 0x10 1,1 2,3 1,2,3 , 16,16,16"
).split(" ")
WORDS = (
    "max avg maxabs rand true false relu logistic tanh[1.7,0.6] nrelu linear[3,2.2] brelu[6] drelu[1] log[1] "
    "ident data labels conv1 fc10 probs 0,1 0,1,2,3 dexp[250,0,4] exp[1000] linear[1,1] default half "
    "dexp[base=0.01;tgtFactor=250;numSteps=4] const[base=1] initw.makew(conv1) initw.makeb(conv1) "
    "initw.makec(x) initw.makeb_vec(1,2) os.system(ls) conv1[0] conv1[9] % ; # [ ] = : \0 \x1b é 中"
).split(" ")
PAIRED = (
    "eltsum",
    "eltmax",
    "concat",
    "cost.bce",
    "cost.crossent2",
    "cost.rflickr",
    "cost.gsum2",
    "cost.msm",
)
PLAIN = [kind for kind in DEFINITION_KEYS if kind != "data" and not kind.startswith("cost.")]
KEYS = sorted({key for table in (DEFINITION_KEYS, PARAMETER_KEYS) for keys in table.values() for key in keys})


@dataclass(frozen=True)
class Case:
    """One input: texts and the options they are read with."""

    texts: Texts
    dialect: str | None
    strict: bool
    image_size: int | None
    classes: int | None


def built_in_texts() -> list[Texts]:
    """What is mutated."""
    return [find_texts(name) for name in built_in_names()]


def make_case(number: int, originals: list[Texts]) -> Case:
    """Case `number`: a mutated built-in network or one made by the grammar."""
    draw = random.Random(number)
    if draw.random() < 0.5:
        original = draw.choice(originals)
        definition = mutated(original.definition, draw)
        parameters = original.parameters if draw.random() < 0.5 else mutated(original.parameters, draw)
        recipe = original.recipe if draw.random() < 0.8 else mutated(original.recipe, draw)
    else:
        definition, parameters = grown(draw)
        recipe = "image-size = 32\n"
        if draw.random() < 0.3:
            definition, parameters = mutated(definition, draw), mutated(parameters, draw)
    overrides = (override(draw),) if draw.random() < 0.1 else ()
    texts = Texts(
        definition[:MAX_LENGTH],
        parameters[:MAX_LENGTH],
        recipe,
        "a.layers.cfg",
        "a.params.cfg",
        "a.toml",
        overrides,
    )
    dialect = draw.choice((*DIALECTS, *[None] * 9))
    size = draw.choice((8, 33, 224, *[None] * 9))
    return Case(texts, dialect, draw.random() < 0.1, size, draw.choice((1, 10184, 10**7, *[None] * 9)))


def override(draw: random.Random) -> str:
    layer = draw.choice(("conv1", "fc10", "*", "conv1a", "x1", "data"))
    return f"{layer}.{draw.choice(KEYS)}={value(draw)}"


def value(draw: random.Random) -> str:
    return draw.choice(NUMBERS if draw.random() < 0.6 else WORDS)


def mutated(text: str, draw: random.Random) -> str:
    """The text with a few lines, values or characters changed."""
    lines = text.split("\n")
    keyed = [index for index, line in enumerate(lines) if "=" in line and line[0] not in "#;"] or [0]
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        place, other = min(draw.choice(keyed), len(lines) - 1), draw.randrange(len(lines))
        line = lines[place]
        change = draw.choice((0, 1, 2, 3, 3, 3, 3, 3, 4, 4, 6, 6, 6, 6, 6, 6, 5, 7, 8))
        if change == 0:
            lines[place] = ""
        elif change == 1:
            lines.insert(other, line)
        elif change == 2:
            lines[place], lines[other] = lines[other], line
        elif change in (3, 4):
            lines[place] = f"{line.partition('=')[0]}={value(draw)}"
        elif change == 5:
            lines[place] = f"{draw.choice(KEYS)}={line.partition('=')[2]}"
        elif change == 6:
            lines.insert(place, f"{draw.choice(KEYS)}={value(draw)}")
        elif change == 7:
            cut = draw.randrange(len(line) + 1)
            lines[place] = line[:cut] + draw.choice(WORDS) + line[cut + draw.randrange(2) :]
        elif line.startswith("type"):
            lines[place] = f"type={draw.choice(list(DEFINITION_KEYS))}"
    result = "\n".join(lines)
    return result[: draw.randrange(len(result) + 1)] if draw.random() < 0.05 else result


def grown(draw: random.Random) -> tuple[str, str]:
    """A definition and a parameter file whose sections have the keys of their types, mostly fair values."""
    sections = ["[data]\ntype=data\ndataIdx=0\n[labels]\ntype=data\ndataIdx=1\n"]
    parameters, last, maps = [], "data", 3
    for index in range(draw.randrange(1, 9)):
        name = f"x{index}"
        kind = draw.choice(PLAIN) if draw.random() < 0.85 else draw.choice(list(DEFINITION_KEYS))
        first = "labels" if kind.startswith("cost.") else last
        inputs = f"{first},{last}" if kind in PAIRED or draw.random() < 0.02 else last
        filters = draw.choice((3, 4, 16, 32))
        fair = {
            "type": kind, "inputs": inputs, "channels": str(maps), "filters": str(filters), "filterSize": "3",
            "stride": draw.choice("112"), "padding": "1", "initW": "0.1", "outputs": "10", "sizeX": "3",
            "size": "3", "pool": "max", "stdev": "1", "scale": "1", "pow": "0.5", "maxScale": "1.5",
            "tgtSize": "24", "startX": "1", "keep": "0.5", "parts": "2", "neuron": "relu", "dataIdx": "1",
        }  # fmt: skip
        sections.append(f"[{name}]\n" + section(fair, DEFINITION_KEYS[kind], draw))
        numbers = {
            "epsW": "0.1", "epsB": "0.1", "momW": "0.9", "momB": "0.9", "wc": "0", "scale": "1", "pow": "1",
            "enable": "1", "coeff": "1", "setSize": "2", "threads": "1",
        }  # fmt: skip
        parameters.append(f"[{name}]\n" + section(numbers, PARAMETER_KEYS.get(kind, ()), draw))
        if not kind.startswith("cost.") and draw.random() < 0.9:
            last = name
            maps = filters if kind in ("conv", "local") else maps
    rules = "epsW=0.1\nepsB=0.1\nmomW=0.9\nmomB=0.9\nwc=0\n"
    ends = f"[fc]\ntype=fc\ninputs={last}\noutputs=10\ninitW=0.1\n[probs]\ntype=softmax\ninputs=fc\n"
    cost = "[logprob]\ntype=cost.logreg\ninputs=labels,probs\n"
    return "".join(sections) + ends + cost, "".join(parameters) + f"[fc]\n{rules}[logprob]\ncoeff=1\n"


def section(fair: dict[str, str], keys: tuple[str, ...], draw: random.Random) -> str:
    """The keys of a type: those with a fair value mostly with it, the others now and then with any."""
    lines = []
    for key in keys:
        if key in fair and draw.random() < 0.97:
            lines.append(f"{key}={fair[key]}")
        elif draw.random() < 0.04:
            lines.append(f"{key}={value(draw)}")
    return "\n".join(lines) + "\n"


def run_case(case: Case) -> bool:
    """Whether the case was read; raises whatever the reader raises that is no DefinitionError of one line."""
    begun = time.process_time()
    try:
        experiment = assemble(
            case.texts,
            image_size=case.image_size,
            classes=case.classes,
            dialect=case.dialect,
            strict=case.strict,
        )
        json.dumps(experiment.to_json(), allow_nan=False)
        experiment.parameters.at_progress(0.6, lambda: 1.5)
        experiment.at(2)
        read = True
    except DefinitionError as error:
        if "\n" in str(error) or len(str(error)) > 2000:
            raise AssertionError(f"an error of more than a line: {error!r}") from error
        read = False
    seconds = time.process_time() - begun
    if seconds > MAX_SECONDS:
        raise AssertionError(f"it took {seconds:.2f} s")
    return read


def limit_memory() -> None:
    """Lets an allocation beyond the limit fail, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    limit_memory()
    originals, read, failed = built_in_texts(), 0, 0
    for number in range(arguments.first, arguments.first + arguments.count):
        try:
            read += run_case(make_case(number, originals))
        except Exception as error:  # whatever it is, it is what is looked for
            failed += 1
            print(f"case {number}: {type(error).__name__}: {error}", flush=True)
        if (number + 1) % 10_000 == 0:
            print(f"{number + 1}: {read} read, {failed} failed", file=sys.stderr, flush=True)
    print(f"{arguments.count} cases: {read} read, {arguments.count - read - failed} refused, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
