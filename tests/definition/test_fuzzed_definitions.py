"""A short run of the fuzzer of definitions (the long one: fuzz_definitions.py --count 100000)."""

from __future__ import annotations

from fuzz_definitions import built_in_texts, make_case, run_case


def test_fuzzed_definitions_are_read_or_refused_in_one_line() -> None:
    originals = built_in_texts()
    read = sum(run_case(make_case(number, originals)) for number in range(400))
    assert 20 < read < 380  # the cases are neither all nonsense nor all fine
