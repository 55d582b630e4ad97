"""The worker process measures filters as the measures do, in parts, and answers from disk the second time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from service_client import Client

from reproduction import result_cache
from reproduction.analysis.across_runs import AcrossRuns
from reproduction.analysis.findings import Halves, Specialisation, Verdict
from reproduction.analysis.gabor import GaborFits, fit_gabors
from reproduction.analysis.measures import MEASURES, measure
from reproduction.analysis.travelling import unpack

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))
from drawn_filters import halves_as_weights, random_kernels, two_column_network  # noqa: E402

SHIPPED = str(Path(__file__).parents[2] / "assets" / "archives" / "cuda-convnet-80sec.h5")
KERNELS = random_kernels(3, filters=20, side=7)
DRAWN = {"network": two_column_network(10, 7)}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the result cache."""
    made: Path = tmp_path_factory.mktemp("kept")
    return made


@pytest.fixture(scope="module")
def client(kept: Path) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(result_cache.FOLDER_VARIABLE, str(kept))
        service = Client()
    yield service
    service.end()


def test_measures_run_through_all_first_layers(client: Client) -> None:
    answer, arrays = client.ask({"do": "measures", **DRAWN}, halves_as_weights(KERNELS))
    assert answer["ok"], answer
    for name in (one.name for one in MEASURES if one.name != "dead"):
        np.testing.assert_allclose(arrays[name], measure(KERNELS, 4)[name], rtol=1e-9, err_msg=name)
    assert arrays["partner"].shape == arrays["family"].shape == (20,)
    assert (arrays["partner"] != np.arange(20)).all()


def test_the_past_is_measured_too(client: Client) -> None:
    now = client.ask({"do": "measures", "archive": SHIPPED})[1]
    first = client.ask({"do": "measures", "archive": SHIPPED, "snapshot": 0})[1]
    last = client.ask({"do": "measures", "archive": SHIPPED, "snapshot": -1})[1]
    assert np.median(first["norm"]) < 0.1 * np.median(now["norm"])
    np.testing.assert_array_equal(last["norm"], now["norm"])


def test_fits_of_ranges_are_the_fits_of_the_whole(client: Client) -> None:
    whole = fit_gabors(KERNELS).arrays()
    for start, stop in ((0, 5), (5, 13), (9, 11), (13, 20)):
        question = {"do": "gabor", **DRAWN, "start": start, "stop": stop}
        answer, arrays = client.ask(question, halves_as_weights(KERNELS))
        assert (answer["start"], answer["stop"]) == (start, stop)
        fits = GaborFits(**{name: arrays[name] for name in whole})
        np.testing.assert_allclose(fits.r2, whole["r2"][start:stop], atol=1e-6)
        assert arrays["gabor_like"].shape == arrays["family"].shape == (stop - start,)


def test_the_battery_travels_whole(client: Client) -> None:
    question = {"do": "specialisation", "archive": SHIPPED, "gabor": True}
    answer, arrays = client.ask(question)
    assert answer["ok"], answer
    found = unpack(Specialisation, answer["value"], arrays)
    assert found.halves is Halves.ARBITRARY
    assert found.judgement.verdict is Verdict.DO_NOT_DIFFER
    assert found.row("gabor_r2") is not None and found.past is not None and len(found.factors) == 2
    assert len(found.past.epochs) == len(found.past.curves["colour"].separations)
    without = client.ask({**question, "past": False})[0]
    assert without["value"]["past"] is None


def test_runs_are_compared(client: Client) -> None:
    answer, arrays = client.ask({"do": "runs", "archives": [SHIPPED, SHIPPED]})
    found = unpack(AcrossRuns, answer["value"], arrays)
    assert found.halves == (Halves.ARBITRARY,) * 2
    assert all(len(row.comparison.controls) == 2 and np.isnan(row.q) for row in found.rows)


def test_the_second_answer_comes_from_disk_and_is_the_same(client: Client, kept: Path) -> None:
    question = {"do": "specialisation", "archive": SHIPPED, "past": False}
    first = client.ask(question)
    before = sorted(path.name for path in kept.iterdir())
    second = client.ask(question)
    assert sorted(path.name for path in kept.iterdir()) == before
    assert repr(second[0]["value"]) == repr(first[0]["value"])


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"do": "measures"}, "name an archive"),
        ({"do": "measures", "archive": SHIPPED, "snapshot": 99}, "99 was asked for"),
        ({"do": "gabor", "archive": SHIPPED, "start": 30, "stop": 40}, "filters 0 to 31"),
        ({"do": "gabor", "archive": SHIPPED, "start": 4, "stop": 4}, "filters 0 to 31"),
        ({"do": "runs", "archives": []}, "name the archives"),
        ({"do": "specialisation", "archive": "/nowhere/run.h5"}, "/nowhere/run.h5"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(client: Client, question, words: str) -> None:
    answer, _ = client.ask(question)
    assert not answer["ok"] and words in answer["error"]


def test_weights_that_do_not_fit_the_network_are_refused(client: Client) -> None:
    weights = halves_as_weights(KERNELS[:16])
    for name in ("measures", "gabor", "specialisation"):
        answer, _ = client.ask({"do": name, **DRAWN}, weights)
        assert not answer["ok"] and "(8, 3, 7, 7)" in answer["error"]
