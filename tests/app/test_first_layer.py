"""The first layer in blocks, orders and numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sample_runs import ONE_CHANNEL, ONE_COLUMN, TWO_COLUMNS, Layers, network_json

from app.first_layer import FilterBlock, blocks_of, facts_of, table_of


def blocks(layers: Layers) -> list[FilterBlock]:
    draw = np.random.default_rng(2)
    weights = {name: draw.standard_normal(shape).astype(np.float32) for name, (_, shape) in layers.items()}
    return blocks_of(network_json(layers), weights)


def test_two_columns_are_two_blocks_that_count_on() -> None:
    first, second = blocks(TWO_COLUMNS)
    assert (first.column, first.start, first.stop) == (0, 0, 48)
    assert (second.column, second.start, second.stop) == (1, 48, 96)


def test_a_single_column_is_not_named() -> None:
    assert blocks(ONE_COLUMN)[0].column is None


def test_facts_name_layer_and_place_in_it() -> None:
    shown = blocks(TWO_COLUMNS)
    fact = facts_of(shown, 50)
    kernel = shown[1].kernels[2]
    assert (fact.layer, fact.index, fact.column) == ("conv1b", 2, 1)
    assert (fact.low, fact.high) == (kernel.min(), kernel.max())
    assert fact.norm == pytest.approx(np.sqrt((kernel**2).sum()), rel=1e-6)


def test_without_three_channels_nothing_is_said_about_colour() -> None:
    fact = facts_of(blocks(ONE_CHANNEL), 0)
    assert fact.colourfulness is None and fact.colours is None
    assert blocks(ONE_CHANNEL)[0].order("colour") == list(range(6))


def test_orders_begin_with_the_strongest_and_the_most_colourful() -> None:
    block = blocks(ONE_COLUMN)[0]
    facts = [facts_of([block], number) for number in range(32)]
    assert [facts[place].norm for place in block.order("norm")] == sorted(
        (f.norm for f in facts), reverse=True
    )
    colours = [facts[place].colourfulness or 0 for place in block.order("colour")]
    assert colours == sorted(colours, reverse=True)
    assert block.order("number") == list(range(32))


def test_a_dead_filter_comes_last_by_colour() -> None:
    block = blocks(ONE_COLUMN)[0]
    block.kernels[4] = 0
    assert block.order("colour")[-1] == 4


def test_the_table_has_a_row_a_filter_and_a_cell_a_weight() -> None:
    shown = blocks(ONE_COLUMN)
    heading, *rows = table_of(shown)
    assert len(rows) == 32 and {len(row) for row in rows} == {len(heading)} == {9 + 75}
    assert float(rows[3][-1]) == pytest.approx(float(shown[0].kernels[3, 2, 4, 4]), rel=1e-6)
