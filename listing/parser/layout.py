"""Paragraphs to blocks: which paragraphs stand with which attribution, as far as the structure of the page tells.

The interior markup of the column was never seen, so no tag or class is relied on. Each element is a
span of paragraphs. An entry's block is the largest span with exactly one attribution and no furniture: by counts of
both up to each paragraph that is one subtraction, and the whole page is linear.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from foreign_eyes.listing.parser.markers import is_furniture
from foreign_eyes.listing.parser.page_content import Paragraph, Span


@dataclass(slots=True)
class Block:
    """The paragraphs `first` to `last` that stand with the attribution `at`, and how far its entry may reach."""

    at: int
    first: int
    last: int
    reach: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of a page in order, and for each paragraph whether it is furniture."""

    blocks: tuple[Block, ...]
    furniture: Sequence[bool]


def lay_out(paragraphs: Sequence[Paragraph], spans: Sequence[Span], attributions: Collection[int]) -> Layout:
    """Return the block of each attribution (given as paragraph numbers)."""
    at = sorted(attributions)
    counts = _counts(len(paragraphs), at)
    furniture = _furniture(paragraphs, spans, at, counts)
    fenced = list(accumulate(furniture, initial=0))
    blocks = [Block(place, place, place, (place, place)) for place in at]
    items: dict[int, Span] = {}
    for span in spans:
        first, last = span.first, span.last
        if counts[last + 1] - counts[first] != 1:
            continue
        block = blocks[counts[first]]
        if span.item and last > first:
            items[counts[first]] = span
        if fenced[last + 1] == fenced[first] and last - first > block.last - block.first:
            block.first, block.last = first, last
    _stay_in_items(blocks, items, fenced)
    _set_reach(blocks, spans, counts, items)
    return Layout(tuple(blocks), furniture)


def _counts(size: int, places: Sequence[int]) -> list[int]:
    marks = [0] * size
    for place in places:
        marks[place] = 1
    return list(accumulate(marks, initial=0))


def _furniture(
    paragraphs: Sequence[Paragraph], spans: Sequence[Span], attributions: Sequence[int], counts: Sequence[int]
) -> list[bool]:
    """Mark headings, pager and imprint, and every element that is furniture by name and holds no attribution."""
    edges = [0] * (len(paragraphs) + 1)
    for span in spans:
        if span.furniture and counts[span.last + 1] == counts[span.first]:
            edges[span.first] += 1
            edges[span.last + 1] -= 1
    entries = set(attributions)
    return [
        number not in entries
        and (depth > 0 or paragraph.furniture or is_furniture(paragraph.text, linked=paragraph.linked))
        for number, (depth, paragraph) in enumerate(zip(accumulate(edges), paragraphs, strict=False))
    ]


def _stay_in_items(blocks: Sequence[Block], items: dict[int, Span], fenced: Sequence[int]) -> None:
    """An entry that stands in a list item, a row or an article ends there, even where it is the page's only one."""
    for number, span in items.items():
        if fenced[span.last + 1] == fenced[span.first]:
            blocks[number].first, blocks[number].last = span.first, span.last


def _set_reach(blocks: Sequence[Block], spans: Sequence[Span], counts: Sequence[int], items: dict[int, Span]) -> None:
    """Set how far each entry may look for parts outside its block: to the end of the list that it is part of.

    That is the smallest element with a second attribution; spans come innermost first, so the first one that fits is
    the smallest. An entry that is alone on its page looks no further than its item, or the next element round it.
    """
    waiting: list[Block] = []
    coming = 0
    for span in spans:
        while coming < len(blocks) and blocks[coming].at <= span.last:
            waiting.append(blocks[coming])
            coming += 1
        if counts[span.last + 1] - counts[span.first] > 1:
            while waiting and waiting[-1].at >= span.first:
                waiting.pop().reach = (span.first, span.last)
    if len(blocks) == 1:
        only = blocks[0]
        nearest = [items[0], *spans] if 0 in items else spans
        around = next((span for span in nearest if _is_wider(span, only)), None)
        only.reach = (around.first, around.last) if around else (only.first, only.last)


def _is_wider(span: Span, block: Block) -> bool:
    return span.first <= block.first and span.last >= block.last and span.last - span.first > block.last - block.first
