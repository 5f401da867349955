"""Draws the rows of a query as its metadata describes.

kind: bars    label, value: columns; unit: header of the values; fill: months, to leave a gap for months without a row
kind: lines   label: column; values: the name of the line of each column
kind: heat    row, column, value: columns; rows, columns: how many at most; order: of the columns, names or totals;
              both_ways: whether each value is also shown with row and column swapped
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from foreign_eyes.web.browse.pictures.bars import bars
from foreign_eyes.web.browse.pictures.heat import heat
from foreign_eyes.web.browse.pictures.lines import lines
from foreign_eyes.web.browse.pictures.picture import Picture

# the longest range of months, so that a wrong date does not make a million bars
MOST_MONTHS = 1_200

Rows = Sequence[Mapping[str, Any]]


def picture_of(about: Mapping[str, Any], title: str, rows: Rows) -> Picture | None:
    """Return the picture of rows, or None if there are none."""
    if not rows:
        return None
    return {"bars": _bars, "lines": _lines, "heat": _heat}[about["kind"]](about, title, rows)


def _bars(about: Mapping[str, Any], title: str, rows: Rows) -> Picture:
    figures = {str(row[about["label"]]): _number(row[about["value"]]) for row in rows}
    labels = months_between(list(figures)) if about.get("fill") == "months" else list(figures)
    return bars(title, [(label, figures.get(label)) for label in labels], unit=about.get("unit", ""))


def _lines(about: Mapping[str, Any], title: str, rows: Rows) -> Picture:
    series = {str(name): [_number(row[column]) for row in rows] for column, name in about["values"].items()}
    return lines(title, [str(row[about["label"]]) for row in rows], series, name=about["label"].capitalize())


def _heat(about: Mapping[str, Any], title: str, rows: Rows) -> Picture:
    values: dict[tuple[str, str], float | None] = {}
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        name, column, value = str(row[about["row"]]), str(row[about["column"]]), _number(row[about["value"]])
        for key in [(name, column), (column, name)] if about.get("both_ways") else [(name, column)]:
            values[key] = value
            totals[key[1]] += value or 0
    # in the order of names, which are years or months, show the last ones
    by_total = sorted(totals, key=lambda column: (-totals[column], column))[: about["columns"]]
    shown = sorted(totals)[-about["columns"] :] if about["order"] == "names" else by_total
    names = list(dict.fromkeys(name for name, _ in values))[: about["rows"]]
    return heat(title, names, shown, values, name=about["row"].replace("_", " ").capitalize())


def months_between(months: Sequence[str]) -> list[str]:
    """Return all months from the first to the last of `months`, such as 2025-12, 2026-01."""
    numbers = [int(month[:4]) * 12 + int(month[5:7]) - 1 for month in months if _is_month(month)]
    if len(numbers) < len(months) or not numbers or max(numbers) - min(numbers) >= MOST_MONTHS:
        return list(months)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(min(numbers), max(numbers) + 1)]


def _is_month(text: str) -> bool:
    return (
        len(text) == 7 and text[4] == "-" and text[:4].isdecimal() and text[5:].isdecimal() and 1 <= int(text[5:]) <= 12
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) else None
