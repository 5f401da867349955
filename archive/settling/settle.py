"""Settling a crawl: one transaction derives entries, revisions, links and changes from its captures.

    captures | parse | match | record new, revised, returned | record missing, withdrawn | record links | close the crawl | seal

It is the same path for every crawl whose captures are in the archive, wherever they came from, and however often.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.captures import Capture, listing_captures
from foreign_eyes.archive.crawls import find_crawl, finish_crawl, settled_before
from foreign_eyes.archive.database import writing
from foreign_eyes.archive.matching.keys import title_key
from foreign_eyes.archive.redaction.masking import masked_pages, read_page
from foreign_eyes.archive.redaction.withholding import withhold_bodies
from foreign_eyes.archive.seals import seal
from foreign_eyes.archive.settling import entry_rows
from foreign_eyes.archive.settling.absences import judge_absences
from foreign_eyes.archive.settling.collapsing import collapse
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.journal import Change, record_changes
from foreign_eyes.archive.settling.link_rows import settle_answers, settle_links, shown_links
from foreign_eyes.archive.settling.match_rows import recognise
from foreign_eyes.archive.settling.missing_entries import miss_entries, missing_entries, still_missing_entries
from foreign_eyes.archive.settling.new_ids import NewIds
from foreign_eyes.archive.settling.record_rows import Settling, keep_older, record_places
from foreign_eyes.archive.values import Counts, Traffic
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListingPage, Parser, Verdict


def settle(
    db: Database, crawl_id: int, verdict: Verdict, parser: Parser, traffic: Traffic, *, at: datetime, authority: str
) -> Counts:
    """Derive all that follows from a crawl, give it its outcome, and return what was found; all in one transaction.

    A verdict that does not settle only closes and seals the crawl's row. `authority` is what new entries' tags are minted under.
    """
    with writing(db):
        work = Settling(db, find_crawl(db, crawl_id), parser, authority, at, NewIds(db))
        derive(work, verdict, as_before=verdict.outcome == "unchanged")
        withhold_bodies(db, parser, work.crawl.source_id, since_crawl=settled_before(db, work.crawl))
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
    work.counts.entries = entry_rows.count_listed(work.db, source_id, bodies)
    if work.crawl.mode == "full":
        _record_missing(work, still_missing_entries(work.db, source_id, bodies))
    settle_answers(work.db, work.crawl, work.parser)


def _settle_listing(work: Settling, *, whole: bool) -> None:
    """Settle the passes in turn: what an earlier one showed was seen, though the last one decides what is missing.

    A wording that one earlier pass alone showed, and nobody before it, is passed over: those after it contradicted it.
    """
    captures = listing_captures(work.db, work.crawl.crawl_id)
    pages = masked_pages(
        work.db, work.crawl.source_id, {capture.body_sha256: _parse(work, capture) for capture in captures}
    )
    digests = {body: [wording_digest(entry) for entry in page.entries] for body, page in pages.items()}
    passed_over = _contradicted(work, captures, pages, digests)
    listed: set[int] = set()
    state: dict[int, Capture] = {}
    for pass_captures in _passes(captures):
        before = {page: capture.body_sha256 for page, capture in state.items()}
        state |= {capture.page: capture for capture in pass_captures}
        if {page: capture.body_sha256 for page, capture in state.items()} != before:
            shown = [state[page] for page in sorted(state)]
            rows = _rows(shown, captures, pages, digests, passed_over)
            bodies = [capture.body_sha256 for capture in shown]
            listed |= _settle_state(work, rows, bodies, pass_captures[0].pass_number)
    work.counts.pages = len(state)
    keep_older(work)
    if whole:
        _record_missing(work, missing_entries(work.db, work.crawl.source_id, listed))
    links = shown_links([state[page] for page in sorted(state)], captures, pages)
    work.changes += settle_links(work.db, work.crawl, links, whole=whole)
    settle_answers(work.db, work.crawl, work.parser)


def _passes(captures: Sequence[Capture]) -> list[list[Capture]]:
    numbers = sorted({capture.pass_number for capture in captures})
    return [[capture for capture in captures if capture.pass_number == number] for number in numbers]


def _contradicted(
    work: Settling,
    captures: Sequence[Capture],
    pages: Mapping[str, ListingPage],
    digests: Mapping[str, Sequence[str]],
) -> set[str]:
    """Return the wordings, unknown before, that only one pass showed, which was not the last one."""
    shown_by: dict[str, set[int]] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            shown_by.setdefault(digest, set()).add(capture.pass_number)
    last = max((capture.pass_number for capture in captures), default=0)
    once = {digest for digest, passes in shown_by.items() if len(passes) == 1 and last not in passes}
    if not once:
        return once
    listed = (entry for page in pages.values() for entry in page.entries)
    once -= work.ids.wordings_with_ids(work.crawl.crawl_id, listed)
    return once - entry_rows.known_wordings(work.db, work.crawl.source_id, once)


def _settle_state(work: Settling, rows: Sequence[Place], bodies: Sequence[str], pass_number: int) -> set[int]:
    """Settle the rows that one state of the listing shows, the bodies of its pages being these; return the entries on it."""
    collapsed = collapse(work.db, work.crawl, rows)
    places = collapsed.places

    recognised = recognise(work, places, bodies, pass_number)
    seen = record_places(work, places, recognised.matches, recognised.known)
    recognised.ledger.remember(recognised.matches, recognised.stored, seen)
    for row in rows:
        entry_id, revision_id = seen[collapsed.place_of[row.rank]]
        entry_rows.record_listing_row(work.db, work.crawl.source_id, work.parser_version, row, entry_id, revision_id)
    work.counts.entries = len(places)
    return {entry_id for entry_id, _ in seen.values()}


def _parse(work: Settling, capture: Capture) -> ListingPage:
    return read_page(work.db, work.parser, capture.body_sha256, capture.url, capture.content_type)


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
        for entry_id, revision_id in miss_entries(work.db, ids, work.at, crawls=crawls):
            work.counts.withdrawn += 1
            work.changes.append(Change("withdrawn", entry_id, revision_id))
