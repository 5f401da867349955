"""Pictures: golden files, and rules that hold for any numbers and any text.

After an intended change of a picture:

    FOREIGN_EYES_REGENERATE=1 pytest tests/test_web_browse_pictures.py
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from foreign_eyes.web.browse.pictures import Picture, bars, heat, lines
from foreign_eyes.web.browse.pictures.axis import LETTER, NARROWEST, value_axis
from foreign_eyes.web.browse.pictures.markup import columns, number, short_number, shortened

GOLDEN = Path(__file__).parent / "data" / "pictures"
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
SVG = "{http://www.w3.org/2000/svg}"

EXAMPLES = {
    "bars": bars("Entries by month", [(month, place * 7 % 11) for place, month in enumerate(MONTHS)]),
    "lines": lines(
        "Share of each publication",
        MONTHS,
        {
            "新华社 & <Reuters>": [None if place == 5 else place % 7 / 10 for place in range(24)],
            "BBC": [0.5 - place / 50 for place in range(20)],
        },
    ),
    "heat": heat("Entries", ["AI", "5G"], ["BBC", "CNN"], {("AI", "BBC"): 12, ("5G", "CNN"): 1, ("AI", "CNN"): 0}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_picture_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.html"
    written = "\n".join(part.replace("><", ">\n<") for part in EXAMPLES[name] if part) + "\n"
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        path.write_text(written, encoding="utf-8")
    assert written == path.read_text(encoding="utf-8")


# --- any numbers, any text

TEXTS = st.text(max_size=20)
NUMBERS = st.none() | st.floats() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 50)
FIGURES = st.lists(st.tuples(TEXTS, NUMBERS), max_size=12)


def tree_of(markup: str) -> Any:
    """Parse markup as XML; it raises if the markup is not well-formed."""
    return etree.fromstring(markup.encode())


def check_svg(picture: Picture) -> None:
    """Check that the picture is announced, has no script, and draws nothing outside its box, however narrow."""
    svg = tree_of(picture.svg)
    assert svg.get("role") == "img"
    named = {child.get("id") for child in svg if child.tag in (f"{SVG}title", f"{SVG}desc")}
    assert named == set(svg.get("aria-labelledby").split())
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {
        *("svg", "title", "desc", "g", "line"),
        *("rect", "circle", "text"),
    }
    height = float(svg.get("height"))
    for element in svg.iter():
        assert not [name for name in element.attrib if name.startswith("on") or name.endswith("href")]
        ends = [of(element, name) for name in ("x", "x1", "x2", "cx") if element.get(name)]
        if element.get("width") and element is not svg:
            ends.append(of(element, "x") + of(element, "width"))
        if element.tag == f"{SVG}text":
            width = columns(element.text or "") * LETTER / NARROWEST
            shift = {"end": -width, "middle": -width / 2, None: 0.0}[element.get("text-anchor")]
            ends += [ends[0] + shift, ends[0] + shift + width]
        assert all(-0.001 <= end <= 1.001 for end in ends), etree.tostring(element)
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.get(name, 0)) <= height
        if element.tag == f"{SVG}rect":
            assert 0 <= float(element.get("y")) + float(element.get("height")) <= height


def of(element: Any, name: str) -> float:
    """Return a horizontal length as a fraction of the width."""
    assert element.get(name).endswith("%")
    return float(element.get(name)[:-1]) / 100


@given(TEXTS, FIGURES, TEXTS)
def test_bars_of_any_figures_are_well_formed_and_inside_their_box(title: str, figures: Any, unit: str) -> None:
    picture = bars(title, figures, unit=unit)
    check_svg(picture)
    assert len(tree_of(picture.table).findall("tbody/tr")) == len(figures)


@given(TEXTS, st.lists(TEXTS, max_size=10), st.dictionaries(TEXTS, st.lists(NUMBERS, max_size=10), max_size=8))
def test_lines_of_any_figures_are_well_formed_and_inside_their_box(title: str, times: Any, series: Any) -> None:
    picture = lines(title, times, series)
    check_svg(picture)
    table = tree_of(picture.table)
    assert len(table.findall("thead/tr/th")) == len(series) + 1
    assert len(table.findall("tbody/tr/td")) == len(times) * len(series)


@given(TEXTS, st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5), st.data())
def test_a_heat_table_of_any_figures_is_well_formed_and_shades_each_value(
    title: str, rows: Any, names: Any, data: st.DataObject
) -> None:
    keys = [(row, column) for row in rows for column in names]
    values = dict(zip(keys, data.draw(st.lists(NUMBERS, min_size=len(keys), max_size=len(keys))), strict=True))
    table = tree_of(heat(title, rows, names, values).table)
    cells = [cell.get("class") for cell in table.findall("tbody/tr/td")]
    expected = [None if (value := values[key]) is None or not math.isfinite(value) else value for key in keys]
    assert [cell is None for cell in cells] == [value is None for value in expected]
    assert set(cells) <= {None, *(f"shade-{shade}" for shade in range(7))}


@given(st.lists(NUMBERS, min_size=1))
def test_an_axis_covers_its_values_and_has_few_ticks(values: Any) -> None:
    axis = value_axis(values)
    assert len(axis.ticks) <= 6
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert all(0 <= axis.fraction(value) <= 1 for value in values if value is not None and math.isfinite(value))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([3, 12], (0, 5, 10, 15)),
        ([1], (0, 1)),
        ([0, 0], (0,)),
        ([], (0,)),
        ([0.24], (0, 0.1, 0.2, 0.3)),
        ([-4, 7], (-5, 0, 5, 10)),
        ([320_000], (0, 200_000, 400_000)),
    ],
)
def test_ticks_are_round_and_whole_for_counts(values: list[float], ticks: tuple[float, ...]) -> None:
    assert value_axis(values).ticks == ticks


def test_the_height_of_a_bar_is_its_share_of_the_axis() -> None:
    svg = tree_of(bars("t", [("a", 5), ("b", 10), ("c", None)]).svg)
    heights = [float(bar.get("height")) for bar in svg.iter(f"{SVG}rect")]
    assert heights[1] == 2 * heights[0] > 0
    assert len(heights) == 2


def test_labels_are_left_out_before_they_overlap() -> None:
    svg = tree_of(bars("t", [(month, 1) for month in MONTHS]).svg)
    shown = [label.text for label in svg.iter(f"{SVG}text") if label.text in MONTHS]
    assert shown == MONTHS[::6]


@pytest.mark.parametrize("count", range(1, 16))
def test_labels_stay_inside_whatever_their_number(count: int) -> None:
    check_svg(bars("t", [(f"Label {place:04}", 1) for place in range(count)]))


def test_a_picture_says_in_words_what_it_shows() -> None:
    assert "Entries, 24 bars from 2024-01 to 2025-12. Highest: 10 (2024-04). Last: 7 (2025-12)." in EXAMPLES["bars"].svg


def test_hostile_text_stays_text() -> None:
    picture = bars("<script>alert(1)</script>", [('"onload="x', 1), ("\x00\ud800\u202e", 2)])
    for markup in picture:
        assert "<script" not in markup
        assert '"onload' not in markup
        tree_of(markup)


def test_any_value_but_zero_is_shaded() -> None:
    table = tree_of(heat("t", ["a"], ["b", "c", "d"], {("a", "b"): 1e-30, ("a", "c"): 1e30, ("a", "d"): 0}).table)
    assert [cell.get("class") for cell in table.findall("tbody/tr/td")] == ["shade-1", "shade-6", "shade-0"]


@pytest.mark.parametrize(
    ("value", "short", "long"),
    [
        (0, "0", "0"),
        (1500, "1.5k", "1,500"),
        (2e6, "2M", "2,000,000"),
        (0.25, "0.25", "0.25"),
        (1e300, "1e300", "1e+300"),
        (2e-9, "2e-9", "2e-09"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: float, short: str, long: str) -> None:
    assert (short_number(value), number(value)) == (short, long)


def test_wide_characters_take_two_columns() -> None:
    assert shortened("新华社电讯报", 7) == "新华社…"
    assert shortened("Reuters", 7) == "Reuters"
