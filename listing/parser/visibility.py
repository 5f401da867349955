"""Decide by its attributes whether an element is shown.

Text that readers do not see is not parsed.

A hidden copy of the listing (for a menu, for search engines, for an effect) would duplicate every entry. `aria-hidden` does
not hide text from sighted readers, and a closed `<details>` opens with one click, so both are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# a tag without any of these cannot hide its element
MAY_HIDE = re.compile(r"hidden|style|popover", re.IGNORECASE)

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})[ \t\n\f\r]?|([^\n]))")
_DECLARATION = re.compile(r"""((?:[^;"'()]++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|\([^)]*+(?:\)|\Z)|\))++)""")
_IMPORTANT = re.compile(r"!\s*important\s*\Z")
_DISPLAYS = _words(
    """
    none block inline inline-block flex inline-flex grid inline-grid table inline-table table-row table-cell list-item
    table-row-group table-header-group table-footer-group table-column table-column-group table-caption contents flow flow-root
    run-in ruby initial inherit unset revert revert-layer -webkit-box -webkit-flex
    """
)
_VISIBILITIES = {"hidden": False, "collapse": False, "visible": True, "initial": True, "inherit": None, "unset": None}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z%]*)\Z")
_LENGTHS = frozenset({"", "px", "em", "rem", "pt", "pc", "cm", "mm", "in", "ex", "ch", "vw", "vh", "%"})
_OFF_SCREEN = -900.0  # px or other units, left of any screen
_SIDES = ("left", "right", "top", "bottom", "margin-left", "margin-top")


class Visibility(NamedTuple):
    """The visibility of an element by its own attributes.

    `hidden` elements are not rendered with all their content. `visible` is the `visibility` property, which elements inside
    can override; None means inherited.
    """

    hidden: bool = False
    visible: bool | None = None


def visibility(name: str, attributes: Mapping[str, str]) -> Visibility:
    """Return the visibility of the element `name` by its attributes."""
    style = declarations(attributes["style"]) if "style" in attributes else {}
    if display := style.get("display"):
        hidden = display == "none"
    else:
        hidden = "hidden" in attributes or "popover" in attributes or (name == "dialog" and "open" not in attributes)
    return Visibility(hidden or _is_out_of_sight(style), _VISIBILITIES.get(style.get("visibility", "inherit")))


def declarations(source: str) -> dict[str, str]:
    """Return the declarations of a `style` attribute, in lower case.

    The last valid declaration of a property counts.

    `!important` declarations have precedence. Comments and escapes are resolved (CSS Syntax 3).
    """
    found: dict[str, tuple[bool, str]] = {}
    for match in _DECLARATION.finditer(_COMMENT.sub("", source)):
        name, colon, value = _plain(match[1]).partition(":")
        name, value = name.strip().lower(), " ".join(value.lower().split())
        short = _IMPORTANT.sub("", value)
        important, value = short != value, short.strip()
        if not colon or not _is_valid(name, value):
            continue
        if important or name not in found or not found[name][0]:
            found[name] = (important, value)
    return {name: value for name, (_, value) in found.items()}


def _plain(source: str) -> str:
    return _ESCAPE.sub(_character, source) if "\\" in source else source


def _character(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[2]
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 else "\ufffd"


def _is_valid(name: str, value: str) -> bool:
    """Return whether browsers accept the declaration; an invalid one is ignored."""
    if name == "display":
        return bool(value) and all(word in _DISPLAYS for word in value.split())
    if name == "visibility":
        return value in _VISIBILITIES
    if name == "opacity":
        return _amount(value) is not None
    return bool(value)


def _amount(value: str) -> float | None:
    """Return the value of a number or a length, without its unit, or None."""
    match = _NUMBER.match(value)
    return float(match[1]) if match and match[2] in _LENGTHS else None


def _is_zero(value: str | None) -> bool:
    return value is not None and _amount(value) == 0


def _is_off_screen(value: str | None) -> bool:
    return value is not None and (amount := _amount(value)) is not None and amount <= _OFF_SCREEN


def _is_out_of_sight(style: Mapping[str, str]) -> bool:
    """Return whether an element is transparent, without size, clipped or moved off the page."""
    return bool(style) and (_is_transparent(style) or _is_moved_away(style) or _is_clipped(style))


def _is_transparent(style: Mapping[str, str]) -> bool:
    opacity = style.get("opacity")
    return (opacity is not None and (_amount(opacity) or 0.0) <= 0) or style.get("content-visibility") == "hidden"


def _is_moved_away(style: Mapping[str, str]) -> bool:
    sides = {"absolute": _SIDES, "fixed": _SIDES, "relative": ("left", "top")}.get(style.get("position", ""), ())
    return any(_is_off_screen(style.get(side)) for side in (*sides, "text-indent"))


def _is_clipped(style: Mapping[str, str]) -> bool:
    if style.get("position") in ("absolute", "fixed") and style.get("clip", "").startswith(("rect(0", "rect(1px")):
        return True
    if "scale(0)" in style.get("transform", "") or style.get("clip-path") in ("inset(50%)", "inset(100%)", "circle(0)"):
        return True
    clips = style.get("overflow", "").split()[:1] in (["hidden"], ["clip"])
    return clips and any(_is_zero(style.get(side)) for side in ("height", "width", "max-height", "max-width"))
