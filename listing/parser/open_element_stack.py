"""The stack of open elements (WHATWG HTML, section 13.2.4.2).

Closing an element takes constant time for any nesting.

An element that ends while elements inside it stay open remains in the stack without a name (`detach`). So each look-up reads
the end of a list, and each loop over the stack is bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from foreign_eyes.listing.parser import element_kinds
from foreign_eyes.listing.parser.open_element import OpenElement, traits_of

_MOST_UPDATED = 64  # elements whose visibility is computed again when an element below them is detached
_MOST_RECONSTRUCTED = 4  # hiding formatting elements that are reopened in later paragraphs


class OpenElements:
    """A stack of open elements with an index by name.

    `on_closed` is called before an element leaves the stack, `on_detached` when an element ends while others inside it stay
    open.
    """

    def __init__(self, on_closed: Callable[[OpenElement], None], on_detached: Callable[[OpenElement], None]) -> None:
        self._on_closed = on_closed
        self._on_detached = on_detached
        self._stack: list[OpenElement] = []
        self._indexes_by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._scopes: list[int] = []
        self._special: list[int] = []
        self._item_boundaries: list[int] = []
        self._insertion_modes: list[int] = []
        self._hiding: list[int] = []
        # per marker: the active formatting elements by name, and those among them that hide something
        self._formatting: list[defaultdict[str, list[OpenElement]]] = [defaultdict(list)]
        self._hiding_formatting: list[list[OpenElement]] = [[]]
        self.heading = 0

    # looking up

    def __len__(self) -> int:
        return len(self._stack)

    @property
    def top(self) -> OpenElement | None:
        """The innermost open element."""
        return self._stack[-1] if self._stack else None

    def index_of(self, *names: str) -> int:
        """Return the index of the innermost element with one of `names`, or -1."""
        found = -1
        for name in names:
            if indexes := self._indexes_by_name.get(name):
                found = max(found, indexes[-1])
        return found

    def in_scope(self, index: int, *limits: str) -> bool:
        """Return whether the element at `index` is in scope.

        No scope boundary and none of `limits` may be open inside it.
        """
        return index >= 0 and index >= _top_of(self._scopes) and index > self.index_of(*limits)

    @property
    def special(self) -> int:
        """The index of the innermost special element, which end tags of other elements do not cross."""
        return _top_of(self._special)

    @property
    def item_boundary(self) -> int:
        """The index of the innermost element that protects open list items outside it."""
        return _top_of(self._item_boundaries)

    @property
    def innermost_html(self) -> int:
        """The index of the innermost HTML element."""
        return self._stack[-1].innermost_html if self._stack else -1

    @property
    def innermost_html_content(self) -> int:
        """The index of the innermost element whose content is HTML."""
        return self._stack[-1].innermost_html_content if self._stack else -1

    @property
    def insertion_mode(self) -> str:
        """The name of the innermost element with an insertion mode of its own, or an empty text."""
        return self._stack[self._insertion_modes[-1]].name if self._insertion_modes else ""

    def is_shown(self) -> bool:
        """Return whether the next text is shown."""
        parent = self._parent_index(len(self._stack), foster_parented=True)
        return parent < 0 or (not self._stack[parent].is_hidden and self._stack[parent].is_visible)

    def is_hidden(self) -> bool:
        """Return whether the next content is hidden, so that it does not break a paragraph."""
        return bool(self._stack) and self._stack[-1].is_hidden

    def is_hidden_at(self, index: int | None) -> bool:
        """Return whether the element at `index` is hidden; for None, whether the next content is."""
        return self.is_hidden() if index is None else self._stack[index].is_hidden

    # opening

    def push(self, element: OpenElement) -> None:
        """Open an element inside the innermost one."""
        stack, name = self._stack, element.name
        index = element.index = len(stack)
        traits = traits_of(name)
        top = stack[-1] if stack else None
        element.parent = self._parent_index(index, foster_parented=traits.foster_parented)
        if element.foreign:
            element.innermost_html = -1 if top is None else top.innermost_html
            outer = -1 if top is None else top.innermost_html_content
            element.innermost_html_content = index if element.integration_point else outer
        else:
            element.innermost_html = element.innermost_html_content = index
        stack.append(element)
        self._update_visibility(element)
        self._indexes_by_name[name].append(index)
        if traits.plain and not element.scope and element.visible is None and not element.hidden:
            return
        for index_list, applies in (
            (self._scopes, traits.scope or element.scope),
            (self._special, traits.special or element.scope),
            (self._item_boundaries, traits.item_boundary or element.scope),
            (self._insertion_modes, traits.insertion_mode),
            (self._hiding, element.hidden or element.visible is not None),
        ):
            if applies:
                index_list.append(index)
                element.index_lists.append(index_list)
        if traits.marker:
            self._formatting.append(defaultdict(list))
            self._hiding_formatting.append([])
        self.heading += traits.heading

    def _parent_index(self, index: int, *, foster_parented: bool) -> int:
        """Return the index of the parent of an element at `index`.

        Content of a table is foster-parented.
        """
        parent = index - 1
        if foster_parented and parent >= 0 and self._stack[parent].name in element_kinds.FOSTERING:
            table = self.index_of("table")
            if table > self.index_of("record", "template"):
                return table - 1
        return parent

    def _update_visibility(self, element: OpenElement) -> None:
        parent = self._stack[element.parent] if element.parent >= 0 else None
        element.is_hidden = element.hidden or (parent is not None and parent.is_hidden)
        inherited = parent is None or parent.is_visible
        element.is_visible = inherited if element.visible is None else element.visible

    # formatting elements (section 13.2.4.3)

    def push_formatting(self, element: OpenElement) -> None:
        """Open a formatting element, which is reopened in the next paragraph unless it is closed."""
        self.push(element)
        named = self._formatting[-1][element.name]
        element.formatting_index = len(named)
        named.append(element)
        if element.hidden or element.visible is not None:
            hiding = self._hiding_formatting[-1]
            hiding.append(element)
            del hiding[:-_MOST_RECONSTRUCTED]

    def reconstruct_formatting(self) -> bool:
        """Reopen the hiding formatting elements that were closed with an outer element."""
        hiding = self._hiding_formatting[-1]
        if not hiding or self._is_open(hiding[-1]):
            return False
        first = len(hiding)
        while first and not self._is_open(hiding[first - 1]):
            first -= 1
        for number in range(first, len(hiding)):
            old = hiding[number]
            new = OpenElement(old.name, hidden=old.hidden, visible=old.visible, formatting_index=old.formatting_index)
            self.push(new)
            hiding[number] = self._formatting[-1][old.name][old.formatting_index] = new
        return True

    def end_formatting(self, name: str, *, starts_link: bool = False) -> bool:
        """Close the last formatting element of that name, also if others inside it are open.

        Return False if there is none.

        With `starts_link`, for the start tag of a link, no other link stays open (section 13.2.6.4.7, "a").
        """
        named = self._formatting[-1][name]
        while named and named[-1] is _REMOVED:
            named.pop()
        if not named:
            return False
        element = named[-1]
        if self._is_open(element) and element.index < _top_of(self._scopes):
            if starts_link:
                named.pop()
                self._deactivate(element)
                self.detach(element)
            return True
        named.pop()
        self._hiding_formatting[-1] = [other for other in self._hiding_formatting[-1] if other is not element]
        if self._is_open(element):
            if self.special < element.index:
                self.close_to(element.index)
            else:
                self.close_to(self.special + 1)
                self._detach_formatting(element)
        return True

    def _detach_formatting(self, element: OpenElement) -> None:
        """End a formatting element while blocks inside it stay open.

        Other elements inside it that are not blocks end, too.

        Formatting elements inside it stay, except those more than three elements outside of a block.
        """
        hides = _top_of(self._hiding) >= element.index
        self.detach(element)
        if not hides or len(self._stack) - element.index > _MOST_UPDATED:
            return
        detached, outside = [], 0
        for other in reversed(self._stack[element.index + 1 :]):
            if other.index in self._special[-_MOST_UPDATED:]:
                outside = 0
                continue
            outside += 1
            if not self._is_active(other) or outside > 3:
                detached.append(other)
        for other in detached:
            self._deactivate(other)
            self.detach(other)
        for other in self._stack[element.index :]:
            self._update_visibility(other)

    def _is_active(self, element: OpenElement) -> bool:
        named = self._formatting[-1].get(element.name, [])
        return 0 <= element.formatting_index < len(named) and named[element.formatting_index] is element

    def _deactivate(self, element: OpenElement) -> None:
        """Remove a formatting element from the active ones.

        Its place in the list stays, because indexes refer to it.
        """
        if self._is_active(element):
            self._formatting[-1][element.name][element.formatting_index] = _REMOVED
        self._hiding_formatting[-1] = [other for other in self._hiding_formatting[-1] if other is not element]

    def _is_open(self, element: OpenElement) -> bool:
        return 0 <= element.index < len(self._stack) and self._stack[element.index] is element

    # closing

    def detach(self, element: OpenElement) -> None:
        """End an element while elements inside it stay open; it no longer hides anything."""
        indexes = self._indexes_by_name[element.name]
        if indexes and indexes[-1] == element.index:
            indexes.pop()
            self._on_detached(element)
            element.name = ""
        element.hidden, element.visible = False, None
        self._update_visibility(element)

    def close_to(self, depth: int) -> None:
        """Close the innermost elements until `depth` elements are left."""
        while len(self._stack) > depth:
            element = self._stack[-1]
            self._on_closed(element)
            self._stack.pop()
            if element.name:
                self._indexes_by_name[element.name].pop()
            for index_list in element.index_lists:
                index_list.pop()
            if element.name in element_kinds.MARKERS:
                self._formatting.pop()
                self._hiding_formatting.pop()
            self.heading -= element.name in element_kinds.HEADINGS


_REMOVED = OpenElement("")


def _top_of(indexes: list[int]) -> int:
    return indexes[-1] if indexes else -1
