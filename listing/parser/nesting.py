"""Which open elements a tag closes, after the tree construction of the HTML standard (WHATWG HTML, section 13.2.6).

There is no tree here, only the stack of what is open: enough to say for each text which elements it stands in. Where this
differs from a browser on purpose, tests/test_parser_browser.py lists it with the reason.
"""

from __future__ import annotations

from foreign_eyes.listing.parser import element_kinds, foreign_elements
from foreign_eyes.listing.parser.open_elements import OpenElement, OpenElements

_RUBY = frozenset({"rb", "rp", "rt", "rtc"})
_LEAVES_SELECT = frozenset({"input", "keygen", "textarea", "select"})


class Nesting:
    """The rules of tags over a stack.

    `quirks` is how a page without a doctype is read: there a table leaves a paragraph open. `rows` is an answer of rows and
    cells without any table, meant to be put into one by a script: they open elements as if they stood in it.
    """

    def __init__(self, stack: OpenElements, *, quirks: bool = False, rows: bool = False) -> None:
        self._open = stack
        self._quirks = quirks
        self._rows = rows
        self._form: OpenElement | None = None

    def is_foreign(self, name: str) -> bool:
        """Tell whether the start tag `name` (or text, with an empty name) would now belong to SVG or MathML."""
        top = self._open.top
        if top is None or not top.foreign:
            return False
        if not name:
            return True
        if top.point:
            return foreign_elements.stays_foreign(top.foreign, top.name_alone, name)
        return not (name == foreign_elements.SVG and top.name == "math:annotation-xml")

    def ignores_raw(self, name: str) -> bool:
        """Tell whether the start tag of an element of raw text means nothing here."""
        return self._open.mode == "select" and name not in ("script", "template", "textarea", "datastore")

    def leave_foreign(self) -> None:
        """Close foreign content, for a tag that can only have been meant as HTML."""
        self._open.close_to(self._open.ground + 1)

    # start tags

    def start(self, name: str) -> bool:
        """Close what the start tag closes; tell whether it opens an element at all."""
        mode = self._open.mode
        if name in element_kinds.IMPLIED:
            return False
        if mode == "select":
            if name in element_kinds.BLOCKS or name in element_kinds.TABLE_PARTS or name in _LEAVES_SELECT:
                self._open.close_to(self._open.place("select"))
                return name != "select" and self.start(name)
            return name == "template"
        if name in element_kinds.TABLE_PARTS:
            return self._start_table_part(name, mode)
        if mode == "colgroup" and name != "template":
            self._open.close_to(self._open.place("colgroup"))
            mode = self._open.mode
        if name == "table" and mode in element_kinds.FOSTERING:
            table = self._open.place("table")
            if table > self._open.place("record", "template"):
                self._open.close_to(table)
        if name == "form" and mode in element_kinds.FOSTERING and self._open.place("table") >= 0:
            return False
        return self._start_in_body(name)

    def _start_in_body(self, name: str) -> bool:
        stack = self._open
        if name == "form" and self._form is not None and stack.place("template") < 0:
            return False
        if name == "li":
            self._close_item("li")
        elif name in ("dd", "dt"):
            self._close_item("dd", "dt")
        if name in element_kinds.CLOSES_P or (name == "table" and not self._quirks):
            self.close_p()
        self._end_of_its_kind(name)
        return True

    def _end_of_its_kind(self, name: str) -> None:
        """Close an element that none of the same kind may stand in."""
        stack = self._open
        top = stack.top
        if name in element_kinds.HEADINGS and top is not None and top.name in element_kinds.HEADINGS:
            stack.close_to(top.place)
        elif name == "button" and stack.in_scope(place := stack.place("button")):
            stack.close_to(place)
        elif name == "a":
            stack.end_formatting("a", again=True)
        elif name == "nobr" and stack.in_scope(stack.place("nobr")):
            stack.end_formatting("nobr")
        elif name in _RUBY and stack.in_scope(stack.place("ruby")):
            self._imply_ends(*(("rtc",) if name in ("rp", "rt") else ()))

    def _close_item(self, *names: str) -> None:
        place = self._open.place(*names)
        if place >= 0 and place >= self._open.fence:
            self._open.close_to(place)

    def is_p_shown(self) -> bool:
        """Tell whether a paragraph that ends now is one that takes its place on the page; a missing one is made by its end."""
        place = self._open.place("p")
        return not self._open.is_gone_at(place if self._open.in_scope(place, "button") else None)

    def close_p(self) -> bool:
        """Close the open paragraph; False where none is open."""
        place = self._open.place("p")
        if not self._open.in_scope(place, "button"):
            return False
        self._open.close_to(place)
        return True

    def _start_table_part(self, name: str, mode: str) -> bool:
        stack = self._open
        table = stack.place("table")
        if table <= stack.place("template", "record"):
            return self._start_loose_part(name)
        body, row = stack.place(*element_kinds.TABLE_BODIES), stack.place("tr")
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
        """Close what text does not stand in."""
        if self._open.mode == "colgroup":
            self._open.close_to(self._open.place("colgroup"))

    def _start_loose_part(self, name: str) -> bool:
        stack = self._open
        if not self._rows and stack.place("record", "template") < 0:
            return False
        if name in element_kinds.LOOSE_PARTS:
            closed, limits = element_kinds.LOOSE_PARTS[name]
            place = stack.place(*closed)
            if place > stack.place(*limits, "template", "record"):
                stack.close_to(place)
        self.close_p()
        return name not in ("col", "colgroup", "caption")

    # end tags

    def end(self, name: str) -> None:
        """Close what the end tag closes."""
        if self._end_foreign(name) or name in element_kinds.IMPLIED:
            return
        stack = self._open
        place = stack.place(name)
        if name in ("template", "record"):
            stack.close_to(place if place >= 0 else len(stack))
        elif name == "table" or name in element_kinds.TABLE_PARTS:
            self._end_table_part(name, place)
        elif stack.mode == "select":
            if name == "select":
                stack.close_to(place)
        elif name == "form":
            self._end_form()
        else:
            self._end_in_body(name, place)

    def _end_foreign(self, name: str) -> bool:
        """Close the foreign element that the end tag names; False where it names none."""
        top = self._open.top
        if top is None or not top.foreign:
            return False
        if name in ("p", "br"):
            self.leave_foreign()
            return False
        place = self._open.place(f"svg:{name}", f"math:{name}")
        if place <= self._open.html:
            return False
        self._open.close_to(place)
        return True

    def _end_table_part(self, name: str, place: int) -> None:
        table = self._open.place("table")
        if place >= 0 and place >= max(table, self._open.place("template", "record")):
            self._open.close_to(place)

    def _end_in_body(self, name: str, place: int) -> None:
        stack = self._open
        if name == "p":
            self.close_p()
        elif name in element_kinds.HEADINGS:
            place = stack.place(*element_kinds.HEADINGS)
            if stack.in_scope(place):
                stack.close_to(place)
        elif name in element_kinds.ENDS_IN_SCOPE or name == "li":
            limits = ("ul", "ol") if name == "li" else ()
            if stack.in_scope(place, *limits):
                stack.close_to(place)
        elif (name not in element_kinds.FORMATTING or not stack.end_formatting(name)) and place > stack.special:
            stack.close_to(place)

    def opened_form(self, element: OpenElement) -> None:
        """Remember the open form: another one inside it opens nothing."""
        if self._open.place("template") < 0:
            self._form = element

    def _end_form(self) -> None:
        """Close the form; what is open in it stays open."""
        stack, form = self._open, self._form
        if stack.place("template") >= 0:
            place = stack.place("form")
            if stack.in_scope(place):
                stack.close_to(place)
            return
        self._form = None
        place = stack.place("form")
        if form is None or form.place != place or not stack.in_scope(place):
            return
        self._imply_ends()
        if stack.top is form:
            stack.close_to(place)
        else:
            stack.forget(form)

    def _imply_ends(self, *but: str) -> None:
        """Close the innermost elements that end without a tag (section 13.2.6.3)."""
        while (top := self._open.top) is not None and top.name in element_kinds.ENDS_IMPLIED and top.name not in but:
            self._open.close_to(top.place)
