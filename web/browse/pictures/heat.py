"""Heat tables: a table whose cells are shaded by their values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from foreign_eyes.web.browse.pictures.markup import element, number, text
from foreign_eyes.web.browse.pictures.picture import Picture

# the number of shades in `static/pictures.css`: 0 for a zero, 6 for the highest value
SHADES = 6


def heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Mapping[tuple[str, str], float | None],
    *,
    name: str = "",
) -> Picture:
    """Return a table with a shaded cell per value; a missing value is an empty cell.

    The keys of `values` are the names of a row and a column.
    """
    known = [abs(value) for value in values.values() if value is not None and math.isfinite(value)]
    highest = max(known, default=0.0)
    head = element("th", {"scope": "col"}, text(name) or " ")
    head += "".join(_header(column) for column in columns)
    body = "".join(
        "<tr>"
        + element("th", {"scope": "row"}, text(row) or " ")
        + "".join(_cell(values.get((row, column)), highest) for column in columns)
        + "</tr>"
        for row in rows
    )
    return Picture(
        "",
        f'<table class="figures heat"><caption>{text(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
    )


def _header(column: str) -> str:
    # short names, such as months, stay on one line
    attributes = {"scope": "col", **({"class": "short"} if len(column) < 8 else {})}
    return element("th", attributes, text(column) or " ")


def _cell(value: float | None, highest: float) -> str:
    if value is None or not math.isfinite(value):
        return "<td> </td>"
    return element("td", {"class": f"shade-{_shade(value, highest)}"}, number(value))


def _shade(value: float, highest: float) -> int:
    """Return the shade of a value; every value except zero has a visible one.

    The shade grows with the square root, so that one large value does not make all others look equal.
    """
    if value == 0 or highest == 0:
        return 0
    return max(1, math.ceil(math.sqrt(abs(value) / highest) * SHADES - 1e-9))
