"""Settling a crawl: deriving entries, revisions, links and changes from its captures.

    captures | parse | match | record new, revised, returned | record missing, withdrawn | record links | close the crawl | seal

Every crawl with captures in the archive is settled by this code: after crawling, after an import, and in each rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.captures import Capture, listing_captures
from foreign_eyes.archive.crawls import find_crawl, finish_crawl, place_last, settled_before
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
from foreign_eyes.archive.settling.placements import record_placements
from foreign_eyes.archive.settling.readings import record_readings
from foreign_eyes.archive.settling.record_rows import record_places, restore_older_revisions
from foreign_eyes.archive.settling.settling_state import Settling
from foreign_eyes.archive.values import Counts, Traffic
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListingPage, Parser, Verdict


def settle(
    db: Database, crawl_id: int, verdict: Verdict, parser: Parser, traffic: Traffic, *, at: datetime, authority: str
) -> Counts:
    """Settle a crawl in one transaction, store its outcome, and return its counts.

    A verdict that does not settle only closes and seals the crawl's row. `authority` is the authority of new `tag:` URIs.
    """
    with writing(db):
        if verdict.settles:
            place_last(db, crawl_id)
        work = Settling(db, find_crawl(db, crawl_id), parser, authority, at, NewIds(db))
        derive(work, verdict, as_before=verdict.outcome == "unchanged")
        withhold_bodies(db, parser, work.crawl.source_id, since_crawl=settled_before(db, work.crawl))
        record_changes(db, work.crawl.source_id, crawl_id, work.changes, at)
        finish_crawl(db, crawl_id, verdict, parser.PARSER_VERSION, traffic, work.counts, at)
        seal(db, at)
        return work.counts


def derive(work: Settling, verdict: Verdict, *, as_before: bool) -> None:
    """Write all rows derived from a crawl except its journal, within the transaction.

    `as_before` is whether the listing is the same as in the crawl that was settled before.
    """
    if as_before:
        _settle_unchanged(work)
    elif verdict.settles:
        whole = verdict.outcome in ("complete", "unchanged") and work.crawl.mode == "full"
        _settle_listing(work, whole=whole)


def _settle_unchanged(work: Settling) -> None:
    """Settle a crawl of an unchanged listing.

    Only confirmed absences and the answers behind links can be new.
    """
    source_id = work.crawl.source_id
    captures = listing_captures(work.db, work.crawl.crawl_id)
    bodies = {capture.body_sha256 for capture in captures}
    work.counts.pages = len({capture.page for capture in captures})
    work.counts.entries = entry_rows.count_listed(work.db, source_id, bodies)
    if work.crawl.mode == "full":
        _record_missing(work, still_missing_entries(work.db, source_id, bodies))
    settle_answers(work.db, work.crawl, work.parser)


def _settle_listing(work: Settling, *, whole: bool) -> None:
    """Settle the passes of a listing in order.

    Entries in any pass were seen; the last pass decides which are missing.

    New wordings that only one pass showed are skipped, unless it was the last: later passes contradicted them.
    """
    captures = listing_captures(work.db, work.crawl.crawl_id)
    pages = masked_pages(
        work.db, work.crawl.source_id, {capture.body_sha256: _parse(work, capture) for capture in captures}
    )
    digests = {body: [wording_digest(entry) for entry in page.entries] for body, page in pages.items()}
    skipped = _contradicted(work, captures, pages, digests)
    listed: set[int] = set()
    state: dict[int, Capture] = {}
    states: list[list[int]] = []
    for pass_captures in _passes(captures):
        before = {page: capture.body_sha256 for page, capture in state.items()}
        state |= {capture.page: capture for capture in pass_captures}
        if {page: capture.body_sha256 for page, capture in state.items()} != before:
            shown = [state[page] for page in sorted(state)]
            rows = _rows(shown, captures, pages, digests, skipped)
            bodies = [capture.body_sha256 for capture in shown]
            seen = _settle_state(work, rows, bodies, pass_captures[0].pass_number)
            listed |= {entry_id for entry_id, _ in seen}
            states.append([revision_id for _, revision_id in seen])
    work.counts.pages = len(state)
    restore_older_revisions(work)
    record_placements(work.db, work.crawl, states, whole=whole)
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
    """Return the new wordings that only one pass showed, which was not the last."""
    shown_by: dict[str, set[int]] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            shown_by.setdefault(digest, set()).add(capture.pass_number)
    last = max((capture.pass_number for capture in captures), default=0)
    shown_once = {digest for digest, passes in shown_by.items() if len(passes) == 1 and last not in passes}
    if not shown_once:
        return shown_once
    listed = (entry for page in pages.values() for entry in page.entries)
    shown_once -= work.ids.wordings_with_ids(work.crawl.crawl_id, listed)
    return shown_once - entry_rows.known_wordings(work.db, work.crawl.source_id, shown_once)


def _settle_state(
    work: Settling, rows: Sequence[Place], bodies: Sequence[str], pass_number: int
) -> list[tuple[int, int]]:
    """Settle the rows of one state of the listing; return the entry and revision of each.

    `bodies` are the bodies of its pages.
    """
    collapsed = collapse(work.db, work.crawl, rows)
    places = collapsed.places

    recognised = recognise(work, places, bodies, pass_number)
    seen = record_places(work, places, recognised.matches, recognised.known)
    recognised.ledger.remember(recognised.matches, recognised.stored, seen)
    shown = [seen[collapsed.place_of[row.rank]] for row in rows]
    revision_ids = [revision_id for _, revision_id in shown]
    record_readings(work.db, work.crawl.source_id, work.parser_version, rows, revision_ids)
    work.counts.entries = len(places)
    return shown


def _parse(work: Settling, capture: Capture) -> ListingPage:
    return read_page(work.db, work.parser, capture.body_sha256, capture.url, capture.content_type)


def _rows(
    state: Sequence[Capture],
    captures: Sequence[Capture],
    pages: Mapping[str, ListingPage],
    digests: Mapping[str, Sequence[str]],
    skipped: Collection[str],
) -> list[Place]:
    """Return the rows of one state of the listing in order, without the `skipped` wordings.

    `state` has one capture for each page. Each row gets the first capture of the crawl that shows its wording.
    """
    first: dict[str, Capture] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            first.setdefault(digest, capture)
    rows: list[Place] = []
    for capture in state:
        listed = zip(pages[capture.body_sha256].entries, digests[capture.body_sha256], strict=True)
        for position, (entry, digest) in enumerate(listed, start=1):
            if digest not in skipped:
                rows.append(Place(len(rows), entry, digest, title_key(entry), capture, position, first[digest]))
    return rows


def _record_missing(work: Settling, missing: Sequence[int]) -> None:
    """Count the absences that are not doubtful; withdraw entries absent from two crawls."""
    absences = judge_absences(work.db, work.crawl, missing)
    for ids, crawls in ((absences.counted, 1), (absences.confirmed, 2)):
        for entry_id, revision_id in miss_entries(work.db, ids, work.at, crawls=crawls):
            work.counts.withdrawn += 1
            work.changes.append(Change("withdrawn", entry_id, revision_id))
