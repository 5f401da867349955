"""What the elements of HTML mean for reading: which break a paragraph, which close each other, which are not content."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | _words(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer
    form frameset head header hgroup html legend li listing main menu nav ol optgroup p plaintext pre record search section
    summary table tbody td tfoot th thead tr ul xmp
    """
)
VOID = _words(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr"
)
# Tags that open nothing, wherever they stand: their elements are there anyway
IMPLIED = frozenset({"html", "head", "body", "frameset"})
# An entry that stands in one of these ends with it
ITEMS = frozenset({"li", "tr", "record", "article", "dd"})
# Content that readers do not see as text. Options are kept apart for the pager.
UNREAD = frozenset({"template", "select", "object", "audio", "video", "canvas", "datalist", "rp"})

# Furniture of a page, unless it turns out to hold an attribution (ASP.NET wraps whole pages in one form)
FURNITURE = frozenset({"nav", "footer", "form"})
FURNITURE_NAMES = re.compile(
    r"\b(?:foot(?:er)?|copyright|bread-?crumbs?|crumbs?|nav(?:bar|igation)?|pag(?:er|ination)|index_page\d*|skip)\b",
    re.IGNORECASE,
)

TABLE = ("table",)
TABLE_BODIES = frozenset({"tbody", "thead", "tfoot"})
CELLS = frozenset({"td", "th"})
# A part of a table that stands in no table closes an open one of the first kind, unless one of the second kind was opened
# since: an answer that holds rows alone is put into a table by the script that asks for it
LOOSE_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "td": (("td", "th"), ("table", "tr")),
    "th": (("td", "th"), ("table", "tr")),
    "tr": (("tr",), TABLE),
    **dict.fromkeys(("tbody", "thead", "tfoot"), (("tbody", "thead", "tfoot"), TABLE)),
}
TABLE_PARTS = frozenset({"tr", "td", "th", "tbody", "thead", "tfoot", "caption", "colgroup", "col"})
# What stands directly in one of these, and is no part of a table, belongs before the table (section 13.2.6.1)
FOSTERING = frozenset({"table", "tbody", "thead", "tfoot", "tr"})

# Sets of the HTML standard: elements that end tags do not reach out of (section 13.2.4.2), ...
SCOPES = _words("applet caption table td th marquee object template record")
# ... special elements, ...
SPECIAL = (
    HEADINGS
    | SCOPES
    | TABLE_PARTS
    | _words(
        """
        address article aside blockquote button center dd details dir div dl dt fieldset figcaption figure footer form header
        hgroup li listing main menu nav ol p plaintext pre search section select summary ul xmp
        """
    )
)
# ... those that the start of a list item looks through, ...
PASSED_BY_ITEMS = frozenset({"address", "div", "p"})
# ... those whose start closes a paragraph (section 13.2.6.4.7), ...
CLOSES_P = HEADINGS | _words(
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form header
    hgroup hr li listing main menu nav ol p plaintext pre search section summary ul xmp
    """
)
# ... those whose end closes whatever is open inside, ...
ENDS_IN_SCOPE = (CLOSES_P - HEADINGS - {"hr", "p", "li", "form"}) | {"button", "applet", "marquee", "object"}
# ... those that end without a tag where their parent does, ...
ENDS_IMPLIED = _words("dd dt li optgroup option p rb rp rt rtc")
# ... the formatting elements, which go on after an element that is closed over them, and where that stops
FORMATTING = _words("a b big code em font i nobr s small strike strong tt u")
MARKERS = _words("applet caption marquee object td template th")
# What decides by itself which tags may come inside
MODES = TABLE_BODIES | CELLS | {"select", "table", "tr", "caption", "colgroup", "template", "record"}
