"""Safe markup for any text and any number."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Mapping

# characters that XML 1.0 does not allow
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# control characters that change the direction of text or break lines
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def text(value: object) -> str:
    """Return `value` as escaped text on one line, for an element or an attribute."""
    plain = _NOT_XML.sub("\ufffd", _CONTROLS.sub(" ", str(value)))
    return html.escape(plain, quote=True)


def element(name: str, attributes: Mapping[str, object], content: str = "") -> str:
    """Return an element; `content` must be markup."""
    written = "".join(f' {key}="{text(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def shortened(value: object, width: int) -> str:
    """Return `value` cut to `width` columns; wide characters, such as Chinese ones, take two."""
    line = " ".join(_CONTROLS.sub(" ", str(value)).split())
    if columns(line) <= width:
        return line
    taken = 1  # for the ellipsis
    for place, character in enumerate(line):
        taken += columns(character)
        if taken > width:
            return f"{line[:place].rstrip()}…"
    return line


def columns(line: str) -> int:
    """Return the width of a text in columns of a Latin letter."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def number(value: float | None) -> str:
    """Return a number with thousands separators; empty if it is unknown."""
    if value is None or not math.isfinite(value):
        return ""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if 0.01 <= abs(value) < 1e15 else f"{value:.3g}"


def short_number(value: float) -> str:
    """Return a number in at most 6 characters, for an axis: 1.5k, 20M."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size <= abs(value) < size * 1000:
            return f"{value / size:.3g}{letter}"
    return (
        f"{value:.3g}"
        if 1e-2 <= abs(value) < 1e3 or value == 0
        else f"{value:.0e}".replace("e+", "e").replace("e0", "e").replace("e-0", "e-")
    )


def percent(fraction: float) -> str:
    """Return a fraction of the width, from 0 to 1, as a percentage."""
    return f"{round(min(max(fraction, 0.0), 1.0) * 100, 2):g}%"
