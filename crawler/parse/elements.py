"""What the elements of HTML mean for reading: which break a paragraph, which close each other, which are not content."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | _words(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer
    form frameset head header hgroup html legend li main menu nav noscript ol p pre record search section summary table
    tbody td tfoot th thead tr ul
    """
)
VOID = _words("area base basefont bgsound br col embed frame hr img input link meta param source track wbr")
# An entry that stands in one of these ends with it
ITEMS = frozenset({"li", "tr", "record", "article", "dd"})
# Content that readers do not see as text. Options are kept apart for the pager.
UNREAD = frozenset({"template", "select", "svg", "math", "object", "audio", "video", "canvas"})

# Furniture of a page, unless it turns out to hold an attribution (ASP.NET wraps whole pages in one form)
FURNITURE = frozenset({"nav", "footer", "form", "noscript"})
FURNITURE_NAMES = re.compile(
    r"\b(?:foot(?:er)?|copyright|bread-?crumbs?|crumbs?|nav(?:bar|igation)?|pag(?:er|ination)|index_page\d*|skip)\b",
    re.IGNORECASE,
)

TABLE = ("table",)
LISTS = ("ul", "ol", "menu", "dir")
# A start tag closes an open one of the first kind, unless one of the second kind was opened since (section 13.1.2.4)
CLOSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "li": (("li",), LISTS),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("table", "tr")),
    "th": (("td", "th"), ("table", "tr")),
    "tr": (("tr",), TABLE),
    **dict.fromkeys(("tbody", "thead", "tfoot"), (("tbody", "thead", "tfoot"), TABLE)),
}
# End tags do not reach out of these, except the table's own
BARRIERS = frozenset({"table", "td", "th", "caption", "record", "template"})
TABLE_PARTS = frozenset({"table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption"})
