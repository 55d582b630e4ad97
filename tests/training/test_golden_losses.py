"""A change of kernels leaves trainings as they were, with compiled kernels and in plain torch alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import golden_losses
import pytest

from reproduction.kernels import native

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "losses.json").read_text())
# Ten steps in float32 whose sums are made in another order; single kernels deviate by less than 1e-6.
BOUND = 2e-5


@pytest.fixture(params=["compiled", "plain"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    native.library.cache_clear()
    if request.param == "plain":
        monkeypatch.setenv(native.CHOICE_VARIABLE, "plain")
    elif native.compiler() is None:
        pytest.skip("this machine has no C++ compiler")
    yield request.param
    native.library.cache_clear()


@pytest.mark.parametrize("name", golden_losses.NAMES)
def test_the_losses_are_those_of_plain_torch_before_there_were_kernels(name: str, backend: str) -> None:
    assert golden_losses.losses(name) == pytest.approx(GOLDEN[name], rel=BOUND)


def test_the_golden_trainings_learn() -> None:
    assert GOLDEN[golden_losses.SMALL][-1] < 0.9 * GOLDEN[golden_losses.SMALL][0]
