"""SVG and MathML inside HTML (WHATWG HTML, section 13.2.6.5)."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SVG = "svg"
MATH = "math"
ROOTS = frozenset({SVG, MATH})

# start tags that close foreign content
BREAKOUT = _words(
    """
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p
    pre ruby s small span strong strike sub sup table tt u ul var
    """
)
_BREAKOUT_FONT = frozenset({"color", "face", "size"})
_TEXT_INTEGRATION_POINTS = frozenset({"mi", "mo", "mn", "ms", "mtext"})
_HTML_INTEGRATION_POINTS = frozenset({"foreignobject", "desc", "title"})
_HTML_ENCODINGS = frozenset({"text/html", "application/xhtml+xml"})
# elements whose content is not rendered in place
NOT_RENDERED = {
    SVG: _words(
        "clippath defs desc lineargradient marker mask metadata pattern radialgradient script style symbol title"
    ),
    MATH: _words("annotation annotation-xml"),
}


def breaks_out(name: str, attributes: Mapping[str, str]) -> bool:
    """Return whether the start tag `name` closes foreign content."""
    return name in BREAKOUT or (name == "font" and not _BREAKOUT_FONT.isdisjoint(attributes))


def is_integration_point(namespace: str, name: str, attributes: Mapping[str, str]) -> bool:
    """Return whether a foreign element is an integration point: its content is parsed as HTML."""
    if namespace == SVG:
        return name in _HTML_INTEGRATION_POINTS
    if name == "annotation-xml":
        return attributes.get("encoding", "").lower() in _HTML_ENCODINGS
    return name in _TEXT_INTEGRATION_POINTS


def is_scope_boundary(namespace: str, name: str) -> bool:
    """Return whether a foreign element is a scope boundary, which HTML end tags do not cross."""
    return (
        name in _HTML_INTEGRATION_POINTS
        if namespace == SVG
        else name in _TEXT_INTEGRATION_POINTS or name == "annotation-xml"
    )


def stays_foreign(namespace: str, name: str, tag: str) -> bool:
    """Return whether the start tag `tag` is foreign although its parent is an integration point."""
    return namespace == MATH and name in _TEXT_INTEGRATION_POINTS and tag in ("mglyph", "malignmark")
