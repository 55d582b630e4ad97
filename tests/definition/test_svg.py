"""The SVG of a network: well-formed, one group a layer, to scale, and with what crosses the columns."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_checkouts import released

from reproduction.definition.experiment import assemble, built_in_names, find_texts
from reproduction.definition.svg import as_svg
from reproduction.errors import UserError

SVG = "{http://www.w3.org/2000/svg}"


@cache
def network(name: str) -> dict[str, Any]:
    return assemble(find_texts(name)).to_json()


def parsed(described: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(described))


def groups(image: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Layer name -> its group; every layer has one only."""
    found = image.findall(f"{SVG}g[@data-layer]")
    named = {group.attrib["data-layer"]: group for group in found}
    assert len(named) == len(found)
    return named


def corners(group: ElementTree.Element) -> list[tuple[float, float]]:
    """The front face, which is painted last."""
    points = group.findall(f"{SVG}polygon")[-1].attrib["points"].split()
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points)]


def connections(image: ElementTree.Element, kind: str = "connection") -> list[tuple[str, str]]:
    paths = [path for path in image.iter(f"{SVG}path") if kind in path.get("class", "").split()]
    return [(path.attrib["data-from"], path.attrib["data-to"]) for path in paths]


def layer(name: str, kind: str, inputs: list[str], shape: list[int], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "inputs": inputs, "column": 0, "output_shape": shape, **more}


PICTURE = layer("data", "data", [], [3, 32, 32], column=None, data_index=0)


@pytest.mark.parametrize("name", built_in_names())
def test_every_drawn_layer_is_one_group_that_says_its_name_and_shape(name: str) -> None:
    image = parsed(network(name))
    found = groups(image)
    for described in network(name)["layers"]:
        if described["type"] in ("conv", "local", "fc", "pool", "cmrnorm", "rnorm"):
            words = found[described["name"]].findtext(f"{SVG}title", "")
            assert words.startswith(f"{described['name']}: {described['type']}, ")
            assert "×".join(map(str, described["output_shape"])) in words


@pytest.mark.parametrize("name", built_in_names())
def test_everything_stands_inside_the_view(name: str) -> None:
    image = parsed(network(name))
    left, top, width, height = map(float, image.attrib["viewBox"].split())
    for group in groups(image).values():
        for polygon in group.findall(f"{SVG}polygon"):
            for x, y in (map(float, point.split(",")) for point in polygon.attrib["points"].split()):
                assert left <= x <= left + width and top <= y <= top + height
        for text in group.findall(f"{SVG}text"):
            assert left <= float(text.attrib["x"]) <= left + width
            assert top <= float(text.attrib["y"]) <= top + height


def test_a_reader_of_screens_is_told_what_the_picture_shows() -> None:
    image = parsed(network("alexnet-2012"))
    assert image.attrib["role"] == "img"
    ids = {element.get("id"): element.text for element in image if element.get("id")}
    title, description = (ids[name] for name in image.attrib["aria-labelledby"].split())
    assert title == "alexnet-2012"
    assert description is not None and "60,965,224 weights" in description and "2 columns" in description


def test_sizes_are_in_proportion() -> None:
    found = groups(parsed(network("alexnet-2012")))
    heights, thick = {}, {}
    for name in ("conv1a", "conv2a", "conv3a"):
        (left, top), (right, _), (_, bottom), _ = corners(found[name])
        heights[name], thick[name] = bottom - top, right - left
    assert heights["conv1a"] / heights["conv2a"] == pytest.approx(55 / 27, rel=0.01)
    assert heights["conv2a"] / heights["conv3a"] == pytest.approx(27 / 13, rel=0.01)
    assert thick["conv3a"] / thick["conv1a"] == pytest.approx(192 / 48, rel=0.01)
    bars = {name: found[name].find(f"{SVG}rect") for name in ("fc2048a", "fc1000")}
    lengths = {name: float(bar.attrib["height"]) for name, bar in bars.items() if bar is not None}
    assert lengths["fc2048a"] / lengths["fc1000"] == pytest.approx(2.048, rel=0.01)


def test_columns_cross_at_the_third_layer_and_the_fully_connected_ones_of_2012() -> None:
    crossing = connections(parsed(network("alexnet-2012")), "crossing")
    assert ("pool2a", "conv3b") in crossing and ("pool2b", "conv3a") in crossing
    assert len(crossing) == 2 + 4 + 1


def test_nothing_crosses_in_one_column() -> None:
    image = parsed(network("alexnet-2012-half"))
    assert connections(image) and not connections(image, "crossing")


def test_columns_differ_in_colour_and_line() -> None:
    paths = {
        (path.attrib["data-from"], path.attrib["data-to"]): path
        for path in parsed(network("alexnet-2012")).iter(f"{SVG}path")
        if "data-from" in path.attrib
    }
    first, second = paths["conv3a", "conv4a"], paths["conv3b", "conv4b"]
    assert first.attrib["stroke"] != second.attrib["stroke"]
    assert "stroke-dasharray" not in first.attrib and "stroke-dasharray" in second.attrib


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "a&b", "nul\0\x1b[1m", "\ud800", "宽 “層”"])
def test_hostile_names_stay_text(name: str) -> None:
    described = {
        "name": name,
        "columns": 1,
        "layers": [PICTURE, layer(name, "conv", ["data"], [8, 28, 28]), layer("fc", "fc", [name], [10])],
    }
    image = parsed(described)
    as_text = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    assert as_text in groups(image) and image.findtext(f"{SVG}title") == as_text
    assert connections(image) == [("data", as_text), (as_text, "fc")]
    assert not list(image.iter(f"{SVG}script"))


def test_a_network_without_layers_is_an_empty_drawing() -> None:
    assert groups(parsed({"name": "nothing", "columns": 1, "layers": []})) == {}


def test_a_smaller_copy_of_the_picture_is_led_around_the_first_layer() -> None:
    described = {
        "name": "two-scales",
        "columns": 1,
        "layers": [
            PICTURE,
            layer("blur", "blur", ["data"], [3, 32, 32]),
            layer("nails", "nailbed", ["blur"], [3, 8, 8]),
            layer("conv1", "conv", ["data"], [16, 28, 28]),
            layer("conv2", "conv", ["conv1", "nails"], [16, 8, 8]),
        ],
    }
    image = parsed(described)
    assert set(groups(image)) == {"data", "blur", "nails", "conv1", "conv2"}
    (around,) = image.findall(f"{SVG}g[@id='connections-in-front']/{SVG}path")
    assert (around.attrib["data-from"], around.attrib["data-to"]) == ("nails", "conv2")
    box = [y for _, y in corners(groups(image)["conv1"])]
    passing = float(around.attrib["d"].split("C")[1].split()[2].split(",")[1])
    assert not min(box) <= passing <= max(box)


def test_layers_with_a_copy_on_every_gpu_stand_between_the_columns() -> None:
    parts = [layer(f"fc{column}", "fc", ["conv1"], [64], column=column) for column in range(4)]
    described = {
        "name": "four",
        "columns": 4,
        "layers": [
            PICTURE,
            layer("conv1", "conv", ["data"], [8, 28, 28], replicas=[0, 1, 2, 3]),
            *parts,
            layer("joined", "concat", [f"fc{column}" for column in range(4)], [256]),
        ],
    }
    image = parsed(described)
    assert len(connections(image, "crossing")) == 3
    bars = [groups(image)[f"fc{column}"].find(f"{SVG}rect") for column in range(4)]
    tops = [float(bar.attrib["y"]) for bar in bars if bar is not None]
    middle = [y for _, y in corners(groups(image)["conv1"])]
    assert tops == sorted(tops) and tops[0] < min(middle) and max(middle) < tops[3]
    assert "a copy on each of 4 GPUs" in groups(image)["conv1"].findtext(f"{SVG}title", "")


@pytest.mark.parametrize("name", ["AlexNet-Source-Code", "cuda-convnet", "cuda-convnet2"])
def test_every_released_definition_is_drawn(name: str) -> None:
    files = [path for path in sorted(released(name).rglob("layers*.cfg")) if "params" not in path.name]
    drawn = 0
    for path in files:
        try:
            described = assemble(find_texts(str(path)), require_parameters=False).to_json()
        except UserError:  # whether it is read is another test's question
            continue
        shown = groups(parsed(described))
        assert all(entry["name"] in shown for entry in described["layers"] if "weights" in entry), path
        drawn += 1
    assert drawn > len(files) // 2


def test_text_is_readable_where_lines_run_through_it() -> None:
    assert "plate" in as_svg(wide_four()), (
        "captions between the columns' many lines have a ground of their own"
    )


def wide_four() -> dict[str, Any]:
    columns = range(4)
    first = [layer(f"first{c}", "fc", ["data"], [64], column=c) for c in columns]
    second = [layer(f"second{c}", "fc", [f"first{d}" for d in columns], [64], column=c) for c in columns]
    return {"name": "four", "columns": 4, "layers": [PICTURE, *first, *second]}


def test_the_file_needs_no_qt(tmp_path: Path) -> None:
    code = "import sys; from reproduction.cli import main; main(sys.argv[1:])\n"
    code += "print(sorted({'PySide6', 'torch', 'h5py'} & {name.partition('.')[0] for name in sys.modules}))"
    words = ["net", "show", "lenet-5", "--svg", str(tmp_path / "lenet.svg")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
