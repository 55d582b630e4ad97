"""The drawing's geometry: to scale, inside its frame, links where the network has them; for any network."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_archives import small_network

from reproduction.definition.experiment import assemble, built_in_names, find_texts
from reproduction.definition.layout import MAPS_PER_SIDE, Drawing, Type, lay_out

LETTERS = Type(7.0, 16.0)
NETWORKS = {name: assemble(find_texts(name)).to_json() for name in built_in_names()}
NETWORKS["two-columns"] = small_network()


def drawn(name: str, width: float = 980, height: float = 440) -> Drawing:
    return lay_out(NETWORKS[name], width, height, LETTERS)


def layer_of(name: str, layer: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in NETWORKS[name]["layers"] if entry["name"] == layer)
    return found


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(980, 440), (760, 900), (2400, 700)])
def test_everything_stands_inside_the_frame(name: str, size: tuple[int, int]) -> None:
    for solid in drawn(name, *size).solids:
        left, top, width, height = solid.bounds
        assert left >= 0 and top >= -1 and left + width <= size[0] and top + height <= size[1], solid


@pytest.mark.parametrize("name", NETWORKS)
def test_boxes_are_to_one_scale(name: str) -> None:
    drawing = drawn(name, 4000, 4000)
    for solid in drawing.solids:
        maps, *sides = layer_of(name, solid.layer)["output_shape"]
        if solid.kind == "box" and sides[0] * drawing.scale > 4:
            assert solid.height == pytest.approx(sides[0] * drawing.scale)
            assert solid.width == pytest.approx(max(2, maps * drawing.scale / MAPS_PER_SIDE))
        if solid.kind == "bar" and maps * drawing.bar_scale > 4:
            assert solid.height == pytest.approx(maps * drawing.bar_scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_reader_stands_to_the_right_of_what_it_reads(name: str) -> None:
    for link in drawn(name).links:
        assert link.start[0] <= link.end[0], link


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_but_costs_labels_and_flat_followers_is_drawn(name: str) -> None:
    shown = {solid.layer for solid in drawn(name).solids}
    for layer in NETWORKS[name]["layers"]:
        if layer["type"] in ("conv", "local", "fc", "pool", "cmrnorm", "rnorm"):
            assert layer["name"] in shown


def test_the_columns_of_2012_meet_at_the_third_layer_and_the_fully_connected_ones() -> None:
    crossing = {link.reader for link in drawn("alexnet-2012").links if link.crosses}
    convolutions = {reader for reader in crossing if reader.startswith("conv")}
    assert convolutions == {"conv3a", "conv3b"}
    assert len(crossing) == 2 + 4 + 1


def test_each_column_has_a_lane_and_keeps_to_it() -> None:
    drawing = drawn("alexnet-2012")
    middle = {column: [s.y + s.height / 2 for s in drawing.solids if s.column == column] for column in (0, 1)}
    assert max(middle[0]) < min(middle[1])
    assert [lane[0] for lane in drawing.lanes] == [0, 1]


def test_a_network_of_one_column_has_no_lanes_and_nothing_crosses() -> None:
    drawing = drawn("cuda-convnet-80sec")
    assert drawing.lanes == () and not any(link.crosses for link in drawing.links)


def test_captions_give_way_where_there_is_no_room() -> None:
    assert all(len(caption.lines) == 2 for caption in drawn("alexnet-2012", 1600, 700).captions)
    assert all(len(caption.lines) < 2 for caption in drawn("alexnet-2012", 600, 500).captions)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 512), st.integers(1, 256)), min_size=1, max_size=12),
    st.integers(480, 3000),
    st.integers(150, 2000),
)
def test_any_chain_of_layers_is_drawn_without_overlaps(
    sizes: list[tuple[int, int]], width: int, height: int
) -> None:
    layers: list[dict[str, Any]] = [
        {"name": "data", "type": "data", "inputs": [], "column": None, "output_shape": [3, 64, 64]}
    ]
    for number, (maps, side) in enumerate(sizes):
        shape = [maps, side, side] if side > 1 else [maps]
        kind = "conv" if side > 1 else "fc"
        source = layers[-1]["name"]
        layers.append(
            {"name": f"l{number}", "type": kind, "inputs": [source], "column": 0, "output_shape": shape}
        )
    drawing = lay_out({"columns": 1, "layers": layers}, width, height, LETTERS)
    assert len(drawing.solids) == len(layers) and len(drawing.links) == len(layers) - 1
    lefts = [solid.x for solid in drawing.solids]
    assert lefts == sorted(lefts)


def test_a_norm_that_reads_past_a_pool_has_a_place_of_its_own() -> None:
    layers = [
        {"name": "data", "type": "data", "inputs": [], "column": None, "output_shape": [3, 32, 32]},
        {"name": "conv", "type": "conv", "inputs": ["data"], "column": 0, "output_shape": [8, 28, 28]},
        {"name": "pool", "type": "pool", "inputs": ["conv"], "column": 0, "output_shape": [8, 14, 14]},
        {"name": "norm", "type": "cmrnorm", "inputs": ["conv"], "column": 0, "output_shape": [8, 28, 28]},
    ]
    drawing = lay_out({"columns": 1, "layers": layers}, 980, 440, LETTERS)
    kinds = {solid.layer: solid.kind for solid in drawing.solids}
    assert kinds == {"data": "picture", "conv": "box", "pool": "slab", "norm": "box"}
    assert ("conv", "norm") in {(link.source, link.reader) for link in drawing.links}


def test_a_copy_on_another_gpu_is_shown_by_a_link_that_crosses() -> None:
    layers = [
        {"name": "data", "type": "data", "inputs": [], "column": None, "output_shape": [3, 32, 32]},
        {"name": "conv", "type": "conv", "inputs": ["data"], "column": 0, "output_shape": [8, 28, 28]},
        {"name": "copy", "type": "href", "inputs": ["conv"], "column": 1, "output_shape": [8, 28, 28]},
        {"name": "next", "type": "conv", "inputs": ["copy"], "column": 1, "output_shape": [8, 14, 14]},
    ]
    drawing = lay_out({"columns": 2, "layers": layers}, 980, 440, LETTERS)
    assert [solid.layer for solid in drawing.solids] == ["data", "conv", "next"]
    assert [(link.source, link.reader) for link in drawing.links if link.crosses] == [("conv", "next")]
