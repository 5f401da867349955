"""When a listing has been read well enough to decide anything by it. Pure.

A crawl is complete when two passes over all its pages were equal, unchanged when one pass equals the last settled state;
what looks wrong is suspect and settles nothing. Every branch says why, in words for the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from foreign_eyes.listing.text import in_a_line
from foreign_eyes.listing.text_digests import folded_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry, ListingPage, Verdict

MAX_PASSES = 5
# a page of 40 entries holds about 40,000 characters; a handful lost is an editor's slip, more is a wrong codec
MAX_REPLACEMENTS = 10
MAX_PAGES_AT_FIRST = 200
# of fewer entries than these nobody can say that the listing is another one
FEWEST_TO_COMPARE = 8
MAY_BE_CUT = "ended with the connection, without a length and before its end tag"
CHECKED_PARTS = ("excerpt", "title", "publication", "commentary")
# an entry's part of more bytes than these is another page's text, or a tag that was never closed
LONGEST_PART = 64 * 1024
# growth by more than both is another listing, or one that somebody filled
MOST_GROWTH = 40
TITLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ListingPass:
    """One reading of all pages: the digest of each page's body and of what it lists, or why it was aborted.

    `may_be_cut` are the pages, from 1, that ended with the connection before their end tag. Where a page tore the pass off,
    it is the last of `bodies`, unless it could not be read.
    """

    bodies: tuple[str, ...]
    fingerprints: tuple[str, ...]
    aborted: str | None = None
    may_be_cut: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedCounts:
    """What the archive has listed now: how many entries, and by part how many of them lack it."""

    entries: int
    lacking: Mapping[str, int]


def wordings_of(listing: ListingPage) -> tuple[str, ...]:
    """Return the digests of the wordings that a page lists, in order."""
    return tuple(wording_digest(entry) for entry in listing.entries)


def texts_of(listing: ListingPage) -> tuple[str, ...]:
    """Return the digests of the texts that a page lists, in order, ignoring style and white space."""
    return tuple(folded_digest(entry) for entry in listing.entries)


def fingerprint(listing: ListingPage) -> str:
    """Return a digest of what a page lists: entries in order and page count, whatever its bytes and its links are.

    Style and white space are ignored, because servers that answer in turn can differ in them.
    """
    facts = [*texts_of(listing), str(listing.page_count)]
    return sha256("\x1e".join(facts).encode()).hexdigest()


def judge_passes(passes: Sequence[ListingPass], settled: Sequence[str] | None) -> Verdict | None:
    """Return the crawl's verdict after these passes, or None when another pass is needed.

    `settled` are the page bodies of the last settled state, in page order; None where there is none to go by.
    """
    last = passes[-1]
    before = passes[-2] if len(passes) > 1 else None
    if last.aborted is None and settled is not None and tuple(settled) == last.bodies:
        return Verdict(
            "unchanged" if before is None else "complete"
        )  # what an earlier pass showed is yet to be settled
    if before is not None and before.aborted == last.aborted and last.aborted is not None:
        # a page that may be cut, and that does not fit the others, has most likely lost its end
        return Verdict("partial", last.aborted, cut_short=len(last.bodies) in last.may_be_cut)
    uncertain: list[int] = []
    if before is not None and before.aborted is None is last.aborted and before.fingerprints == last.fingerprints:
        uncertain = [page for page in last.may_be_cut if before.bodies[page - 1] != last.bodies[page - 1]]
        if not uncertain:
            return Verdict("complete")
    if len(passes) >= MAX_PASSES:
        cut = f"page {uncertain[0]} {MAY_BE_CUT}, at another place each time" if uncertain else None
        return Verdict("partial", last.aborted or cut or f"the listing changed during each of {MAX_PASSES} passes")
    return None


def page_limit(last_pages: int | None) -> int:
    """Return how many pages a listing may announce before it is refused: about three times what it last had."""
    return MAX_PAGES_AT_FIRST if last_pages is None else max(3 * last_pages, 25)


def suspect_page(
    page: int,
    listing: ListingPage,
    *,
    lost_heading: bool = False,
    before: ListedCounts | None = None,
    new_wordings: Callable[[Collection[str]], Collection[str]] = frozenset,
) -> str | None:
    """Say why a page that was read looks wrong, or None; `lost_heading` if the column's heading stood there before.

    Its entries are compared with those listed `before`, where there were any; `new_wordings` picks what is not known.
    """
    if not listing.entries:
        return f"page {page} lists no entries"
    if doubt := _suspect_length(page, listing.entries):
        return doubt
    if listing.replacements > MAX_REPLACEMENTS:
        return f"page {page} holds {listing.replacements} replacement characters (read as {listing.encoding})"
    if before is not None and before.entries:
        doubt = suspect_parts(f"page {page}", listing.entries, before, new_wordings)
    else:
        doubt = _suspect_without_measure(page, listing.entries)
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
    """Say which part more than a quarter more of the entries lack than lacked it `before`, or None.

    Only what is new counts: entries that lacked the part already may gather on one page.
    """
    number = len(entries)
    for part in CHECKED_PARTS:
        without = [entry for entry in entries if not getattr(entry, part)]
        risen = len(without) * before.entries - before.lacking.get(part, 0) * number  # in shares of both numbers
        if risen < 2 * before.entries or 4 * risen <= number * before.entries:
            continue
        new = new_wordings({wording_digest(entry) for entry in without})
        lately = sum(1 for entry in without if wording_digest(entry) in new)
        if lately > 1 and 4 * lately > number:
            article = "an" if part == "excerpt" else "a"
            good = f"the last good crawl had {before.lacking.get(part, 0)} of {before.entries}"
            lack = f"{len(without)} of {number} entries lack {article} {part}"
            return f"{where}: {lack}; {good}; has its layout changed?"
    return None


def _suspect_length(page: int, entries: Sequence[ListedEntry]) -> str | None:
    for entry in entries:
        for part in (*CHECKED_PARTS, "attribution"):
            text = getattr(entry, part) or ""
            if len(text) * 4 > LONGEST_PART < (size := len(text.encode())):  # a sign has four bytes at most
                article = "an" if part in ("excerpt", "attribution") else "a"
                has = f"an entry has {article} {part} of {size // 1024} KB"
                return f"page {page}: {has}; at most {LONGEST_PART // 1024} KB are accepted; has its layout changed?"
    return None


def _suspect_without_measure(page: int, entries: Sequence[ListedEntry]) -> str | None:
    """Say why a page looks wrong by itself, as where the source is crawled for the first time."""
    lacking = sum(1 for entry in entries if not entry.excerpt or not entry.title)
    if lacking * 2 > len(entries) and lacking > 1:
        return f"page {page}: {lacking} of {len(entries)} entries lack an excerpt or a title; has its layout changed?"
    return None


def suspect_strangers(entries: int, strangers: int, before: int) -> str | None:
    """Say why a whole listing, of whose entries so many share nothing with the archive, looks like another, or None.

    `before` is how many entries were listed before: few that are known leave most of these missing.
    """
    known = entries - strangers
    if min(entries, before) < FEWEST_TO_COMPARE or strangers * 4 <= entries * 3 or known * 2 >= before:
        return None
    are = "is" if known == 1 else "are"
    shows = f"the listing shows {entries} entries, of which {known or 'none'} {are} known"
    return f"{shows}; the last good crawl found {before}; is it another listing?"


def most_believed(most: int) -> int:
    """Return how many entries a listing may show where a settled complete crawl found `most` at the most."""
    return max(most + most // 2, most + MOST_GROWTH)


def suspect_growth(
    page: int,
    entries: Sequence[ListedEntry],
    most: int,
    new_wordings: Callable[[Collection[str]], Collection[str]],
) -> str | None:
    """Say why the entries up to a page are too many, with the titles of the first new ones, or None."""
    if len(entries) <= most_believed(most):
        return None
    new: list[ListedEntry] = []
    for start in range(0, len(entries), 100):  # the archive is asked only until some are found
        digests = {wording_digest(entry): entry for entry in entries[start : start + 100]}
        unknown = new_wordings(digests.keys())
        new += [entry for digest, entry in digests.items() if digest in unknown]
        if len(new) >= TITLES_SHOWN:
            break
    titles = (in_a_line(entry.title or entry.attribution or entry.excerpt) for entry in new[:TITLES_SHOWN])
    told = ", ".join(f'"{title}"' for title in titles)
    shows = f"the listing shows {len(entries)} entries up to page {page}"
    return f"{shows}; the most that a complete crawl found is {most}; among the new: {told}; is it another listing?"


def suspect_count(entries: int, last_entries: int | None) -> str | None:
    """Say why the number of entries of a whole listing looks wrong beside the last good crawl's, or None."""
    if last_entries and entries * 2 < last_entries:
        return f"the listing shows {entries} entries; the last good crawl found {last_entries}"
    return None
