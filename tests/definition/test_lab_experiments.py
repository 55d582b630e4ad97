"""A checkout becomes a family tree; two of its experiments can be compared; the shipped facts stand in."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from lab_checkouts import checkout, released

from reproduction.definition.experiments import (
    Difference,
    LabEntry,
    Notebook,
    compare,
    read_checkout,
    shipped_notebook,
)
from reproduction.errors import DefinitionError


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return read_checkout(str(checkout(tmp_path / "source")))


def test_every_parameter_file_is_an_experiment_below_its_parent(notebook: Notebook) -> None:
    assert [(depth, name) for depth, name, _ in notebook.tree()] == [
        (0, "20"),
        (1, "20-2009"),
        (1, "21"),
        (2, "22"),
    ]
    assert [entry.parent_from for entry in notebook.entries.values()] == ["", "file name", "note", "note"]


def test_notes_copied_from_the_parent_are_not_counted_again(notebook: Notebook) -> None:
    entry = notebook.entry("20-2009")
    assert [change.when for run in entry.runs for change in run.changes] == ["3"]
    assert not entry.results


def test_an_experiment_without_a_definition_of_its_own_has_that_of_its_parent(notebook: Notebook) -> None:
    assert notebook.entry("20-2009").definition == "layers/layers-20.cfg"
    assert notebook.entry("22").definition == "layers/layers-22.cfg"


def test_a_comparison_goes_layer_by_layer_and_takes_numbers_as_numbers(notebook: Notebook) -> None:
    assert compare(notebook, notebook.entry("20"), notebook.entry("21")) == [
        Difference("definition", "conv1", "filterSize", "5", "7"),
        Difference("definition", "fc10", "", "fc", None),
        Difference("definition", "probs", "inputs", "fc10", "fc20"),
        Difference("definition", "fc20", "", None, "fc"),
    ]


def test_an_unknown_id_is_refused_with_near_ones(notebook: Notebook) -> None:
    with pytest.raises(DefinitionError, match="no experiment '20-2008'; did you mean '20-2009'"):
        notebook.entry("20-2008")


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="holds no layer-params"):
        read_checkout(str(tmp_path))
    with pytest.raises(DefinitionError, match="is no folder"):
        read_checkout(str(tmp_path / "none"))


def test_notes_that_go_round_in_a_circle_are_shown_all_the_same(tmp_path: Path) -> None:
    for name, other in (("1", "2"), ("2", "1")):
        (tmp_path / f"layer-params-{name}.cfg").write_text(f"# this is like #{other}\n", encoding="utf-8")
    notebook = read_checkout(str(tmp_path))
    assert [name for _, name, _ in notebook.tree()] == ["1", "2"]


def test_a_file_of_a_megabyte_of_equal_notes_takes_no_time(tmp_path: Path) -> None:
    for line in ("# this is like #1 but logs/one.log", "# epoch 3: set epsw to 0.1 from 0.2, 0.3 on conv1"):
        for name in ("1", "1-a"):
            text = f"{line}\n" * (900_000 // len(line))
            (tmp_path / f"layer-params-{name}.cfg").write_text(text, encoding="utf-8")
        begun = time.process_time()
        read_checkout(str(tmp_path))
        assert time.process_time() - begun < 4


def test_an_entry_survives_its_json(notebook: Notebook) -> None:
    for entry in notebook.entries.values():
        assert LabEntry.from_json(entry.to_json()) == entry


def test_the_shipped_facts_hang_together() -> None:
    notebook = shipped_notebook()
    assert len(notebook.entries) == 107
    assert {entry.id for _, _, entry in notebook.tree() if entry} == set(notebook.entries)
    assert [(r.top1, r.top5) for r in notebook.entry("145").results] == [(0.40664, 0.1821), (0.4025, 0.17994)]
    with pytest.raises(DefinitionError, match="name a checkout"):
        compare(notebook, notebook.entry("145"), notebook.entry("137"))


def test_the_released_notes_give_what_is_known_of_them() -> None:
    notebook = read_checkout(str(released("AlexNet-Source-Code")))
    facts = shipped_notebook()
    assert notebook.entries.keys() == facts.entries.keys()
    assert [(r.top1, r.top5) for r in notebook.entry("145").results] == [(0.40664, 0.1821), (0.4025, 0.17994)]
    assert [(r.top1, r.top5) for r in notebook.entry("150").results] == [(0.41828, 0.1933)]
    assert notebook.entry("137").parent == "135"
    # The two tables were made independently, from the same notes; the exceptions are named in what follows.
    pairs = [(entry, facts.entry(name)) for name, entry in notebook.entries.items()]
    assert {entry.id for entry, fact in pairs if entry.parent != fact.parent} == {"inet-5layer-conv94-2gpu"}
    figures = [([(r.loss, r.top1, r.top5) for r in side.results] for side in pair) for pair in pairs]
    assert sum(ours != theirs for ours, theirs in figures) == 1  # a pair of figures that the facts leave out
    settings = [
        ([(c.what, c.old, c.new, c.layers) for run in side.runs for c in run.changes] for side in pair)
        for pair in pairs
    ]
    assert sum(ours == theirs for ours, theirs in settings) >= 100


def test_every_released_experiment_with_a_definition_can_be_compared() -> None:
    notebook = read_checkout(str(released("AlexNet-Source-Code")))
    compared = 0
    for entry in notebook.entries.values():
        other = notebook.parent_of(entry)
        if entry.id.endswith(".save") or other is None or other not in notebook.entries:
            continue
        if entry.definition and notebook.entry(other).definition:
            compare(notebook, entry, notebook.entry(other))
            compared += 1
    assert compared >= 60
