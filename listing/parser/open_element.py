"""An element that is open, and the properties that follow from its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from foreign_eyes.listing.parser import element_kinds


@dataclass(slots=True)
class OpenElement:
    """An element without an end so far.

    Attributes:
        name: the name, with the prefix `svg:` or `math:` for foreign elements; empty after `OpenElements.detach`.
        first: the number of its first paragraph.
        block: whether it breaks paragraphs.
        boilerplate: whether its content is boilerplate.
        starts_paragraph: whether it began at the start of a paragraph, so that its span is whole paragraphs.
        hidden: whether it is not rendered with all its content, by its own attributes.
        visible: the `visibility` property by its own attributes; None means inherited.
        foreign: "svg", "math", or empty for HTML.
        integration_point: whether it is foreign with content parsed as HTML.
        scope: whether it is a foreign scope boundary, which HTML end tags do not cross.

    `OpenElements` sets the other attributes:
        index_lists: the lists of indexes in which the element is.
        innermost_html: the index of the innermost HTML element, from here outwards.
        innermost_html_content: the index of the innermost element with HTML content, from here outwards.
        formatting_index: the index in the list of active formatting elements of that name.
        index: the index in the stack.
        parent: the index of the parent, after foster parenting.
        is_hidden: whether it or an ancestor is hidden.
        is_visible: the inherited visibility.
    """

    name: str
    first: int = 0
    block: bool = False
    boilerplate: bool = False
    starts_paragraph: bool = False
    hidden: bool = False
    visible: bool | None = None
    foreign: str = ""
    integration_point: bool = False
    scope: bool = False
    index_lists: list[list[int]] = field(default_factory=list)
    innermost_html: int = -1
    innermost_html_content: int = -1
    formatting_index: int = -1
    index: int = -1
    parent: int = -1
    is_hidden: bool = False
    is_visible: bool = True

    @property
    def local_name(self) -> str:
        """The name without `svg:` or `math:`."""
        return self.name.rpartition(":")[2]


class ElementTraits(NamedTuple):
    """The properties of an element that follow from its name.

    `plain` if it has no effect on the indexes.
    """

    plain: bool
    foster_parented: bool
    scope: bool
    special: bool
    item_boundary: bool
    insertion_mode: bool
    marker: bool
    heading: bool


@lru_cache(maxsize=1024)
def traits_of(name: str) -> ElementTraits:
    """Return the traits of an element by its name."""
    special = name in element_kinds.SPECIAL
    return ElementTraits(
        plain=not special and name not in element_kinds.INSERTION_MODES,
        foster_parented=name not in element_kinds.TABLE_PARTS and name != "template",
        scope=name in element_kinds.SCOPE_BOUNDARIES,
        special=special,
        item_boundary=special and name not in element_kinds.NOT_ITEM_BOUNDARIES,
        insertion_mode=name in element_kinds.INSERTION_MODES,
        marker=name in element_kinds.MARKERS,
        heading=name in element_kinds.HEADINGS,
    )
