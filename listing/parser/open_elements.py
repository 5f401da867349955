"""The open elements of the walk, with closing in constant time however deep and however broken the nesting is.

An element that is closed over by another one stays in the stack without a name (`forget`): what is looked up is
always found at the end of a list, and a walk is bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from foreign_eyes.listing.parser import element_kinds

_MOST_LOOKED_THROUGH = 64  # elements whose visibility is found anew when one under them is detached
_MOST_RESUMED = 4  # hidden formatting elements that go on in later paragraphs


@dataclass(slots=True)
class OpenElement:
    """An element whose end has not come: where it began, what it says of its being seen, and what follows from all round it."""

    name: str
    first: int = 0
    block: bool = False
    furniture: bool = False
    fresh: bool = False  # began where a paragraph does, so its span is whole paragraphs
    gone: bool = False  # by itself
    visible: bool | None = None  # by itself
    foreign: str = ""  # svg or math
    point: bool = False  # foreign, but its content is HTML
    scope: bool = False  # foreign, and HTML end tags do not reach out of it
    # as the stack sets them
    kinds: list[list[int]] = field(default_factory=list)  # the lists of places that name it
    html: int = -1  # the innermost element that is not foreign, here
    ground: int = -1  # the innermost element whose content is HTML, here
    listed: int = -1
    place: int = -1
    around: int = -1
    is_gone: bool = False
    is_visible: bool = True

    @property
    def name_alone(self) -> str:
        """The name as written, without `svg:` or `math:`."""
        return self.name.rpartition(":")[2]


class _Traits(NamedTuple):
    """What follows from the name of an element; `plain` is one from which nothing does."""

    plain: bool
    fostered: bool
    scope: bool
    special: bool
    fence: bool
    mode: bool
    marker: bool
    heading: bool


@lru_cache(maxsize=1024)
def _traits(name: str) -> _Traits:
    special = name in element_kinds.SPECIAL
    return _Traits(
        plain=not special and name not in element_kinds.MODES,
        fostered=name not in element_kinds.TABLE_PARTS and name != "template",
        scope=name in element_kinds.SCOPES,
        special=special,
        fence=special and name not in element_kinds.PASSED_BY_ITEMS,
        mode=name in element_kinds.MODES,
        marker=name in element_kinds.MARKERS,
        heading=name in element_kinds.HEADINGS,
    )


class OpenElements:
    """A stack that knows the place of each name in it.

    `closed` is called with each element that leaves, `left` with one that an end tag closed over others which stay open.
    """

    def __init__(self, closed: Callable[[OpenElement], None], left: Callable[[OpenElement], None]) -> None:
        self._closed = closed
        self._left = left
        self._stack: list[OpenElement] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._scopes: list[int] = []
        self._special: list[int] = []
        self._fences: list[int] = []
        self._modes: list[int] = []
        self._hides: list[int] = []
        # The formatting elements since each marker, by name, and those of them that hide something
        self._formatting: list[defaultdict[str, list[OpenElement]]] = [defaultdict(list)]
        self._hiding: list[list[OpenElement]] = [[]]
        self.heading = 0

    # looking up

    def __len__(self) -> int:
        return len(self._stack)

    @property
    def top(self) -> OpenElement | None:
        """The innermost open element."""
        return self._stack[-1] if self._stack else None

    def place(self, *names: str) -> int:
        """Return the place of the innermost element with one of `names`, or -1."""
        found = -1
        for name in names:
            if places := self._places.get(name):
                found = max(found, places[-1])
        return found

    def in_scope(self, place: int, *limits: str) -> bool:
        """Tell whether an end tag reaches the element at `place`, out of nothing that limits it."""
        return place >= 0 and place >= _last(self._scopes) and place > self.place(*limits)

    @property
    def special(self) -> int:
        """The place of the innermost special element: other end tags do not reach out of it."""
        return _last(self._special)

    @property
    def fence(self) -> int:
        """The place of the innermost element that the start of a list item does not look through."""
        return _last(self._fences)

    @property
    def html(self) -> int:
        """The place of the innermost element that is not foreign."""
        return self._stack[-1].html if self._stack else -1

    @property
    def ground(self) -> int:
        """The place of the innermost element whose content is HTML."""
        return self._stack[-1].ground if self._stack else -1

    @property
    def mode(self) -> str:
        """The innermost element that has rules of its own for what may stand in it."""
        return self._stack[self._modes[-1]].name if self._modes else ""

    def is_shown(self) -> bool:
        """Tell whether text that comes now is seen."""
        around = self._around(len(self._stack), fostered=True)
        return around < 0 or (not self._stack[around].is_gone and self._stack[around].is_visible)

    def is_gone(self) -> bool:
        """Tell whether what comes now takes no place on the page."""
        return bool(self._stack) and self._stack[-1].is_gone

    def is_gone_at(self, place: int | None) -> bool:
        """Tell whether the element at `place`, or what comes now, takes no place on the page."""
        return self.is_gone() if place is None else self._stack[place].is_gone

    # opening

    def push(self, element: OpenElement) -> None:
        """Open an element inside the innermost one."""
        stack, name = self._stack, element.name
        place = element.place = len(stack)
        traits = _traits(name)
        top = stack[-1] if stack else None
        element.around = self._around(place, fostered=traits.fostered)
        if element.foreign:
            element.html = -1 if top is None else top.html
            element.ground = place if element.point else -1 if top is None else top.ground
        else:
            element.html = element.ground = place
        stack.append(element)
        self._see(element)
        self._places[name].append(place)
        if traits.plain and not element.scope and element.visible is None and not element.gone:
            return
        for kind, counts in (
            (self._scopes, traits.scope or element.scope),
            (self._special, traits.special or element.scope),
            (self._fences, traits.fence or element.scope),
            (self._modes, traits.mode),
            (self._hides, element.gone or element.visible is not None),
        ):
            if counts:
                kind.append(place)
                element.kinds.append(kind)
        if traits.marker:
            self._formatting.append(defaultdict(list))
            self._hiding.append([])
        self.heading += traits.heading

    def _around(self, place: int, *, fostered: bool) -> int:
        """Return the place of the element that what comes at `place` belongs to: directly in a table that is the table's own."""
        around = place - 1
        if fostered and around >= 0 and self._stack[around].name in element_kinds.FOSTERING:
            table = self.place("table")
            if table > self.place("record", "template"):
                return table - 1
        return around

    def _see(self, element: OpenElement) -> None:
        around = self._stack[element.around] if element.around >= 0 else None
        element.is_gone = element.gone or (around is not None and around.is_gone)
        inherited = around is None or around.is_visible
        element.is_visible = inherited if element.visible is None else element.visible

    # formatting elements (section 13.2.4.3)

    def push_formatting(self, element: OpenElement) -> None:
        """Open a formatting element, which goes on in the next paragraph where it is not closed."""
        self.push(element)
        named = self._formatting[-1][element.name]
        element.listed = len(named)
        named.append(element)
        if element.gone or element.visible is not None:
            hiding = self._hiding[-1]
            hiding.append(element)
            del hiding[:-_MOST_RESUMED]

    def resume(self) -> bool:
        """Open again the formatting elements that hide something and were closed by an element round them."""
        hiding = self._hiding[-1]
        if not hiding or self._is_open(hiding[-1]):
            return False
        first = len(hiding)
        while first and not self._is_open(hiding[first - 1]):
            first -= 1
        for number in range(first, len(hiding)):
            old = hiding[number]
            new = OpenElement(old.name, gone=old.gone, visible=old.visible, listed=old.listed)
            self.push(new)
            hiding[number] = self._formatting[-1][old.name][old.listed] = new
        return True

    def end_formatting(self, name: str, *, again: bool = False) -> bool:
        """Close the last formatting element of that name, also across others; False where the list has none.

        `again` is a link that begins: no other is left open (section 13.2.6.4.7, "a").
        """
        named = self._formatting[-1][name]
        while named and named[-1] is _NOTHING:
            named.pop()
        if not named:
            return False
        element = named[-1]
        if self._is_open(element) and element.place < _last(self._scopes):
            if again:
                named.pop()
                self._unlist(element)
                self.forget(element)
            return True
        named.pop()
        self._hiding[-1] = [other for other in self._hiding[-1] if other is not element]
        if self._is_open(element):
            if self.special < element.place:
                self.close_to(element.place)
            else:
                self.close_to(self.special + 1)
                self._close_over(element)
        return True

    def _close_over(self, element: OpenElement) -> None:
        """Take a formatting element out from under the blocks in it, and with it what else is not a block.

        Formatting elements in it stay, but for those more than three elements outside of a block.
        """
        hides = _last(self._hides) >= element.place
        self.forget(element)
        if not hides or len(self._stack) - element.place > _MOST_LOOKED_THROUGH:
            return
        gone, outside = [], 0
        for other in reversed(self._stack[element.place + 1 :]):
            if other.place in self._special[-_MOST_LOOKED_THROUGH:]:
                outside = 0
                continue
            outside += 1
            if not self._is_listed(other) or outside > 3:
                gone.append(other)
        for other in gone:
            self._unlist(other)
            self.forget(other)
        for other in self._stack[element.place :]:
            self._see(other)

    def _is_listed(self, element: OpenElement) -> bool:
        named = self._formatting[-1].get(element.name, [])
        return 0 <= element.listed < len(named) and named[element.listed] is element

    def _unlist(self, element: OpenElement) -> None:
        """Let a formatting element go on no more. Its place in the list stays, since others know theirs by number."""
        if self._is_listed(element):
            self._formatting[-1][element.name][element.listed] = _NOTHING
        self._hiding[-1] = [other for other in self._hiding[-1] if other is not element]

    def _is_open(self, element: OpenElement) -> bool:
        return 0 <= element.place < len(self._stack) and self._stack[element.place] is element

    # closing

    def forget(self, element: OpenElement) -> None:
        """Let no tag close an open element any more; it hides nothing that comes after what is open in it."""
        places = self._places[element.name]
        if places and places[-1] == element.place:
            places.pop()
            self._left(element)
            element.name = ""
        element.gone, element.visible = False, None
        self._see(element)

    def close_to(self, depth: int) -> None:
        """Close the innermost elements until `depth` of them are left."""
        while len(self._stack) > depth:
            element = self._stack[-1]
            self._closed(element)
            self._stack.pop()
            if element.name:
                self._places[element.name].pop()
            for kind in element.kinds:
                kind.pop()
            if element.name in element_kinds.MARKERS:
                self._formatting.pop()
                self._hiding.pop()
            self.heading -= element.name in element_kinds.HEADINGS


_NOTHING = OpenElement("")


def _last(places: list[int]) -> int:
    return places[-1] if places else -1
