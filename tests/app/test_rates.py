"""Learning rates changed by hand: the settings have the effect that they promise, or there are none."""

from __future__ import annotations

import pytest

from app.rates import multiplied, rates_at
from reproduction.definition import assemble, find_texts


@pytest.mark.parametrize("net", ["lenet-5", "cuda-convnet-80sec", "alexnet-200"])
@pytest.mark.parametrize("factor", [0.1, 2.0])
def test_every_rate_is_multiplied(net: str, factor: float) -> None:
    texts = find_texts(net)
    settings = multiplied(texts.to_mapping(), 0.5, factor)
    before = rates_at(assemble(texts), 0.5)
    after = rates_at(assemble(texts.with_overrides(settings)), 0.5)
    assert settings and after == pytest.approx({name: factor * rate for name, rate in before.items()})


def test_where_all_layers_have_one_rate_the_notebook_stays_short() -> None:
    texts = find_texts("cuda-convnet-80sec").to_mapping()
    assert multiplied(texts, 0.5, 0.1) == ["*.epsW=0.0001", "*.epsB=0.0002"]


def test_rates_that_a_step_of_the_schedule_has_set_are_not_changed_in_vain() -> None:
    assert multiplied(find_texts("cuda-convnet-80sec").to_mapping(), 9.0, 0.1) == []


def test_texts_that_are_no_experiment_have_no_rates_to_change() -> None:
    texts = {**find_texts("lenet-5").to_mapping(), "definition": "no definition"}
    assert multiplied(texts, 0.0, 0.1) == []
