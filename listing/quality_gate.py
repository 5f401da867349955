"""Decide whether a listing was read well enough to settle the crawl. Pure.

A crawl is complete if two passes over all pages were equal, and unchanged if one pass equals the last settled state. A
listing that looks wrong is suspect and settles nothing. Each check returns its reason as a message for the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from foreign_eyes.listing.text import in_a_line
from foreign_eyes.listing.text_digests import folded_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry, ListingPage, Verdict

MAX_PASSES = 5
# on a page of about 40,000 characters; more than this indicates a wrong codec
MAX_REPLACEMENTS = 10
MAX_PAGES_AT_FIRST = 200
# fewer entries are too few to decide that this is another listing
FEWEST_TO_COMPARE = 8
MAY_BE_CUT = "ended with the connection, without a length and before its end tag"
CHECKED_PARTS = ("excerpt", "title", "publication", "commentary")
# in bytes; a longer part of an entry is the text of another page, or a tag was never closed
LONGEST_PART = 64 * 1024
# growth by more than half and by more than this many entries indicates another listing, or one filled with spam
MOST_GROWTH = 40
TITLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ListingPass:
    """One pass over all pages.

    Attributes:
        bodies: the SHA-256 of each page's body. If a page aborted the pass, it is the last one, unless it was not read.
        fingerprints: the `fingerprint` of each page.
        aborted: why the pass could not be finished, or None.
        may_be_cut: the numbers, from 1, of pages that ended with the connection before their end tag.
    """

    bodies: tuple[str, ...]
    fingerprints: tuple[str, ...]
    aborted: str | None = None
    may_be_cut: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedCounts:
    """The number of entries listed now, and for each part the number of entries that lack it."""

    entries: int
    lacking: Mapping[str, int]


def wordings_of(listing: ListingPage) -> tuple[str, ...]:
    """Return the wording digests of the entries of a page, in order."""
    return tuple(wording_digest(entry) for entry in listing.entries)


def texts_of(listing: ListingPage) -> tuple[str, ...]:
    """Return the folded digests of the entries of a page, in order.

    They ignore style and white space.
    """
    return tuple(folded_digest(entry) for entry in listing.entries)


def fingerprint(listing: ListingPage) -> str:
    """Return a digest of the entries of a page, in order, and of its page count.

    Style and white space are ignored, because the servers behind one address can differ in them.
    """
    fields = [*texts_of(listing), str(listing.page_count)]
    return sha256("\x1e".join(fields).encode()).hexdigest()


def judge_passes(passes: Sequence[ListingPass], settled: Sequence[str] | None) -> Verdict | None:
    """Return the verdict of the crawl after these passes, or None if another pass is needed.

    `settled` are the digests of the page bodies that were settled last, in page order; None if no crawl has settled.
    """
    last = passes[-1]
    before = passes[-2] if len(passes) > 1 else None
    if last.aborted is None and settled is not None and tuple(settled) == last.bodies:
        # if an earlier pass differed, the entries that it showed must be settled
        return Verdict("unchanged" if before is None else "complete")
    if before is not None and before.aborted == last.aborted and last.aborted is not None:
        # a page that may be cut, and has another page count than page 1, has most likely lost its end
        return Verdict("partial", last.aborted, cut_short=len(last.bodies) in last.may_be_cut)
    uncertain: list[int] = []
    if before is not None and before.aborted is None is last.aborted and before.fingerprints == last.fingerprints:
        uncertain = [page for page in last.may_be_cut if before.bodies[page - 1] != last.bodies[page - 1]]
        if not uncertain:
            return Verdict("complete")
    if len(passes) >= MAX_PASSES:
        cut = f"page {uncertain[0]} {MAY_BE_CUT}, at a different point each time" if uncertain else None
        return Verdict("partial", last.aborted or cut or f"the listing changed during each of {MAX_PASSES} passes")
    return None


def page_limit(last_pages: int | None) -> int:
    """Return the most pages that a listing may have.

    That is about three times as many as the last good crawl found.
    """
    return MAX_PAGES_AT_FIRST if last_pages is None else max(3 * last_pages, 25)


def suspect_page(
    page: int,
    listing: ListingPage,
    *,
    lost_heading: bool = False,
    before: ListedCounts | None = None,
    new_wordings: Callable[[Collection[str]], Collection[str]] = frozenset,
) -> str | None:
    """Return why a page looks wrong, or None.

    Args:
        page: the number of the page, from 1.
        listing: the page.
        lost_heading: whether the page lacks the column's heading and had it before.
        before: the counts of the entries listed now, to compare with; None if none are.
        new_wordings: returns those wording digests that no entry has.
    """
    if not listing.entries:
        return f"page {page} lists no entries"
    if doubt := _suspect_length(page, listing.entries):
        return doubt
    if listing.replacements > MAX_REPLACEMENTS:
        return f"page {page} has {listing.replacements} replacement characters (decoded as {listing.encoding}); is it damaged?"
    if before is not None and before.entries:
        doubt = suspect_parts(f"page {page}", listing.entries, before, new_wordings)
    else:
        doubt = _suspect_at_first(page, listing.entries)
    if doubt:
        return doubt
    if lost_heading:
        entries = f"its {len(listing.entries)} entries" if len(listing.entries) > 1 else "its one entry"
        return f"page {page} has lost the column's heading above {entries}; is it another listing?"
    return None


def suspect_parts(
    where: str,
    entries: Sequence[ListedEntry],
    before: ListedCounts,
    new_wordings: Callable[[Collection[str]], Collection[str]],
) -> str | None:
    """Return which part is missing from many more entries than `before`, or None.

    The share of entries without the part must have grown by more than 25 percentage points. Only new wordings count,
    because the entries that already lacked the part may all be on one page.
    """
    number = len(entries)
    for part in CHECKED_PARTS:
        without = [entry for entry in entries if not getattr(entry, part)]
        # the growth of the share of entries without the part, times number * before.entries
        growth = len(without) * before.entries - before.lacking.get(part, 0) * number
        if growth < 2 * before.entries or 4 * growth <= number * before.entries:
            continue
        new = new_wordings({wording_digest(entry) for entry in without})
        new_count = sum(1 for entry in without if wording_digest(entry) in new)
        if new_count > 1 and 4 * new_count > number:
            article = "an" if part == "excerpt" else "a"
            now = f"{len(without)} of {number} entries lack {article} {part}"
            earlier = f"the last good crawl had {before.lacking.get(part, 0)} of {before.entries}"
            return f"{where}: {now}; {earlier}; has its layout changed?"
    return None


def _suspect_length(page: int, entries: Sequence[ListedEntry]) -> str | None:
    """Return which part of an entry is too long, or None."""
    for entry in entries:
        for part in (*CHECKED_PARTS, "attribution"):
            text = getattr(entry, part) or ""
            # UTF-8 has at most four bytes per character, so most texts need not be encoded
            if len(text) * 4 > LONGEST_PART < (size := len(text.encode())):
                article = "an" if part in ("excerpt", "attribution") else "a"
                found = f"an entry has {article} {part} of {size // 1024} KB"
                return f"page {page}: {found}; at most {LONGEST_PART // 1024} KB are accepted; has its layout changed?"
    return None


def _suspect_at_first(page: int, entries: Sequence[ListedEntry]) -> str | None:
    """Return why a page of a source without listed entries looks wrong, or None."""
    lacking = sum(1 for entry in entries if not entry.excerpt or not entry.title)
    if lacking * 2 > len(entries) and lacking > 1:
        return f"page {page}: {lacking} of {len(entries)} entries lack an excerpt or a title; has its layout changed?"
    return None


def suspect_strangers(entries: int, strangers: int, before: int) -> str | None:
    """Return why a listing with few known entries looks like another one, or None.

    Args:
        entries: the number of entries of the listing.
        strangers: how many of them share neither wording nor title nor excerpt with a known entry.
        before: the number of entries listed before.
    """
    known = entries - strangers
    if min(entries, before) < FEWEST_TO_COMPARE or strangers * 4 <= entries * 3 or known * 2 >= before:
        return None
    are = "is" if known == 1 else "are"
    found = f"the listing shows {entries} entries, of which {known or 'none'} {are} known"
    return f"{found}; the last good crawl found {before}; is it another listing?"


def most_plausible(most: int) -> int:
    """Return the highest plausible number of entries if crawls have found at most `most`."""
    return max(most + most // 2, most + MOST_GROWTH)


def suspect_growth(
    page: int,
    entries: Sequence[ListedEntry],
    most: int,
    new_wordings: Callable[[Collection[str]], Collection[str]],
) -> str | None:
    """Return why the pages read so far have too many entries, or None.

    The reason quotes the titles of the first new ones.
    """
    if len(entries) <= most_plausible(most):
        return None
    new: list[ListedEntry] = []
    for start in range(0, len(entries), 100):  # query the archive only until some are found
        digests = {wording_digest(entry): entry for entry in entries[start : start + 100]}
        unknown = new_wordings(digests.keys())
        new += [entry for digest, entry in digests.items() if digest in unknown]
        if len(new) >= TITLES_SHOWN:
            break
    titles = (in_a_line(entry.title or entry.attribution or entry.excerpt) for entry in new[:TITLES_SHOWN])
    quoted = ", ".join(f'"{title}"' for title in titles)
    found = f"the listing shows {len(entries)} entries up to page {page}"
    return f"{found}; the most that a complete crawl found is {most}; among the new: {quoted}; is it another listing?"


def suspect_count(entries: int, last_entries: int | None) -> str | None:
    """Return why a whole listing has too few entries compared with the last good crawl, or None."""
    if last_entries and entries * 2 < last_entries:
        return f"the listing shows {entries} entries; the last good crawl found {last_entries}"
    return None
