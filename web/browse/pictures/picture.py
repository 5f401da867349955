"""A picture and the table of its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from foreign_eyes.web.browse.pictures.axis import FONT
from foreign_eyes.web.browse.pictures.markup import element, number, text


class Picture(NamedTuple):
    """Markup of a picture and its table; `svg` is empty if the table is the picture."""

    svg: str
    table: str


def svg(kind: str, title: str, description: str, height: float, content: str) -> str:
    """Return an SVG picture that screen readers announce by its title and description."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{kind} {title}".lower()).strip("-")[:60]
    spoken = element("title", {"id": f"{name}-title"}, text(title) or " ")
    spoken += element("desc", {"id": f"{name}-description"}, text(description) or " ")
    return element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": f"picture {kind}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-description",
            "width": "100%",
            "height": f"{height:g}",
            "font-size": FONT,
            "fill": "currentColor",
            "stroke": "none",
        },
        spoken + content,
    )


def figures_table(
    caption: str, headers: Sequence[object], rows: Iterable[tuple[object, Sequence[float | None]]]
) -> str:
    """Return figures as an HTML table: a row per name, and a column per header after the first."""
    head = "".join(element("th", {"scope": "col"}, text(header) or " ") for header in headers)
    body = "".join(
        "<tr>"
        + element("th", {"scope": "row"}, text(name) or " ")
        + "".join(element("td", {}, number(value) or " ") for value in values)
        + "</tr>"
        for name, values in rows
    )
    return (
        f'<table class="figures"><caption>{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
