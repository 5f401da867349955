"""Markup to paragraphs: one walk over the tokens, which keeps what a reader sees and forgets how it was marked up.

A paragraph is a line of text between two breaks, whatever made them: `<p>`, `<br>`, `<li>`, a table cell. Each element
is remembered as the span of paragraphs it covers, so that later steps can ask what belongs together.
"""

from __future__ import annotations

import re
from functools import lru_cache

from foreign_eyes.listing.parser import element_kinds, foreign_elements
from foreign_eyes.listing.parser.hanweb_store import read_store
from foreign_eyes.listing.parser.html_tokens import RAW, Tag, attributes, is_quirky, tokens, unescape
from foreign_eyes.listing.parser.nesting import Nesting
from foreign_eyes.listing.parser.open_elements import OpenElement, OpenElements
from foreign_eyes.listing.parser.page_content import Anchor, PageContent, Paragraph, Span, collapse
from foreign_eyes.listing.parser.visibility import MAY_HIDE, Visibility, visibility

_WORD = re.compile(r"\w")
_PAGER_SCRIPT = re.compile(r"createPageHTML|countPage")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_RULE_GAP = 2
_SHOWN = Visibility()


def read(source: str) -> PageContent:
    """Return the paragraphs of `source`, their spans, and what the pager needs. Never raises; linear time."""
    walker = _Walker(quirks=is_quirky(source), rows=_TABLE.search(source) is None)
    walker.feed(source)
    walker.finish()
    return walker.document


class _Walker:
    """The state of the walk: the paragraph being read, the elements that are open, the link that is open."""

    def __init__(self, *, quirks: bool, rows: bool) -> None:
        self.document = PageContent()
        self.open = OpenElements(self._closed, self._left)
        self.nesting = Nesting(self.open, quirks=quirks, rows=rows)
        self.pieces: list[str] = []
        self.gap = 0
        self.begun = False  # the paragraph has more than white space
        self.plain = False  # the paragraph has words outside links
        self.link: dict[str, str] | None = None
        self.link_pieces: list[str] = []
        self.link_seen = True
        self.option: tuple[str, list[str]] | None = None
        self.ended: list[OpenElement] = []  # inline elements that ended inside the paragraph

    def feed(self, source: str, *, nested: bool = False) -> None:
        for token in tokens(source, self._is_not_raw):
            if not isinstance(token, Tag):
                self._text(token)
            elif token.end:
                self._end(token.name)
            elif self.nesting.is_foreign(token.name):
                self._start_foreign(token)
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

    def _is_not_raw(self, name: str) -> bool:
        return self.nesting.is_foreign(name) or (name != "" and self.nesting.ignores_raw(name))

    # text

    def _text(self, text: str) -> None:
        if self.option is not None:
            self.option[1].append(text)
        blank = text.isspace()
        if not blank:
            self.nesting.text()
            self.open.resume()
        if not self.open.is_shown() or self._is_drawing():
            return
        self.pieces.append(text)
        self.begun = self.begun or not blank
        if self.link is not None:
            self.link_pieces.append(text)
        elif not self.plain and _WORD.search(text):
            self.plain = True

    def _is_drawing(self) -> bool:
        """Tell whether text that comes now is part of a drawing rather than of the page's text."""
        top = self.open.top
        return top is not None and top.foreign == foreign_elements.SVG and not top.point

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
            self.open.resume()
            if not self._is_hidden(tag):
                self._break(gap=1)
        elif name == "hr":
            self.nesting.start(name)
            if not self._is_hidden(tag):
                self._break()
                self.gap += _RULE_GAP
        elif name == "title":
            self.document.headings.append(collapse(unescape(tag.content)))
        elif name == "option":
            self._start_option(tag)
        elif name in element_kinds.VOID:
            self.nesting.start(name)
            self._void(tag)
        elif name in ("xmp", "plaintext"):
            self._push(tag)
            self._text(tag.content)
        elif name not in RAW:
            self._push(tag)

    def _is_hidden(self, tag: Tag) -> bool:
        """Tell whether a void element is not shown."""
        return self.open.is_gone() or self._visibility(tag).gone

    def _visibility(self, tag: Tag) -> Visibility:
        if tag.name in element_kinds.UNREAD:
            return Visibility(gone=True)
        if tag.name == "dialog" or (tag.attributes and MAY_HIDE.search(tag.attributes)):
            return _visibility_of(tag.name, tag.attributes)
        return _SHOWN

    def _push(self, tag: Tag) -> None:
        name = tag.name
        if not self.nesting.start(name):
            if name in element_kinds.TABLE_PARTS and not self.open.is_gone():
                self._break()
            return
        block = name in element_kinds.BLOCKS
        gone, visible = self._visibility(tag)
        if block and not gone and not self.open.is_gone():
            self._break()
        furniture = name in element_kinds.FURNITURE or (
            block and tag.attributes != "" and _is_furniture(tag.attributes)
        )
        fresh = not self.begun and name != "a"
        element = OpenElement(name, len(self.document.paragraphs), block, furniture, fresh, gone, visible)
        if name in element_kinds.FORMATTING:
            self._push_formatting(tag, element)
        elif name in foreign_elements.ROOTS:
            if not tag.self_closing:
                element.name, element.foreign = f"{name}:{name}", name
                self.open.push(element)
        else:
            self.open.push(element)
            if name == "form":
                self.nesting.opened_form(element)
            elif name == "select":
                self.document.selects.append([])

    def _push_formatting(self, tag: Tag, element: OpenElement) -> None:
        if tag.name == "a":
            self._start_link(tag)
        self.open.resume()
        self.open.push_formatting(element)
        if tag.name == "a":
            self.link_seen = self.open.is_shown()

    def _start_foreign(self, tag: Tag) -> None:
        top = self.open.top
        found = attributes(tag.attributes)
        if top is None or foreign_elements.breaks_out(tag.name, found):
            self.nesting.leave_foreign()
            self._start(tag)
        elif not tag.self_closing:
            space = top.foreign
            if tag.name == foreign_elements.SVG and top.name == "math:annotation-xml":
                space = foreign_elements.SVG
            gone, visible = visibility("", found)
            self.open.push(
                OpenElement(
                    f"{space}:{tag.name}",
                    gone=gone or tag.name in foreign_elements.NOT_SHOWN[space],
                    visible=visible,
                    foreign=space,
                    point=foreign_elements.is_point(space, tag.name, found),
                    scope=foreign_elements.is_scope(space, tag.name),
                )
            )

    def _end(self, name: str) -> None:
        if name == "option":
            self._end_option()
        elif name == "br":
            self.nesting.end(name)
            if not self.open.is_gone():
                self._break(gap=1)
        else:
            if name == "a":
                self._end_link()
            elif name == "p":
                self.nesting.leave_foreign()
                if self.nesting.is_p_shown():
                    self._break(gap=1)
            self.nesting.end(name)

    def _closed(self, element: OpenElement) -> None:
        """End the paragraph where a block ends, and record the span of an element that ends here."""
        if element.block and not element.is_gone:
            self._break()
        if element.name == "select":
            self._end_option()
        elif element.name in element_kinds.ITEMS:
            self._end_link()
        self._left(element)

    def _left(self, element: OpenElement) -> None:
        """Record the span of an element that nothing more comes into, although it may hold what is still open."""
        if not element.fresh:
            return
        element.fresh = False
        self.ended.append(element)
        if not self.begun:
            self._record_spans()

    def _record_spans(self) -> None:
        """Record what ended: inside a paragraph, only its break shows whether there is one."""
        last = len(self.document.paragraphs) - 1
        for element in self.ended:
            if last >= element.first:
                item = element.name in element_kinds.ITEMS
                self.document.spans.append(Span(element.first, last, item, element.furniture))
        self.ended.clear()

    # links, images, options, scripts

    def _start_link(self, tag: Tag) -> None:
        self._end_link()
        found = attributes(tag.attributes)
        self.link = found if "href" in found else None

    def _end_link(self) -> None:
        """Record the link that ends; one that no reader sees leads nowhere."""
        if self.link is not None:
            label = collapse("".join(self.link_pieces))
            if self.link_seen:
                label = label or collapse(self.link.get("title", ""))
            if label or self.link_seen:
                self.document.anchors.append(Anchor(label, self.link["href"], self.link.get("rel", "")))
        self.link = None
        self.link_pieces = []

    def _void(self, tag: Tag) -> None:
        if tag.name in ("img", "image") and self.link is not None and not self._is_hidden(tag):
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
        if self.document.selects and self.open.place("select") >= 0:
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
            self.nesting.end("record")


@lru_cache(maxsize=512)
def _visibility_of(name: str, source: str) -> Visibility:
    return visibility(name, attributes(source))


def _is_furniture(source: str) -> bool:
    if element_kinds.FURNITURE_NAMES.search(source) is None:
        return False
    found = attributes(source)
    return element_kinds.FURNITURE_NAMES.search(f"{found.get('class', '')} {found.get('id', '')}") is not None
