"""The numbers behind a figure: CSV, JSON, and as spreadsheets paste them."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from app.export.page import Card
from app.figure import Cell, Figure


def csv_of(figure: Figure, card: Card) -> str:
    """Headings and rows; before them title and card in lines that begin with `#`."""
    table, text = figure.table(), io.StringIO()
    for line in [figure.title, *[f"{what}: {value}" for what, value in card]]:
        text.write(f"# {' '.join(line.split())}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def json_of(figure: Figure, card: Card) -> str:
    """All of it as one object; what is no finite number is null."""
    table = figure.table()
    words: dict[str, Any] = {
        "title": figure.title,
        "description": figure.description,
        "provenance": dict(card),
        "columns": list(table.columns),
        "rows": [[_json_value(value) for value in row] for row in table.rows],
    }
    return json.dumps(words, ensure_ascii=False, allow_nan=False) + "\n"


def tabbed(figure: Figure) -> str:
    """Headings and rows with tabs between them, as spreadsheets take them from the clipboard."""
    table = figure.table()
    rows = [table.columns, *[[_cell(value) for value in row] for row in table.rows]]
    return "".join("\t".join(" ".join(str(value).split()) for value in row) + "\n" for row in rows)


def plain(value: Any) -> Cell:
    """A value of numpy as Python's own."""
    kept: Cell = value.item() if hasattr(value, "item") else value
    return kept


def _cell(value: Cell) -> str:
    """A number with all the digits that tell it from its neighbours; nothing for what is not known."""
    value = plain(value)
    if isinstance(value, float):
        return repr(float(value)) if not value.is_integer() or abs(value) >= 1e15 else f"{value:.0f}"
    return "" if value is None else str(value)


def _json_value(value: Cell) -> Cell:
    value = plain(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
