"""Find the excerpt, the attribution and the commentary of each entry of a page.

If the page is flat (attributions are siblings in one container, or lines between `<br>`), a paragraph between two
attributions belongs to the commentary of the first or to the excerpt of the second. `_split` decides, and flags guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from foreign_eyes.listing.parser import markers
from foreign_eyes.listing.parser.inline_attributions import Inline, find_inline
from foreign_eyes.listing.parser.layout import Block, Layout, lay_out
from foreign_eyes.listing.parser.page_content import PageContent, Paragraph
from foreign_eyes.listing.values import ListedEntry

GUESSED = "boundary guessed"


@dataclass(slots=True)
class Parts:
    """The parts of one entry as listed; the attribution is not split yet."""

    excerpt: str
    attribution: str
    commentary: str
    flags: list[str] = field(default_factory=list)

    def to_entry(self, title: str | None, publication: str | None, flags: Iterable[str]) -> ListedEntry:
        """Return the entry, its attribution split into title and publication with these flags."""
        return ListedEntry(
            excerpt=self.excerpt,
            attribution=self.attribution,
            title=title,
            publication=publication,
            commentary=self.commentary,
            flags=(*self.flags, *flags),
        )


@dataclass(slots=True)
class _Claim:
    """The numbers of the paragraphs that belong to one entry."""

    block: Block
    before: list[int]
    after: list[int]
    guessed: bool = False


def find_parts(document: PageContent, is_press: Callable[[str, bool], bool]) -> tuple[list[Parts], list[str]]:
    """Return the parts of each entry in order, and the texts outside all entries.

    `is_press(line, strict)` returns whether an attribution line can be split with confidence. It is called only for lines
    inside a paragraph of prose; `strict` (the publication must be known) if the paragraph belongs to another entry.
    """
    item_starts = {span.first for span in document.spans if span.item and span.last > span.first}
    paragraphs = _joined(document.paragraphs, item_starts)
    attributions = {number for number, paragraph in enumerate(paragraphs) if markers.is_attribution(paragraph.text)}
    layout = lay_out(paragraphs, document.spans, attributions)
    claims = _claims(paragraphs, layout)
    inlines = _inlines(paragraphs, layout, claims, is_press)
    if inlines:
        layout = lay_out(paragraphs, document.spans, attributions | inlines.keys())
        claims = _claims(paragraphs, layout)
    taken = {number for claim in claims for number in (*claim.before, claim.block.attribution, *claim.after)}
    outside = [paragraph.text for number, paragraph in enumerate(paragraphs) if number not in taken]
    return [_parts(paragraphs, claim, inlines.get(claim.block.attribution)) for claim in claims], outside


def _joined(paragraphs: Sequence[Paragraph], item_starts: Collection[int]) -> list[Paragraph]:
    """Join dashes to the next paragraph, and a line "by …" to the attribution before it.

    Dashes before a paragraph in `item_starts`, which begins an item of several paragraphs, are a rule between entries.
    Spans refer to paragraphs by number, so a joined paragraph leaves an empty one.
    """
    joined = list(paragraphs)
    for number, paragraph in enumerate(paragraphs):
        dashes = markers.dashes_alone(paragraph.text)
        following = joined[number + 1] if number + 1 < len(joined) else None
        if dashes == 0 or following is None:
            continue
        begins = number + 1 in item_starts
        if dashes == 1 and not begins and not following.boilerplate and not markers.is_attribution(following.text):
            joined[number] = Paragraph("", paragraph.gap)
            joined[number + 1] = Paragraph(paragraph.text + following.text, following.gap)
        else:
            joined[number] = Paragraph("", paragraph.gap)
            joined[number + 1] = Paragraph(following.text, following.gap + 2, following.linked, following.boilerplate)
    for number in range(len(joined) - 1):
        line, following = joined[number], joined[number + 1]
        if markers.is_attribution(line.text) and markers.BY_LINE.fullmatch(following.text):
            joined[number] = Paragraph(f"{line.text} {following.text}", line.gap)
            joined[number + 1] = Paragraph("", following.gap)
    return joined


def _claims(paragraphs: Sequence[Paragraph], layout: Layout) -> list[_Claim]:
    """Give each entry the paragraphs of its block and a share of those between blocks."""
    claims = [
        _Claim(
            block,
            [number for number in range(block.first, block.attribution) if paragraphs[number].text],
            [number for number in range(block.attribution + 1, block.last + 1) if paragraphs[number].text],
        )
        for block in layout.blocks
    ]
    owned = [(bool(claim.before), bool(claim.after)) for claim in claims]
    for number in range(len(claims) + 1):
        left = claims[number - 1] if number else None
        right = claims[number] if number < len(claims) else None
        _share(
            paragraphs,
            layout,
            left if left and not owned[number - 1][1] else None,
            right if right and not owned[number][0] else None,
            range(left.block.last + 1 if left else 0, right.block.first if right else len(paragraphs)),
        )
    return claims


def _share(
    paragraphs: Sequence[Paragraph], layout: Layout, left: _Claim | None, right: _Claim | None, gap: range
) -> None:
    """Give the paragraphs of `gap` to the entries that lack a part.

    An entry gets them up to boilerplate or the end of its list.
    """
    left_end, right_start = gap.start, gap.stop
    if left:
        while left_end < min(gap.stop, left.block.reach[1] + 1) and not layout.boilerplate[left_end]:
            left_end += 1
    if right:
        while right_start > max(gap.start, right.block.reach[0]) and not layout.boilerplate[right_start - 1]:
            right_start -= 1
    both = [number for number in range(right_start, left_end) if paragraphs[number].text]
    if left:
        left.after += [n for n in range(gap.start, min(left_end, right_start)) if paragraphs[n].text]
    if left and right and both:
        boundary, guessed = _split([paragraphs[number] for number in both])
        left.after += both[:boundary]
        right.before += both[boundary:]
        left.guessed = left.guessed or guessed
        right.guessed = right.guessed or guessed
    if right:
        right.before += [n for n in range(max(left_end, right_start), gap.stop) if paragraphs[n].text]


def _split(between: Sequence[Paragraph]) -> tuple[int, bool]:
    """Return how many paragraphs between two entries are commentary of the first.

    The second value says whether it is a guess.
    """
    size = len(between)
    start = next((number for number, paragraph in enumerate(between) if markers.is_labelled(paragraph.text)), None)
    minimum = 0 if start is None else start + 1 + markers.is_label(between[start].text)
    if minimum >= size:
        return size, False
    bullets = [number for number in range(minimum, size) if markers.BULLETS.match(between[number].text)]
    if bullets:
        return bullets[-1], len(bullets) > 1 and size > 2
    if size == 2:
        return 1, False
    if size - minimum == 1:
        return minimum, start is None
    gaps = [between[number].gap for number in range(max(minimum, 1), size)]
    widest = max(gaps)
    if widest and gaps.count(widest) == 1:
        return max(minimum, 1) + gaps.index(widest), False
    return size - 1, True


def _inlines(
    paragraphs: Sequence[Paragraph], layout: Layout, claims: Sequence[_Claim], is_press: Callable[[str, bool], bool]
) -> dict[int, Inline]:
    """Find attributions inside paragraphs outside all blocks.

    Use strict rules if an entry has the paragraph.
    """
    in_blocks = {number for block in layout.blocks for number in range(block.first, block.last + 1)}
    shared = {number for claim in claims for number in (*claim.before, *claim.after)}
    inlines = {}
    for number, paragraph in enumerate(paragraphs):
        if number in in_blocks or paragraph.boilerplate or not paragraph.text:
            continue
        inline = find_inline(paragraph.text, is_press, strict=number in shared)
        if inline is not None:
            inlines[number] = inline
    return inlines


def _parts(paragraphs: Sequence[Paragraph], claim: _Claim, inline: Inline | None) -> Parts:
    line = paragraphs[claim.block.attribution].text
    before = [paragraphs[number].text for number in claim.before] + ([inline.before] if inline else [])
    after = ([inline.after] if inline else []) + [paragraphs[number].text for number in claim.after]
    excerpt, commentary = _excerpt(before), _commentary(after)
    flags = [GUESSED] if claim.guessed else []
    flags += [] if excerpt else ["no excerpt"]
    flags += [] if commentary else ["no commentary"]
    return Parts(excerpt, inline.line if inline else line, commentary, flags)


def _excerpt(texts: Sequence[str]) -> str:
    """Join the paragraphs of an excerpt; remove bullets before the first word."""
    for number, text in enumerate(texts):
        if stripped := markers.without_bullets(text):
            return "\n".join((stripped, *(text for text in texts[number + 1 :] if text)))
    return ""


def _commentary(texts: Sequence[str]) -> str:
    """Join the paragraphs of a commentary; remove its label."""
    for number, text in enumerate(texts):
        if stripped := markers.without_label(text):
            return "\n".join((stripped, *(text for text in texts[number + 1 :] if text)))
    return ""
