"""Notes in the author's habits become runs with schedules and results; anything else does no harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_checkouts import FIRST, SECOND, THIRD

from reproduction.definition.lab_notes import Change, Notes, Result, note_lines, read_notes


def notes_of(text: str, name: str = "7") -> Notes:
    return read_notes(note_lines(text), name)


def changes_of(line: str) -> list[Change]:
    return [change for run in notes_of(f"# {line}").runs for change in run.changes]


def test_a_run_has_its_machine_its_schedule_and_its_results() -> None:
    (run,) = notes_of(FIRST).runs
    assert run.machines == ("tigris",)
    assert run.checkpoints == ("ConvNet__2012-03-01_10.00.00",)
    assert run.changes == (
        Change("10", "epsW", 0.01, 0.001),
        Change("20", "epsW", 0.001, 0.0001, "conv1,conv2"),
        Change("20", "color noise", 0.1, 0.0),
    )
    assert run.results == (
        Result(1.5, 0.3, 0.1, "validation", False, 10),
        Result(1.4, 0.29, 0.09, "validation", True, 12),
    )
    assert run.fate == "epoch 30: killed"


def test_a_restart_is_a_run_of_its_own() -> None:
    first, second = notes_of(SECOND).runs
    assert (first.machines, first.fate, first.dataset) == (
        ("indus",),
        "epoch 50: killed, too slow",
        "ILSVRC-2010",
    )
    assert (second.title, second.machines) == ("restart", ("tigris",))
    assert second.results == (Result(1.25, 0.28125, 0.078125, "", None, 12),)


def test_the_parent_and_what_was_changed_are_read() -> None:
    notes = notes_of(SECOND)
    assert notes.parents == ("20",)
    assert notes.change == "with larger filters, trained on lsvrc-2010"


def test_notes_that_are_repeated_below_belong_to_the_other_experiment() -> None:
    notes = notes_of(THIRD)
    assert notes.parents == ("21",)
    assert notes.weights_from == ("ConvNet__2012-03-01_10.00.00",)
    assert notes.quoted == ("21",)
    assert [change for run in notes.runs for change in run.changes] == [
        Change("start", "epsW", None, 0.001, "conv1"),
        Change("start", "epsW", None, 0.01, "elsewhere"),
    ]


@pytest.mark.parametrize(
    ("line", "parents"),
    [
        ("this is like 12 but wider", ("12",)),
        ("this is a hybrid of 31 and 32: it is faster", ("31", "32")),
        ("this is like #53 (so uses same file) but slower\n# its also like #59, but later", ("59", "53")),
        ("4 gpus, based on 20", ("20",)),
        ("this trains 35 on 2012", ("35",)),
        ("nothing is known", ()),
    ],
)
def test_parents_are_named_in_several_ways(line: str, parents: tuple[str, ...]) -> None:
    assert notes_of(f"# {line}").parents == parents


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("epoch 3: set epsw conv1 to 0 from 0.01", Change("3", "epsW", 0.01, 0.0, "conv1")),
        ("epoch  7.25: set epstw ot 0.001 from 0.01", Change("7.25", "epsW", 0.01, 0.001)),
        ("epcoh 4: set mini to 256 from 128", Change("4", "minibatch", 128.0, 256.0)),
        ("epoch 5: enabled dropout on hs3a,hs3b", Change("5", "dropout", False, True, "hs3a,hs3b")),
        ("300 batches: set epsw to 0.01 on fc10", Change("300 batches", "epsW", None, 0.01, "fc10")),
        ("epoch 6: set schedw to default from dexp[9,0,4]", Change("6", "schedW", "dexp[9,0,4]", "default")),
        (
            "epoch 6: set pool2a,pool2b domax=true from false",
            Change("6", "doMax", False, True, "pool2a,pool2b"),
        ),
    ],
)
def test_settings_are_noted_in_several_ways(line: str, change: Change) -> None:
    assert changes_of(line) == [change]


def test_one_line_can_set_several_things() -> None:
    assert changes_of("epoch 9: set wc to 0.1 from 0.2, set epsw to 0 on conv1, 0.5 elsewhere") == [
        Change("9", "wc", 0.2, 0.1),
        Change("9", "epsW", None, 0.0, "conv1"),
        Change("9", "epsW", None, 0.5, "elsewhere"),
    ]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=60),
            st.sampled_from(
                ["epoch 3: ", "set epsw to ", "0.1", " from ", "conv1,", "like #1", " notes:", "\n# "]
            ),
        ),
        max_size=30,
    )
)
@settings(deadline=None, max_examples=200)
def test_any_text_is_read(parts: list[str]) -> None:
    notes_of("# " + "".join(parts))


def test_long_lines_take_no_time() -> None:
    begun = time.process_time()
    for word in ("conv1,", "like #1 and ", "epsw ", "1.0000, ", "initialized from ", "on ", "test "):
        notes_of("# epoch 1: " + word * 10_000 + "\n# " + word * 10_000)
    assert time.process_time() - begun < 1
