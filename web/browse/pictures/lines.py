"""Lines: values over the same months for several names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from foreign_eyes.web.browse.pictures.axis import FONT, LEFT, ValueAxis, center, grid, labels, value_axis
from foreign_eyes.web.browse.pictures.markup import element, number, percent, shortened, text
from foreign_eyes.web.browse.pictures.picture import Picture, figures_table, svg

# more lines cannot be distinguished
MOST_LINES = 6
# lines also differ by their dashes, for readers who cannot distinguish colours
_DASHES = ("none", "7 3", "2 3", "9 3 2 3", "4 4", "12 4")
_LEGEND_LINE, _PLOT = 18, 138

Values = Sequence[float | None]


def lines(title: str, times: Sequence[str], series: Mapping[str, Values], *, name: str = "Month") -> Picture:
    """Return a picture with a line for each of the first six series; None breaks a line."""
    shown = dict(list(series.items())[:MOST_LINES])
    axis = value_axis(value for values in shown.values() for value in values)
    top = _LEGEND_LINE * len(shown) + 12
    content = grid(axis, top, top + _PLOT)
    for number_, (label, values) in enumerate(shown.items()):
        content += _line(axis, number_, values[: len(times)], len(times), top) + _legend(number_, label)
    content += labels(times, top + _PLOT + 18)
    rows = [
        (time, [values[place] if place < len(values) else None for values in series.values()])
        for place, time in enumerate(times)
    ]
    return Picture(
        svg("lines", title, _summary(times, shown), top + _PLOT + 30, content),
        figures_table(title, [name, *series], rows),
    )


def _line(axis: ValueAxis, number_: int, values: Values, count: int, top: int) -> str:
    points = [
        None
        if value is None or not math.isfinite(value)
        else (percent(center(place, count)), f"{top + _PLOT - axis.fraction(value) * _PLOT:.1f}")
        for place, value in enumerate(values)
    ]
    segments = "".join(
        element("line", {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]})
        for start, end in itertools.pairwise(points)
        if start and end
    )
    # a value between two unknown ones has no segment
    dots = "".join(
        element("circle", {"cx": point[0], "cy": point[1], "r": 2})
        for place, point in enumerate(points)
        if point and not any(points[max(0, place - 1) : place] + points[place + 1 : place + 2])
    )
    return _of_series(number_, segments + dots)


def _legend(number_: int, label: str) -> str:
    y = _LEGEND_LINE * number_ + 10
    sample = element("line", {"x1": percent(LEFT - 0.1), "x2": percent(LEFT - 0.01), "y1": y, "y2": y})
    return _of_series(number_, sample) + element(
        "text", {"x": percent(LEFT), "y": y, "dy": f"{FONT / 3:g}"}, text(shortened(label, 34)) or " "
    )


def _of_series(number_: int, content: str) -> str:
    if not content:
        return ""
    return element(
        "g",
        {
            "class": f"series series-{number_ + 1}",
            "stroke": "currentColor",
            "stroke-width": 2,
            "stroke-dasharray": _DASHES[number_ % len(_DASHES)],
        },
        content,
    )


def _summary(times: Sequence[str], series: Mapping[str, Values]) -> str:
    if not times or not series:
        return "No figures."
    highest = []
    for label, values in series.items():
        known = [
            (value, time)
            for value, time in zip(values, times, strict=False)
            if value is not None and math.isfinite(value)
        ]
        if known:
            value, time = max(known)
            highest.append(f"{label}: {number(value)} ({time})")
    return f"{len(series)} lines from {times[0]} to {times[-1]}. Highest: {'; '.join(highest) or 'no figures'}."
