"""Read the paragraphs of a page in one pass over its tokens, as a reader sees them.

A paragraph is a line of text between two breaks, for example of `<p>`, `<br>`, `<li>` or a table cell. Each element is
recorded as the span of its paragraphs, so that later steps can find what belongs together.
"""

from __future__ import annotations

import re
from functools import lru_cache

from foreign_eyes.listing.parser import element_kinds, foreign_elements
from foreign_eyes.listing.parser.hanweb_store import read_store
from foreign_eyes.listing.parser.html_tokens import RAW, Tag, attributes, is_quirky, tokens, unescape
from foreign_eyes.listing.parser.nesting import Nesting
from foreign_eyes.listing.parser.open_element import OpenElement
from foreign_eyes.listing.parser.open_element_stack import OpenElements
from foreign_eyes.listing.parser.page_content import PageContent, Paragraph, Span, collapse
from foreign_eyes.listing.parser.page_links import LinkCollector
from foreign_eyes.listing.parser.visibility import MAY_HIDE, Visibility, visibility

_WORD = re.compile(r"\w")
_PAGER_SCRIPT = re.compile(r"createPageHTML|countPage")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_RULE_GAP = 2
_SHOWN = Visibility()


def read_page_content(source: str) -> PageContent:
    """Return the content of the page `source`. Never raises; linear time."""
    walker = _Walker(quirks=is_quirky(source), loose_rows=_TABLE.search(source) is None)
    walker.feed(source)
    walker.finish()
    return walker.document


class _Walker:
    """The state of the pass: the current paragraph and the open elements."""

    def __init__(self, *, quirks: bool, loose_rows: bool) -> None:
        self.document = PageContent()
        self.elements = OpenElements(self._on_closed, self._end_span)
        self.nesting = Nesting(self.elements, quirks=quirks, loose_rows=loose_rows)
        self.pieces: list[str] = []
        self.gap = 0
        self.has_text = False  # the paragraph has more than white space
        self.has_unlinked_word = False  # the paragraph has words outside links
        self.links = LinkCollector(self.document)
        self.ended_elements: list[OpenElement] = []  # inline elements that ended inside the current paragraph

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
        self.links.end_link()
        self.elements.close_to(0)
        self._break()
        self.links.end_option()
        self.document.spans.append(Span(0, len(self.document.paragraphs) - 1, item=False, boilerplate=False))

    def _is_not_raw(self, name: str) -> bool:
        return self.nesting.is_foreign(name) or (name != "" and self.nesting.ignores_raw(name))

    # text

    def _text(self, text: str) -> None:
        self.links.add_option_text(text)
        blank = text.isspace()
        if not blank:
            self.nesting.text()
            self.elements.reconstruct_formatting()
        if not self.elements.is_shown() or self._is_drawing():
            return
        self.pieces.append(text)
        self.has_text = self.has_text or not blank
        if self.links.is_link_open:
            self.links.add_text(text)
        elif not self.has_unlinked_word and _WORD.search(text):
            self.has_unlinked_word = True

    def _is_drawing(self) -> bool:
        """Return whether the next text is part of an SVG drawing."""
        top = self.elements.top
        return top is not None and top.foreign == foreign_elements.SVG and not top.integration_point

    def _break(self, gap: int = 0) -> None:
        """End the paragraph.

        A break without text before it adds `gap` to the gap before the next one.
        """
        if self.has_text and (text := collapse("".join(self.pieces))):
            heading = self.elements.heading > 0
            linked = not self.has_unlinked_word and _WORD.search(text) is not None
            self.document.paragraphs.append(Paragraph(text, self.gap, linked, boilerplate=heading))
            if heading:
                self.document.headings.append(text)
            self.gap = 0
        else:
            self.gap += gap
        self.pieces.clear()
        self.has_text = self.has_unlinked_word = False
        if self.ended_elements:
            self._record_spans()

    # elements

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self.elements.reconstruct_formatting()
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
        """Return whether a void element is hidden."""
        return self.elements.is_hidden() or self._visibility(tag).hidden

    def _visibility(self, tag: Tag) -> Visibility:
        if tag.name in element_kinds.UNREAD:
            return Visibility(hidden=True)
        if tag.name == "dialog" or (tag.attributes and MAY_HIDE.search(tag.attributes)):
            return _visibility_of(tag.name, tag.attributes)
        return _SHOWN

    def _push(self, tag: Tag) -> None:
        name = tag.name
        if not self.nesting.start(name):
            if name in element_kinds.TABLE_PARTS and not self.elements.is_hidden():
                self._break()
            return
        block = name in element_kinds.BLOCKS
        hidden, visible = self._visibility(tag)
        if block and not hidden and not self.elements.is_hidden():
            self._break()
        boilerplate = name in element_kinds.BOILERPLATE or (
            block and tag.attributes != "" and _is_boilerplate(tag.attributes)
        )
        starts_paragraph = not self.has_text and name != "a"
        element = OpenElement(
            name, len(self.document.paragraphs), block, boilerplate, starts_paragraph, hidden, visible
        )
        if name in element_kinds.FORMATTING:
            self._push_formatting(tag, element)
        elif name in foreign_elements.ROOTS:
            if not tag.self_closing:
                element.name, element.foreign = f"{name}:{name}", name
                self.elements.push(element)
        else:
            self.elements.push(element)
            if name == "form":
                self.nesting.set_form(element)
            elif name == "select":
                self.document.selects.append([])

    def _push_formatting(self, tag: Tag, element: OpenElement) -> None:
        if tag.name == "a":
            self.links.start_link(attributes(tag.attributes))
        self.elements.reconstruct_formatting()
        self.elements.push_formatting(element)
        if tag.name == "a":
            self.links.is_shown = self.elements.is_shown()

    def _start_foreign(self, tag: Tag) -> None:
        top = self.elements.top
        values = attributes(tag.attributes)
        if top is None or foreign_elements.breaks_out(tag.name, values):
            self.nesting.leave_foreign()
            self._start(tag)
        elif not tag.self_closing:
            namespace = top.foreign
            if tag.name == foreign_elements.SVG and top.name == "math:annotation-xml":
                namespace = foreign_elements.SVG
            hidden, visible = visibility("", values)
            self.elements.push(
                OpenElement(
                    f"{namespace}:{tag.name}",
                    hidden=hidden or tag.name in foreign_elements.NOT_RENDERED[namespace],
                    visible=visible,
                    foreign=namespace,
                    integration_point=foreign_elements.is_integration_point(namespace, tag.name, values),
                    scope=foreign_elements.is_scope_boundary(namespace, tag.name),
                )
            )

    def _end(self, name: str) -> None:
        if name == "option":
            self.links.end_option()
        elif name == "br":
            self.nesting.end(name)
            if not self.elements.is_hidden():
                self._break(gap=1)
        else:
            if name == "a":
                self.links.end_link()
            elif name == "p":
                self.nesting.leave_foreign()
                if self.nesting.is_p_rendered():
                    self._break(gap=1)
            self.nesting.end(name)

    def _on_closed(self, element: OpenElement) -> None:
        """End the paragraph at the end of a block; record the span of the element."""
        if element.block and not element.is_hidden:
            self._break()
        if element.name == "select":
            self.links.end_option()
        elif element.name in element_kinds.ITEMS:
            self.links.end_link()
        self._end_span(element)

    def _end_span(self, element: OpenElement) -> None:
        """Record the span of an element that ended; elements inside it may still be open."""
        if not element.starts_paragraph:
            return
        element.starts_paragraph = False
        self.ended_elements.append(element)
        if not self.has_text:
            self._record_spans()

    def _record_spans(self) -> None:
        """Record the spans of ended elements; inside a paragraph, this waits for its break."""
        last = len(self.document.paragraphs) - 1
        for element in self.ended_elements:
            if last >= element.first:
                item = element.name in element_kinds.ITEMS
                self.document.spans.append(Span(element.first, last, item, element.boilerplate))
        self.ended_elements.clear()

    # void elements, options, scripts

    def _void(self, tag: Tag) -> None:
        if tag.name in ("img", "image") and self.links.is_link_open and not self._is_hidden(tag):
            self.links.add_image(attributes(tag.attributes))
        elif tag.name == "link":
            self.links.add_relation(attributes(tag.attributes))
        elif tag.name == "base" and self.document.base is None:
            self.document.base = attributes(tag.attributes).get("href")

    def _start_option(self, tag: Tag) -> None:
        self.links.end_option()
        if self.document.selects and self.elements.index_of("select") >= 0:
            self.links.start_option(attributes(tag.attributes).get("value", ""))

    def _script(self, tag: Tag, *, nested: bool) -> None:
        store = None if nested or "<" not in tag.content else read_store(tag.content)
        if store is None:
            self.document.scripts.append(tag.content)
            if _PAGER_SCRIPT.search(tag.content):
                self._break()
                self.document.paragraphs.append(Paragraph("", boilerplate=True))
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


def _is_boilerplate(source: str) -> bool:
    if element_kinds.BOILERPLATE_NAMES.search(source) is None:
        return False
    values = attributes(source)
    return element_kinds.BOILERPLATE_NAMES.search(f"{values.get('class', '')} {values.get('id', '')}") is not None
