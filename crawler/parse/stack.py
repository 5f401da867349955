"""The open elements of the walk, with closing in constant time however deep and however broken the nesting is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from . import elements


@dataclass(slots=True)
class OpenElement:
    """An element whose end has not come: where it began, and what its content is."""

    name: str
    first: int
    block: bool
    unread: bool
    furniture: bool
    fresh: bool  # began where a paragraph does, so its span is whole paragraphs


class OpenElements:
    """A stack that knows the place of each name in it; `closed` is told of each element that leaves.

    `unread` and `heading` count the open elements whose text is no content, and the open headings.
    """

    def __init__(self, closed: Callable[[OpenElement], None]) -> None:
        self._closed = closed
        self._stack: list[OpenElement] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._blocks: list[int] = []
        self._barriers: list[int] = []
        self.unread = 0
        self.heading = 0

    def push(self, element: OpenElement) -> None:
        """Open an element inside the innermost one."""
        place = len(self._stack)
        self._stack.append(element)
        self._places[element.name].append(place)
        if element.block:
            self._blocks.append(place)
        if element.name in elements.BARRIERS:
            self._barriers.append(place)
        self.unread += element.unread
        self.heading += element.name in elements.HEADINGS

    def has(self, name: str) -> bool:
        """Tell whether an element of that name is open."""
        return bool(self._places.get(name))

    def imply_ends(self, name: str) -> None:
        """Close what the start of the block `name` closes without a tag: a paragraph, an item, a cell, a select."""
        barrier = _top(self._barriers)
        if name in elements.CLOSES:
            closed, scopes = elements.CLOSES[name]
            place = max(self._place(other) for other in closed)
            limits = [self._place(other) for other in scopes]
            if name not in elements.TABLE_PARTS:
                limits.append(barrier)
            if place > max(limits):
                self.close_to(place)
        for other in ("select", "p"):
            place = self._place(other)
            if place > _top(self._barriers):
                self.close_to(place)

    def end(self, name: str) -> None:
        """Close the nearest open element of that name, unless the end tag stands outside of its reach."""
        place = self._place(name)
        if place < 0:
            return
        if name in elements.TABLE_PARTS:
            reach = self._place("table") if name != "table" else -1
        elif name in elements.BARRIERS:
            reach = -1
        elif self._stack[place].block or self._stack[place].unread:
            reach = _top(self._barriers)
        else:
            reach = max(_top(self._barriers), _top(self._blocks))
        if place > reach:
            self.close_to(place)

    def close_to(self, depth: int) -> None:
        """Close the innermost elements until `depth` of them are left."""
        while len(self._stack) > depth:
            element = self._stack[-1]
            self._closed(element)
            self._stack.pop()
            self._places[element.name].pop()
            if element.block:
                self._blocks.pop()
            if element.name in elements.BARRIERS:
                self._barriers.pop()
            self.unread -= element.unread
            self.heading -= element.name in elements.HEADINGS

    def _place(self, name: str) -> int:
        places = self._places.get(name)
        return places[-1] if places else -1


def _top(places: list[int]) -> int:
    return places[-1] if places else -1
