"""SVG and MathML inside HTML: which tags belong to them, which lead back to HTML (WHATWG HTML, section 13.2.6.5)."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SVG = "svg"
MATH = "math"
ROOTS = frozenset({SVG, MATH})

# Start tags that close foreign content: they can only have been meant as HTML
BREAKOUT = _words(
    """
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p
    pre ruby s small span strong strike sub sup table tt u ul var
    """
)
_BREAKOUT_FONT = frozenset({"color", "face", "size"})
_TEXT_POINTS = frozenset({"mi", "mo", "mn", "ms", "mtext"})
_HTML_POINTS = frozenset({"foreignobject", "desc", "title"})
_HTML_ENCODINGS = frozenset({"text/html", "application/xhtml+xml"})
# Not drawn where they stand, or not drawn at all
NOT_SHOWN = {
    SVG: _words(
        "clippath defs desc lineargradient marker mask metadata pattern radialgradient script style symbol title"
    ),
    MATH: _words("annotation annotation-xml"),
}


def breaks_out(name: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether the start tag `name` in foreign content closes it."""
    return name in BREAKOUT or (name == "font" and not _BREAKOUT_FONT.isdisjoint(attributes))


def is_point(space: str, name: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether the content of a foreign element is read as HTML: text in a formula, `foreignObject` in a drawing."""
    if space == SVG:
        return name in _HTML_POINTS
    if name == "annotation-xml":
        return attributes.get("encoding", "").lower() in _HTML_ENCODINGS
    return name in _TEXT_POINTS


def is_scope(space: str, name: str) -> bool:
    """Tell whether HTML end tags do not reach out of a foreign element."""
    return name in _HTML_POINTS if space == SVG else name in _TEXT_POINTS or name == "annotation-xml"


def stays_foreign(space: str, name: str, tag: str) -> bool:
    """Tell whether the start tag `tag` is foreign although the element round it is one whose content is HTML."""
    return space == MATH and name in _TEXT_POINTS and tag in ("mglyph", "malignmark")
