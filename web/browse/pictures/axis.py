"""The axes of a picture: a range of values with round ticks, and labels that have room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from foreign_eyes.web.browse.pictures.markup import columns, element, percent, short_number, shortened, text

# the plot, as fractions of the width; the labels of the value axis are to its left
LEFT, RIGHT = 0.15, 0.99
# pixels; text and lines keep their size, whatever the width
FONT = 12
LETTER = 7  # the width of most letters and digits of this size, at most
# the narrowest width that labels must fit into
NARROWEST = 300
LONGEST_LABEL = 10


class ValueAxis(NamedTuple):
    """The range of a picture's values, and the values that have a grid line."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def fraction(self, value: float) -> float:
        """Return the place of a value on the axis, from 0 for the lowest to 1 for the highest."""
        largest = max(abs(self.low), abs(self.high)) or 1.0
        low, high = self.low / largest, self.high / largest
        return min(max((value / largest - low) / ((high - low) or 1.0), 0.0), 1.0)


def value_axis(values: Iterable[float | None]) -> ValueAxis:
    """Return an axis from zero that covers these values, with about three round ticks."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    span = high - low
    if not 1e-9 <= span <= 1e300:  # no difference to show, or too large for round ticks
        return ValueAxis(low, high or 1.0, (0.0, high) if high > 0 else (0.0,))
    step = _round_step(span / 3, whole=all(value == int(value) for value in known))
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(round(number * step, 12) + 0.0 for number in range(first, last + 1))
    return ValueAxis(ticks[0], ticks[-1], ticks)


def _round_step(wanted: float, *, whole: bool) -> float:
    """Return the round number (1, 2 or 5 times a power of ten) that is not below `wanted`."""
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted * 0.999)
    return max(step, 1.0) if whole else step


def grid(axis: ValueAxis, top: float, bottom: float) -> str:
    """Return the grid lines of the value axis, with their labels."""
    parts = []
    for tick in axis.ticks:
        y = f"{bottom - axis.fraction(tick) * (bottom - top):.1f}"
        kind = "zero" if tick == 0 else "grid"
        parts.append(
            element("line", {"class": kind, "x1": percent(LEFT), "x2": percent(RIGHT), "y1": y, "y2": y})
            + element(
                "text",
                {"x": percent(LEFT - 0.01), "y": y, "dy": "0.32em", "text-anchor": "end"},
                text(short_number(tick)),
            )
        )
    return "".join(parts)


def labels(names: Sequence[object], y: float) -> str:
    """Return evenly spaced labels below the plot, as many as the narrowest picture can hold."""
    if not names:
        return ""
    short = [shortened(name, LONGEST_LABEL) for name in names]
    room = (max(columns(name) for name in short) + 2) * LETTER
    step = -(-len(short) // max(1, int((RIGHT - LEFT) * NARROWEST / room)))
    return "".join(
        element("text", {"x": percent(x), "y": f"{y:g}", "text-anchor": _anchor(x)}, text(short[place]))
        for place in range(0, len(short), step)
        if short[place]
        for x in [center(place, len(short))]
    )


def center(place: int, count: int) -> float:
    """Return the middle of the slot `place` of `count`, as a fraction of the width."""
    return LEFT + (place + 0.5) / count * (RIGHT - LEFT)


def _anchor(x: float) -> str:
    return "end" if x > 0.87 else "middle"
