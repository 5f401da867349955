"""The lines that a browser shows of a page, from lexbor's tree and the default style sheet."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from foreign_eyes.listing.parser.element_kinds import BLOCKS
from foreign_eyes.listing.parser.invisible_characters import without_invisible
from foreign_eyes.listing.parser.paragraphs import read_page_content
from foreign_eyes.listing.text import clean


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements whose text a browser does not show
UNSEEN = words(
    """
    head title script style template noscript iframe noembed noframes textarea select object audio video canvas datalist
    rp link meta base area param source track input
    """
)
NOT_DRAWN = frozenset(
    ["clippath", "defs", "desc", "metadata", "pattern", "script", "style", "symbol", "title", "mask", "marker"]
)
TEXT_IN_MATH = frozenset({"mi", "mo", "mn", "ms", "mtext"})
# Effect of the styles in these tests: (the box is removed, the visibility of text inside)
STYLES: dict[str, tuple[bool, bool | None]] = {
    "display:none": (True, None),
    "visibility:hidden": (False, False),
    "VISIBILITY : Collapse !important": (False, False),
    "visibility:visible": (False, True),
    "color:red; /* x */ display : NONE": (True, None),
    "display:none; display:block": (False, None),
    "display:none !important; display:block": (True, None),
    "display:nonsense": (False, None),
    "opacity:0": (True, None),
    "opacity:0.5": (False, None),
    "": (False, None),
}


def shown_by_browser(source: str) -> list[str]:
    """Return the lines of `source` that a browser shows, without white space."""
    lines = [""]
    for piece in _pieces(source):
        if piece is None:
            lines.append("")
        else:
            lines[-1] += piece
    return _bare(lines)


def shown_by_us(source: str) -> list[str]:
    """Return the paragraphs that our parser reads, without white space."""
    return _bare([paragraph.text for paragraph in read_page_content(source).paragraphs])


def _bare(lines: list[str]) -> list[str]:
    """Remove white space, control characters and the replacement character for NUL."""
    texts = ("".join(without_invisible(clean(line)).replace("\ufffd", "").split()) for line in lines)
    return [text for text in texts if text]


def _pieces(source: str) -> Iterator[str | None]:
    """Yield each visible text, and None for each line break."""
    root = LexborHTMLParser(source).root
    if root is None:
        return
    # (node, its namespace, whether its text is seen, whether this is its end)
    waiting: list[tuple[LexborNode, str, bool, bool]] = [(root, "", True, False)]
    while waiting:
        node, space, seen, ends = waiting.pop()
        name = (node.tag or "").lower()
        if ends:
            yield None
            continue
        if node.is_text_node:
            if seen and space != "svg":
                yield node.text_content or ""
            continue
        if space == "" and name in ("svg", "math"):
            space = name
        gone, seen = _visibility(node, name, space, seen)
        if gone or not node.is_element_node:
            continue
        if space == "" and (name in BLOCKS or name in ("br", "hr")):
            yield None
            waiting.append((node, space, seen, True))
        inner = _inside(space, name, node)
        waiting += [(child, inner, seen, False) for child in reversed(list(_children(node)))]


def _visibility(node: LexborNode, name: str, space: str, seen: bool) -> tuple[bool, bool]:
    if not node.is_element_node:
        return True, seen
    attributes = {key.lower(): value or "" for key, value in node.attributes.items()}
    gone, visible = STYLES.get(attributes.get("style", ""), (False, None))
    if "display:block" not in attributes.get("style", ""):
        gone = gone or "hidden" in attributes or (space == "" and name == "dialog" and "open" not in attributes)
    if space == "":
        gone = gone or name in UNSEEN
    elif space == "svg":
        gone = gone or name in NOT_DRAWN
    else:
        gone = gone or name in ("annotation", "annotation-xml")
    if name in ("html", "body"):  # a page that hides itself whole shows itself by script
        return False, True
    return gone, seen if visible is None else visible


def _inside(space: str, name: str, node: LexborNode) -> str:
    if space == "svg" and name in ("foreignobject", "desc", "title"):
        return ""
    if space == "math" and name in TEXT_IN_MATH:
        return ""
    return space


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next
