"""What one page says, as values: paragraphs, the elements they stand in, links, options and scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from foreign_eyes.listing.parser.hanweb_store import Store
from foreign_eyes.listing.parser.invisible_characters import without_invisible
from foreign_eyes.listing.text import clean

_EDGES = " \t\n\f\r\u00a0\u3000\u2002\u2003\u2009\u200b\u2060\ufeff"


@dataclass(slots=True)
class Paragraph:
    """One line of text. `gap` counts the blank lines before it; `furniture` marks what can be part of no entry."""

    text: str
    gap: int = 0
    linked: bool = False
    furniture: bool = False


class Span(NamedTuple):
    """The paragraphs `first` to `last` that one element covers."""

    first: int
    last: int
    item: bool
    furniture: bool


class Anchor(NamedTuple):
    """A link as written: its text (or its image's), its address unresolved, its relation."""

    label: str
    href: str
    rel: str


@dataclass(slots=True)
class PageContent:
    """What one page says, in reading order. Spans come in the order in which their elements end."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    selects: list[list[tuple[str, str]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    base: str | None = None


def collapse(text: str) -> str:
    """Return `text` cleaned, without invisible signs, its HTML white space collapsed, and none of it at the ends.

    A no-break space is no white space in HTML (section 13.1.3): inside a paragraph it stays.
    """
    plain = without_invisible(clean(text))
    for sign in "\n\t\f":
        plain = plain.replace(sign, " ")
    while "  " in plain:  # halves each run in turn: faster than a pattern, which stops at every single space
        plain = plain.replace("  ", " ")
    return plain.strip(_EDGES)
