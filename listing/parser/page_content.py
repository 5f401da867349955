"""The content of one page: paragraphs, elements, links, options and scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from foreign_eyes.listing.parser.hanweb_store import Store
from foreign_eyes.listing.parser.invisible_characters import without_invisible
from foreign_eyes.listing.text import clean

_EDGES = " \t\n\f\r\u00a0\u3000\u2002\u2003\u2009\u200b\u2060\ufeff"


@dataclass(slots=True)
class Paragraph:
    """One line of text.

    `gap` counts the blank lines before it. `linked` says whether all its words are links. `boilerplate` says that it cannot be
    part of an entry.
    """

    text: str
    gap: int = 0
    linked: bool = False
    boilerplate: bool = False


class Span(NamedTuple):
    """The paragraphs `first` to `last` of one element.

    `item` for a list item, a row or an article.
    """

    first: int
    last: int
    item: bool
    boilerplate: bool


class Anchor(NamedTuple):
    """A link as written: its text or that of its image, its unresolved URL, its relation."""

    label: str
    href: str
    rel: str


@dataclass(slots=True)
class PageContent:
    """The content of one page in document order; spans in the order in which their elements end."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    selects: list[list[tuple[str, str]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    base: str | None = None


def collapse(text: str) -> str:
    """Return `text` cleaned, with HTML white space collapsed and stripped.

    Invisible characters are removed.

    A no-break space is not white space in HTML (section 13.1.3), so it stays inside a paragraph.
    """
    plain = without_invisible(clean(text))
    for character in "\n\t\f":
        plain = plain.replace(character, " ")
    while "  " in plain:  # faster than a pattern, which stops at every single space
        plain = plain.replace("  ", " ")
    return plain.strip(_EDGES)
