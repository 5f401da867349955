"""Decide which open elements a tag closes (WHATWG HTML, section 13.2.6).

No tree is built. The stack of open elements is enough to know the elements around each text. Intended differences from
browsers are listed with their reasons in tests/test_parser_browser.py.
"""

from __future__ import annotations

from foreign_eyes.listing.parser import element_kinds, foreign_elements
from foreign_eyes.listing.parser.open_element import OpenElement
from foreign_eyes.listing.parser.open_element_stack import OpenElements

_RUBY = frozenset({"rb", "rp", "rt", "rtc"})
_LEAVES_SELECT = frozenset({"input", "keygen", "textarea", "select"})


class Nesting:
    """The effect of tags on a stack of open elements.

    With `quirks`, for a page without a doctype, a table does not close a paragraph. With `loose_rows`, for a response of rows
    and cells that a script inserts into a table, they open elements as inside a table.
    """

    def __init__(self, stack: OpenElements, *, quirks: bool = False, loose_rows: bool = False) -> None:
        self._stack = stack
        self._quirks = quirks
        self._loose_rows = loose_rows
        self._form: OpenElement | None = None

    def is_foreign(self, name: str) -> bool:
        """Return whether the start tag `name` now belongs to SVG or MathML.

        An empty name means text.
        """
        top = self._stack.top
        if top is None or not top.foreign:
            return False
        if not name:
            return True
        if top.integration_point:
            return foreign_elements.stays_foreign(top.foreign, top.local_name, name)
        return not (name == foreign_elements.SVG and top.name == "math:annotation-xml")

    def ignores_raw(self, name: str) -> bool:
        """Return whether the start tag of an element of raw text is ignored here."""
        return self._stack.insertion_mode == "select" and name not in ("script", "template", "textarea", "datastore")

    def leave_foreign(self) -> None:
        """Close foreign content, for a tag that belongs to HTML."""
        self._stack.close_to(self._stack.innermost_html_content + 1)

    # start tags

    def start(self, name: str) -> bool:
        """Close the elements that the start tag closes; return whether it opens an element."""
        mode = self._stack.insertion_mode
        if name in element_kinds.ALWAYS_PRESENT:
            return False
        if mode == "select":
            if name in element_kinds.BLOCKS or name in element_kinds.TABLE_PARTS or name in _LEAVES_SELECT:
                self._stack.close_to(self._stack.index_of("select"))
                return name != "select" and self.start(name)
            return name == "template"
        if name in element_kinds.TABLE_PARTS:
            return self._start_table_part(name, mode)
        if mode == "colgroup" and name != "template":
            self._stack.close_to(self._stack.index_of("colgroup"))
            mode = self._stack.insertion_mode
        if name == "table" and mode in element_kinds.FOSTERING:
            table = self._stack.index_of("table")
            if table > self._stack.index_of("record", "template"):
                self._stack.close_to(table)
        if name == "form" and mode in element_kinds.FOSTERING and self._stack.index_of("table") >= 0:
            return False
        return self._start_in_body(name)

    def _start_in_body(self, name: str) -> bool:
        stack = self._stack
        if name == "form" and self._form is not None and stack.index_of("template") < 0:
            return False
        if name == "li":
            self._close_item("li")
        elif name in ("dd", "dt"):
            self._close_item("dd", "dt")
        if name in element_kinds.CLOSES_P or (name == "table" and not self._quirks):
            self.close_p()
        self._close_same_kind(name)
        return True

    def _close_same_kind(self, name: str) -> None:
        """Close an open element that may not contain the start tag `name`."""
        stack = self._stack
        top = stack.top
        if name in element_kinds.HEADINGS and top is not None and top.name in element_kinds.HEADINGS:
            stack.close_to(top.index)
        elif name == "button" and stack.in_scope(index := stack.index_of("button")):
            stack.close_to(index)
        elif name == "a":
            stack.end_formatting("a", starts_link=True)
        elif name == "nobr" and stack.in_scope(stack.index_of("nobr")):
            stack.end_formatting("nobr")
        elif name in _RUBY and stack.in_scope(stack.index_of("ruby")):
            self._generate_implied_end_tags(*(("rtc",) if name in ("rp", "rt") else ()))

    def _close_item(self, *names: str) -> None:
        index = self._stack.index_of(*names)
        if index >= 0 and index >= self._stack.item_boundary:
            self._stack.close_to(index)

    def is_p_rendered(self) -> bool:
        """Return whether the end tag of a `p` ends a paragraph that is rendered.

        Without an open `p` it creates one.
        """
        index = self._stack.index_of("p")
        return not self._stack.is_hidden_at(index if self._stack.in_scope(index, "button") else None)

    def close_p(self) -> bool:
        """Close the open `p`; return False if none is open."""
        index = self._stack.index_of("p")
        if not self._stack.in_scope(index, "button"):
            return False
        self._stack.close_to(index)
        return True

    def _start_table_part(self, name: str, mode: str) -> bool:
        stack = self._stack
        table = stack.index_of("table")
        if table <= stack.index_of("template", "record"):
            return self._start_part_without_table(name)
        body, row = stack.index_of(*element_kinds.TABLE_BODIES), stack.index_of("tr")
        implied: tuple[str, ...] = ()
        if name in element_kinds.CELLS:
            stack.close_to(max(table, body, row) + 1)
            implied = () if row > table else ("tr",) if body > table else ("tbody", "tr")
        elif name == "tr":
            stack.close_to(max(table, body) + 1)
            implied = () if body > table else ("tbody",)
        elif name != "col" or mode != "colgroup":
            stack.close_to(table + 1)
            implied = ("colgroup",) if name == "col" else ()
        for other in implied:
            stack.push(OpenElement(other))
        return name != "col"

    def text(self) -> None:
        """Close the elements that cannot contain text."""
        if self._stack.insertion_mode == "colgroup":
            self._stack.close_to(self._stack.index_of("colgroup"))

    def _start_part_without_table(self, name: str) -> bool:
        stack = self._stack
        if not self._loose_rows and stack.index_of("record", "template") < 0:
            return False
        if name in element_kinds.LOOSE_PARTS:
            closed, limits = element_kinds.LOOSE_PARTS[name]
            index = stack.index_of(*closed)
            if index > stack.index_of(*limits, "template", "record"):
                stack.close_to(index)
        self.close_p()
        return name not in ("col", "colgroup", "caption")

    # end tags

    def end(self, name: str) -> None:
        """Close the elements that the end tag closes."""
        if self._end_foreign(name) or name in element_kinds.ALWAYS_PRESENT:
            return
        stack = self._stack
        index = stack.index_of(name)
        if name in ("template", "record"):
            stack.close_to(index if index >= 0 else len(stack))
        elif name == "table" or name in element_kinds.TABLE_PARTS:
            self._end_table_part(name, index)
        elif stack.insertion_mode == "select":
            if name == "select":
                stack.close_to(index)
        elif name == "form":
            self._end_form()
        else:
            self._end_in_body(name, index)

    def _end_foreign(self, name: str) -> bool:
        """Close the foreign element with that name; return False if there is none."""
        top = self._stack.top
        if top is None or not top.foreign:
            return False
        if name in ("p", "br"):
            self.leave_foreign()
            return False
        index = self._stack.index_of(f"svg:{name}", f"math:{name}")
        if index <= self._stack.innermost_html:
            return False
        self._stack.close_to(index)
        return True

    def _end_table_part(self, name: str, index: int) -> None:
        table = self._stack.index_of("table")
        if index >= 0 and index >= max(table, self._stack.index_of("template", "record")):
            self._stack.close_to(index)

    def _end_in_body(self, name: str, index: int) -> None:
        stack = self._stack
        if name == "p":
            self.close_p()
        elif name in element_kinds.HEADINGS:
            index = stack.index_of(*element_kinds.HEADINGS)
            if stack.in_scope(index):
                stack.close_to(index)
        elif name in element_kinds.CLOSED_IN_SCOPE or name == "li":
            limits = ("ul", "ol") if name == "li" else ()
            if stack.in_scope(index, *limits):
                stack.close_to(index)
        elif (name not in element_kinds.FORMATTING or not stack.end_formatting(name)) and index > stack.special:
            stack.close_to(index)

    def set_form(self, element: OpenElement) -> None:
        """Remember the open form; a form inside it is ignored."""
        if self._stack.index_of("template") < 0:
            self._form = element

    def _end_form(self) -> None:
        """Close the form; elements inside it stay open."""
        stack, form = self._stack, self._form
        if stack.index_of("template") >= 0:
            index = stack.index_of("form")
            if stack.in_scope(index):
                stack.close_to(index)
            return
        self._form = None
        index = stack.index_of("form")
        if form is None or form.index != index or not stack.in_scope(index):
            return
        self._generate_implied_end_tags()
        if stack.top is form:
            stack.close_to(index)
        else:
            stack.detach(form)

    def _generate_implied_end_tags(self, *excluded: str) -> None:
        """Close the innermost elements with implied end tags (section 13.2.6.3)."""
        while (
            (top := self._stack.top) is not None
            and top.name in element_kinds.IMPLIED_END_TAGS
            and top.name not in excluded
        ):
            self._stack.close_to(top.index)
