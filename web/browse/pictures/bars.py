"""Bars: one value per month, year or name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from foreign_eyes.web.browse.pictures.axis import LEFT, RIGHT, ValueAxis, grid, labels, value_axis
from foreign_eyes.web.browse.pictures.markup import element, number, percent, text
from foreign_eyes.web.browse.pictures.picture import Picture, figures_table, svg

_HEIGHT, _TOP, _BOTTOM = 180, 12, 150


def bars(
    title: str, figures: Sequence[tuple[str, float | None]], *, name: str = "Month", unit: str = "Entries"
) -> Picture:
    """Return a bar per figure, in the given order; None leaves a gap.

    `name` and `unit` are the headers of the table, for the labels and the values.
    """
    axis = value_axis(value for _, value in figures)
    content = grid(axis, _TOP, _BOTTOM)
    content += "".join(_bar(axis, place, len(figures), *figure) for place, figure in enumerate(figures))
    content += labels([label for label, _ in figures], _BOTTOM + 18)
    table = figures_table(title, [name, unit], [(label, [value]) for label, value in figures])
    return Picture(svg("bars", title, summary(figures, unit), _HEIGHT, content), table)


def _bar(axis: ValueAxis, place: int, count: int, label: str, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return ""
    slot = (RIGHT - LEFT) / count
    top, bottom = sorted(_BOTTOM - axis.fraction(end) * (_BOTTOM - _TOP) for end in (0.0, value))
    return element(
        "rect",
        {
            "class": "bar",
            "x": percent(LEFT + (place + 0.1) * slot),
            "width": percent(slot * 0.8),
            "y": f"{top:.1f}",
            "height": f"{bottom - top:.1f}",
        },
        element("title", {}, f"{text(label)}: {number(value)}"),
    )


def summary(figures: Sequence[tuple[str, float | None]], unit: str) -> str:
    """Return a sentence for screen readers: the number of bars, the highest and the last value."""
    known = [(label, value) for label, value in figures if value is not None and math.isfinite(value)]
    if not known:
        return "No figures."
    label, most = max(known, key=lambda figure: figure[1])
    last, value = known[-1]
    return (
        f"{unit}, {len(figures)} bars from {figures[0][0]} to {figures[-1][0]}. "
        f"Highest: {number(most)} ({label}). Last: {number(value)} ({last})."
    )
