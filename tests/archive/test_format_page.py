"""FORMAT.md says what is written: every element, every column, the version."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_archives import small_activations, small_run

from archive import Archive, write_archive
from archive.activations import ANSWER_DTYPE, PATCH_DTYPE, UNIT_DTYPE
from archive.contents import TABLES
from archive.elements import VERSION

PAGE = (Path(__file__).parents[2] / "archive" / "FORMAT.md").read_text(encoding="utf-8")


def as_on_the_page(name: str) -> str:
    """weights/conv1/biases -> weights/LAYER/ARRAY"""
    parts = name.split("/")
    if parts[0] == "texts":
        return "texts/NAME"
    if parts[0] == "activations" and len(parts) > 2:
        return f"activations/{parts[1]}/LAYER"
    if len(parts) > 2:
        parts[-2:] = ["LAYER", "ARRAY"]
    return "/".join(parts)


def test_every_element_that_is_written_is_on_the_page(tmp_path: Path) -> None:
    run = small_run()
    run.activations = small_activations()
    write_archive(tmp_path / "run.h5", run)
    with Archive(tmp_path / "run.h5") as archive:
        names = {as_on_the_page(name) for name in archive.element_names}
    rows = {
        line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and "attribute" not in line
    }
    assert names <= rows


ALL_TABLES = TABLES | {"answers": ANSWER_DTYPE, "units": UNIT_DTYPE, "patches": PATCH_DTYPE}


@pytest.mark.parametrize("kind", list(ALL_TABLES))
def test_every_column_is_on_the_page_with_its_type_and_in_its_order(kind: str) -> None:
    dtype = ALL_TABLES[kind]
    words = [f"`{name}` {dtype[name].str.lstrip('<|')}" for name in dtype.names or ()]
    paragraph = " ".join(PAGE.partition(f"`{kind}`: ")[2].partition("\n\n")[0].split())
    places = [paragraph.index(word) for word in words]
    assert places == sorted(places)


def test_the_page_is_of_the_version_that_is_written() -> None:
    version = "{}.{}".format(*VERSION)
    assert PAGE.startswith(f"# The archive of a run, version {version}\n")
    assert f"| {version} |" in PAGE
