"""A short run of the fuzzer of pickles; the long one is `fuzz_pickles.py` itself."""

from __future__ import annotations

from pathlib import Path

from fuzz_pickles import fuzz


def test_no_pickle_crashes_hangs_runs_or_takes_the_memory(tmp_path: Path) -> None:
    outcome = fuzz(300, 12, tmp_path)
    assert sum(outcome.values()) == 900
    assert outcome["read"] and outcome["refused"]
