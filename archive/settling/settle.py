"""Settling a crawl: one transaction derives entries, revisions, links and changes from its captures.

    captures | parse | match | record new, revised, returned | record missing, withdrawn | record links | close the crawl | seal

It is the same path for every crawl whose captures are in the archive, wherever they came from, and however often.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from archive.captures import Capture, listing_captures, load_body
from archive.crawls import find_crawl, finish_crawl
from archive.identity.keys import title_key, wording_digest
from archive.identity.matching import Match, match
from archive.seals import seal
from archive.settling import entries
from archive.settling.absences import judge_absences
from archive.settling.candidates import find_candidates
from archive.settling.entries import Place
from archive.settling.journal import Change, record_changes
from archive.settling.links import settle_answers, settle_links, shown_links
from archive.settling.past import Past
from archive.settling.recording import Settling, keep_older, record_places
from archive.store import writing
from archive.values import Counts, ListingPage, Parser, Traffic, Verdict


def settle(
    db: Database, crawl_id: int, verdict: Verdict, parser: Parser, traffic: Traffic, *, at: datetime, authority: str
) -> Counts:
    """Derive all that follows from a crawl, give it its outcome, and return what was found; all in one transaction.

    A verdict that does not settle only closes and seals the crawl's row. `authority` is what new entries' tags are minted under.
    """
    with writing(db):
        work = Settling(db, find_crawl(db, crawl_id), parser, authority, at, Past())
        derive(work, verdict, as_before=verdict.outcome == "unchanged")
        record_changes(db, work.crawl.source_id, crawl_id, work.changes, at)
        finish_crawl(db, crawl_id, verdict, parser.PARSER_VERSION, traffic, work.counts, at)
        seal(db, at)
        return work.counts


def derive(work: Settling, verdict: Verdict, *, as_before: bool) -> None:
    """Write all that follows from a crawl but for its journal, inside the caller's transaction.

    `as_before` tells that its listing is the very one that the crawl settled before it showed.
    """
    if as_before:
        _settle_unchanged(work)
    elif verdict.settles:
        whole = verdict.outcome in ("complete", "unchanged") and work.crawl.mode == "full"
        _settle_listing(work, whole=whole)


def _settle_unchanged(work: Settling) -> None:
    """The listing is as it was: only what waited for a second complete crawl, and answers behind links, can be new."""
    source_id = work.crawl.source_id
    captures = listing_captures(work.db, work.crawl.crawl_id)
    bodies = {capture.body_sha256 for capture in captures}
    work.counts.pages = len({capture.page for capture in captures})
    work.counts.entries = entries.count_listed(work.db, source_id, bodies)
    if work.crawl.mode == "full":
        _record_missing(work, entries.still_missing_entries(work.db, source_id, bodies))
    settle_answers(work.db, work.crawl, work.parser)


def _settle_listing(work: Settling, *, whole: bool) -> None:
    """Settle the passes in turn: what an earlier one showed was seen, though the last one decides what is missing.

    A wording that one earlier pass alone showed, and nobody before it, is passed over: those after it contradicted it.
    """
    captures = listing_captures(work.db, work.crawl.crawl_id)
    pages = {capture.body_sha256: _parse(work, capture) for capture in captures}
    digests = {body: [wording_digest(entry) for entry in page.entries] for body, page in pages.items()}
    passed_over = _contradicted(work, captures, digests)
    listed: set[int] = set()
    state: dict[int, Capture] = {}
    for pass_captures in _passes(captures):
        before = {page: capture.body_sha256 for page, capture in state.items()}
        state |= {capture.page: capture for capture in pass_captures}
        if {page: capture.body_sha256 for page, capture in state.items()} != before:
            shown = [state[page] for page in sorted(state)]
            rows = _rows(shown, captures, pages, digests, passed_over)
            listed |= _settle_state(work, rows, [capture.body_sha256 for capture in shown])
    work.counts.pages = len(state)
    keep_older(work)
    if whole:
        _record_missing(work, entries.missing_entries(work.db, work.crawl.source_id, listed))
    links = shown_links([state[page] for page in sorted(state)], captures, pages)
    work.changes += settle_links(work.db, work.crawl, links, whole=whole)
    settle_answers(work.db, work.crawl, work.parser)


def _passes(captures: Sequence[Capture]) -> list[list[Capture]]:
    numbers = sorted({capture.pass_number for capture in captures})
    return [[capture for capture in captures if capture.pass_number == number] for number in numbers]


def _contradicted(work: Settling, captures: Sequence[Capture], digests: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the wordings, unknown before, that only one pass showed, which was not the last one."""
    shown_by: dict[str, set[int]] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            shown_by.setdefault(digest, set()).add(capture.pass_number)
    last = max((capture.pass_number for capture in captures), default=0)
    once = {digest for digest, passes in shown_by.items() if len(passes) == 1 and last not in passes}
    # what an entry was minted for, by rules of before, stays an entry
    once -= work.past.births.keys()
    return once - entries.known_wordings(work.db, work.crawl.source_id, once) if once else once


def _settle_state(work: Settling, rows: Sequence[Place], bodies: Sequence[str]) -> set[int]:
    """Settle the rows that one state of the listing shows, the bodies of its pages being these; return the entries on it."""
    collapsed = {place.wording: place for place in reversed(rows)}  # the first place of each wording
    places = sorted(collapsed.values(), key=lambda place: place.rank)

    known = work.past.claim(work.db, work.crawl, places, bodies)
    seen = record_places(work, places, _match(work, places, known), known)
    for row in rows:
        entry_id, revision_id = seen[row.wording]
        entries.record_listing_row(work.db, work.crawl.source_id, work.parser_version, row, entry_id, revision_id)
    work.counts.entries = len(places)
    return {entry_id for entry_id, _ in seen.values()}


def _match(work: Settling, places: Sequence[Place], known: Mapping[int, int]) -> dict[int, Match]:
    """Match places with the archive; what was settled before stays what it was, whatever the evidence says today."""
    rows = [place.row for place in places]
    candidates = find_candidates(work.db, work.crawl.source_id, rows, as_of=work.crawl.crawl_id)
    matches = match(rows, candidates)
    strangers = work.past.strangers(matches, known)
    if strangers:
        spoken_for = {known[rank] for rank in strangers} - set(work.past.merged.values())
        free = [candidate for candidate in candidates if candidate.entry_id not in spoken_for]
        matches = match([row for row in rows if row.place not in strangers], free)
    return matches | {rank: Match(None, "new") for rank in strangers}


def _parse(work: Settling, capture: Capture) -> ListingPage:
    return work.parser.parse_listing(load_body(work.db, capture.body_sha256), capture.url, capture.content_type)


def _rows(
    state: Sequence[Capture],
    captures: Sequence[Capture],
    pages: Mapping[str, ListingPage],
    digests: Mapping[str, Sequence[str]],
    passed_over: Collection[str],
) -> list[Place]:
    """Return every row of one state of the listing, a capture for each page, in order, but for wordings `passed_over`.

    Each has the crawl's first capture that shows its wording.
    """
    first: dict[str, Capture] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            first.setdefault(digest, capture)
    rows: list[Place] = []
    for capture in state:
        listed = zip(pages[capture.body_sha256].entries, digests[capture.body_sha256], strict=True)
        for position, (entry, digest) in enumerate(listed, start=1):
            if digest not in passed_over:
                rows.append(Place(len(rows), entry, digest, title_key(entry), capture, position, first[digest]))
    return rows


def _record_missing(work: Settling, missing: Sequence[int]) -> None:
    """Withdraw what two complete crawls in a row lacked, but for what a page of yesterday may hide."""
    absences = judge_absences(work.db, work.crawl, missing)
    for ids, crawls in ((absences.counted, 1), (absences.confirmed, 2)):
        for entry_id, revision_id in entries.miss_entries(work.db, ids, work.at, crawls=crawls):
            work.counts.withdrawn += 1
            work.changes.append(Change("withdrawn", entry_id, revision_id))
