"""Markup to paragraphs: one walk over the tokens, which keeps what a reader sees and forgets how it was marked up.

A paragraph is a line of text between two breaks, whatever made them: `<p>`, `<br>`, `<li>`, a table cell. Each element
is remembered as the span of paragraphs it covers, so that later steps can ask what belongs together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from archive.text import clean

from . import elements
from .jpage import Store, read_store
from .markup import Tag, attributes, tokens
from .stack import OpenElement, OpenElements

_EDGES = " \t\n\f\r\u00a0\u3000\u2002\u2003\u2009\u200b\u2060\ufeff"
_WORD = re.compile(r"\w")
_PAGER_SCRIPT = re.compile(r"createPageHTML|countPage")
_HIDDEN = re.compile(r"\bhidden\b|display\s*:\s*none", re.IGNORECASE)
_RULE_GAP = 2


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
class Document:
    """What one page says, in reading order. Spans come in the order in which their elements end."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    selects: list[list[tuple[str, str]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    base: str | None = None


def read(source: str) -> Document:
    """Return the paragraphs of `source`, their spans, and what the pager needs. Never raises; linear time."""
    walker = _Walker()
    walker.feed(source)
    walker.finish()
    return walker.document


def collapse(text: str) -> str:
    """Return `text` cleaned, its HTML white space collapsed, and without any white space at its ends.

    A no-break space is no white space in HTML (section 13.1.3): inside a paragraph it stays.
    """
    plain = clean(text)
    for sign in "\n\t\f":
        plain = plain.replace(sign, " ")
    while "  " in plain:  # halves each run in turn: faster than a pattern, which stops at every single space
        plain = plain.replace("  ", " ")
    return plain.strip(_EDGES)


class _Walker:
    """The state of the walk: the paragraph being read, the elements that are open, the link that is open."""

    def __init__(self) -> None:
        self.document = Document()
        self.open = OpenElements(self._closed)
        self.pieces: list[str] = []
        self.gap = 0
        self.begun = False  # the paragraph has more than white space
        self.plain = False  # the paragraph has words outside links
        self.link: dict[str, str] | None = None
        self.link_pieces: list[str] = []
        self.option: tuple[str, list[str]] | None = None
        self.ended: list[OpenElement] = []  # inline elements that ended inside the paragraph

    def feed(self, source: str, *, nested: bool = False) -> None:
        for token in tokens(source):
            if not isinstance(token, Tag):
                self._text(token)
            elif token.end:
                self._end(token.name)
            elif token.name in ("script", "datastore"):
                self._script(token, nested=nested)
            else:
                self._start(token)

    def finish(self) -> None:
        self._end_link()
        self.open.close_to(0)
        self._break()
        self._end_option()
        self.document.spans.append(Span(0, len(self.document.paragraphs) - 1, item=False, furniture=False))

    # text

    def _text(self, text: str) -> None:
        if self.option is not None:
            self.option[1].append(text)
        if self.open.unread:
            return
        self.pieces.append(text)
        self.begun = self.begun or not text.isspace()
        if self.link is not None:
            self.link_pieces.append(text)
        elif not self.plain and _WORD.search(text):
            self.plain = True

    def _break(self, gap: int = 0) -> None:
        """End the paragraph; a break with nothing before it widens the gap to the next one by `gap`."""
        if self.begun and (text := collapse("".join(self.pieces))):
            heading = self.open.heading > 0
            linked = not self.plain and _WORD.search(text) is not None
            self.document.paragraphs.append(Paragraph(text, self.gap, linked, furniture=heading))
            if heading:
                self.document.headings.append(text)
            self.gap = 0
        else:
            self.gap += gap
        self.pieces.clear()
        self.begun = self.plain = False
        if self.ended:
            self._record_spans()

    # elements

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self._break(gap=1)
        elif name == "hr":
            self._break()
            self.gap += _RULE_GAP
        elif name == "a":
            self._end_link()
            found = attributes(tag.attributes)
            self.link = found if "href" in found else None
        elif name == "title":
            self.document.headings.append(collapse(tag.content))
        elif name == "option":
            self._start_option(tag)
        elif name in elements.VOID:
            self._void(tag)
        elif not tag.content:
            self._push(tag)

    def _push(self, tag: Tag) -> None:
        name = tag.name
        block = name in elements.BLOCKS
        if block:
            self._break()
            self.open.imply_ends(name)
        unread = name in elements.UNREAD
        furniture = name in elements.FURNITURE
        if tag.attributes and not tag.attributes.isspace():
            unread = unread or (_HIDDEN.search(tag.attributes) is not None and _is_hidden(tag.attributes))
            furniture = furniture or (block and _is_furniture(tag.attributes))
        if name == "select":
            self.document.selects.append([])
        first = len(self.document.paragraphs)
        self.open.push(OpenElement(name, first, block, unread, furniture, fresh=not self.begun))

    def _end(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name == "option":
            self._end_option()
        elif name == "br":
            self._break(gap=1)
        else:
            if name in elements.BLOCKS:
                self._break(gap=1 if name == "p" else 0)
            self.open.end(name)

    def _closed(self, element: OpenElement) -> None:
        """Record the span of an element that ends here."""
        if element.block:
            self._break()
        if element.name == "select":
            self._end_option()
        elif element.name in elements.ITEMS:
            self._end_link()
        if not element.fresh:
            return
        self.ended.append(element)
        if not self.begun:
            self._record_spans()

    def _record_spans(self) -> None:
        """Record what ended: inside a paragraph, only its break shows whether there is one."""
        last = len(self.document.paragraphs) - 1
        for element in self.ended:
            if last >= element.first:
                item = element.name in elements.ITEMS
                self.document.spans.append(Span(element.first, last, item, element.furniture))
        self.ended.clear()

    # links, images, options, scripts

    def _end_link(self) -> None:
        if self.link is not None:
            label = collapse("".join(self.link_pieces)) or collapse(self.link.get("title", ""))
            self.document.anchors.append(Anchor(label, self.link["href"], self.link.get("rel", "")))
        self.link = None
        self.link_pieces = []

    def _void(self, tag: Tag) -> None:
        if tag.name == "img" and self.link is not None:
            found = attributes(tag.attributes)
            self.link_pieces.append(f" {found.get('alt') or found.get('title') or ''} ")
        elif tag.name == "link":
            found = attributes(tag.attributes)
            if "href" in found:
                self.document.anchors.append(Anchor("", found["href"], found.get("rel", "")))
        elif tag.name == "base" and self.document.base is None:
            self.document.base = attributes(tag.attributes).get("href")

    def _start_option(self, tag: Tag) -> None:
        self._end_option()
        if self.document.selects and self.open.has("select"):
            self.option = (attributes(tag.attributes).get("value", ""), [])

    def _end_option(self) -> None:
        if self.option is not None:
            value, pieces = self.option
            self.document.selects[-1].append((value, collapse("".join(pieces))))
        self.option = None

    def _script(self, tag: Tag, *, nested: bool) -> None:
        store = None if nested or "<" not in tag.content else read_store(tag.content)
        if store is None:
            self.document.scripts.append(tag.content)
            if _PAGER_SCRIPT.search(tag.content):
                self._break()
                self.document.paragraphs.append(Paragraph("", furniture=True))
            return
        self.document.stores.append(store)
        for record in store.records:
            self._push(Tag("record", False, ""))
            self.feed(record, nested=True)
            self._break()
            self.open.end("record")


def _is_hidden(source: str) -> bool:
    found = attributes(source)
    return "hidden" in found or "display:none" in "".join(found.get("style", "").lower().split())


def _is_furniture(source: str) -> bool:
    if elements.FURNITURE_NAMES.search(source) is None:
        return False
    found = attributes(source)
    return elements.FURNITURE_NAMES.search(f"{found.get('class', '')} {found.get('id', '')}") is not None
