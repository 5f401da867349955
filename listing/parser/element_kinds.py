"""Sets of HTML elements, by what they do to paragraphs and to other elements."""

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
# start tags that are ignored, because every page has these elements
ALWAYS_PRESENT = frozenset({"html", "head", "body", "frameset"})
# an entry inside one of these ends with it
ITEMS = frozenset({"li", "tr", "record", "article", "dd"})
# content that is not text for readers; options are kept for the pager
UNREAD = frozenset({"template", "select", "object", "audio", "video", "canvas", "datalist", "rp"})

# boilerplate unless it contains an attribution (ASP.NET wraps whole pages in one form)
BOILERPLATE = frozenset({"nav", "footer", "form"})
BOILERPLATE_NAMES = re.compile(
    r"\b(?:foot(?:er)?|copyright|bread-?crumbs?|crumbs?|nav(?:bar|igation)?|pag(?:er|ination)|index_page\d*|skip)\b",
    re.IGNORECASE,
)

TABLE = ("table",)
TABLE_BODIES = frozenset({"tbody", "thead", "tfoot"})
CELLS = frozenset({"td", "th"})
# A table part outside a table closes an open element of the first set, unless an element of the second set was opened after
# it. Scripts request responses that consist of rows, and insert them into a table.
LOOSE_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "td": (("td", "th"), ("table", "tr")),
    "th": (("td", "th"), ("table", "tr")),
    "tr": (("tr",), TABLE),
    **dict.fromkeys(("tbody", "thead", "tfoot"), (("tbody", "thead", "tfoot"), TABLE)),
}
TABLE_PARTS = frozenset({"tr", "td", "th", "tbody", "thead", "tfoot", "caption", "colgroup", "col"})
# content directly inside one of these, except table parts, is moved before the table (section 13.2.6.1)
FOSTERING = frozenset({"table", "tbody", "thead", "tfoot", "tr"})

# Sets of the HTML standard: scope boundaries, which end tags do not cross (section 13.2.4.2)
SCOPE_BOUNDARIES = _words("applet caption table td th marquee object template record")
# special elements (section 13.2.4.2)
SPECIAL = (
    HEADINGS
    | SCOPE_BOUNDARIES
    | TABLE_PARTS
    | _words(
        """
        address article aside blockquote button center dd details dir div dl dt fieldset figcaption figure footer form header
        hgroup li listing main menu nav ol p plaintext pre search section select summary ul xmp
        """
    )
)
# special elements that are skipped when a list item closes the previous one
NOT_ITEM_BOUNDARIES = frozenset({"address", "div", "p"})
# elements whose start tag closes a `p` (section 13.2.6.4.7)
CLOSES_P = HEADINGS | _words(
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form header
    hgroup hr li listing main menu nav ol p plaintext pre search section summary ul xmp
    """
)
# elements whose end tag closes all elements open inside
CLOSED_IN_SCOPE = (CLOSES_P - HEADINGS - {"hr", "p", "li", "form"}) | {"button", "applet", "marquee", "object"}
# elements with implied end tags (section 13.2.6.3)
IMPLIED_END_TAGS = _words("dd dt li optgroup option p rb rp rt rtc")
# formatting elements, and the elements that set a marker in their list (section 13.2.4.3)
FORMATTING = _words("a b big code em font i nobr s small strike strong tt u")
MARKERS = _words("applet caption marquee object td template th")
# elements with an insertion mode of their own
INSERTION_MODES = TABLE_BODIES | CELLS | {"select", "table", "tr", "caption", "colgroup", "template", "record"}
