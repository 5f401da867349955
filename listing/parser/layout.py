"""Group paragraphs into blocks, one per attribution, by the structure of the page.

The markup of the real column was not available, so no tag or class is assumed. Each element is a span of paragraphs. The
block of an entry is the largest span with exactly one attribution and no boilerplate. With running counts of both, each
span is checked in constant time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from foreign_eyes.listing.parser.markers import is_boilerplate
from foreign_eyes.listing.parser.page_content import Paragraph, Span


@dataclass(slots=True)
class Block:
    """The paragraphs `first` to `last` of one attribution.

    `reach` are the first and the last paragraph between which its entry may have parts.
    """

    attribution: int
    first: int
    last: int
    reach: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of a page in order, and whether each paragraph is boilerplate."""

    blocks: tuple[Block, ...]
    boilerplate: Sequence[bool]


def lay_out(paragraphs: Sequence[Paragraph], spans: Sequence[Span], attributions: Collection[int]) -> Layout:
    """Return the block of each attribution; `attributions` are paragraph numbers."""
    positions = sorted(attributions)
    attribution_counts = _running_counts(len(paragraphs), positions)
    boilerplate = _mark_boilerplate(paragraphs, spans, positions, attribution_counts)
    boilerplate_counts = list(accumulate(boilerplate, initial=0))
    blocks = [Block(position, position, position, (position, position)) for position in positions]
    items: dict[int, Span] = {}
    for span in spans:
        first, last = span.first, span.last
        if attribution_counts[last + 1] - attribution_counts[first] != 1:
            continue
        block = blocks[attribution_counts[first]]
        if span.item and last > first:
            items[attribution_counts[first]] = span
        if boilerplate_counts[last + 1] == boilerplate_counts[first] and last - first > block.last - block.first:
            block.first, block.last = first, last
    _limit_to_items(blocks, items, boilerplate_counts)
    _set_reach(blocks, spans, attribution_counts, items)
    return Layout(tuple(blocks), boilerplate)


def _running_counts(size: int, positions: Sequence[int]) -> list[int]:
    flags = [0] * size
    for position in positions:
        flags[position] = 1
    return list(accumulate(flags, initial=0))


def _mark_boilerplate(
    paragraphs: Sequence[Paragraph],
    spans: Sequence[Span],
    attributions: Sequence[int],
    attribution_counts: Sequence[int],
) -> list[bool]:
    """Return for each paragraph whether it is boilerplate.

    Its text decides, or an element around it that is boilerplate and has no attribution.
    """
    edges = [0] * (len(paragraphs) + 1)
    for span in spans:
        if span.boilerplate and attribution_counts[span.last + 1] == attribution_counts[span.first]:
            edges[span.first] += 1
            edges[span.last + 1] -= 1
    entries = set(attributions)
    return [
        number not in entries
        and (depth > 0 or paragraph.boilerplate or is_boilerplate(paragraph.text, linked=paragraph.linked))
        for number, (depth, paragraph) in enumerate(zip(accumulate(edges), paragraphs, strict=False))
    ]


def _limit_to_items(blocks: Sequence[Block], items: dict[int, Span], boilerplate_counts: Sequence[int]) -> None:
    """Set the block of an entry inside a list item, a row or an article to that element."""
    for number, span in items.items():
        if boilerplate_counts[span.last + 1] == boilerplate_counts[span.first]:
            blocks[number].first, blocks[number].last = span.first, span.last


def _set_reach(
    blocks: Sequence[Block], spans: Sequence[Span], attribution_counts: Sequence[int], items: dict[int, Span]
) -> None:
    """Set the paragraphs in which each entry may have parts: those of its list.

    The list is the smallest element with a second attribution. Spans are ordered from the innermost outwards, so it is the
    first that fits. The only entry of a page is limited to its item, or to the next larger element.
    """
    pending: list[Block] = []
    next_block = 0
    for span in spans:
        while next_block < len(blocks) and blocks[next_block].attribution <= span.last:
            pending.append(blocks[next_block])
            next_block += 1
        if attribution_counts[span.last + 1] - attribution_counts[span.first] > 1:
            while pending and pending[-1].attribution >= span.first:
                pending.pop().reach = (span.first, span.last)
    if len(blocks) == 1:
        block = blocks[0]
        nearest = [items[0], *spans] if 0 in items else spans
        parent = next((span for span in nearest if _is_wider(span, block)), None)
        block.reach = (parent.first, parent.last) if parent else (block.first, block.last)


def _is_wider(span: Span, block: Block) -> bool:
    return span.first <= block.first and span.last >= block.last and span.last - span.first > block.last - block.first
