"""Settling a crawl: one transaction derives entries, revisions, links and changes from its captures.

    captures | parse | match | record new, revised, returned | record missing, withdrawn | record links | close the crawl

It is the same path for every crawl whose captures are in the archive, wherever they came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from archive import entries
from archive.captures import Capture, listing_captures, load_body
from archive.clock import from_text
from archive.crawls import Crawl, find_crawl, finish_crawl
from archive.dating import feed_dates
from archive.entries import Place, Stored
from archive.identity import entry_tag, mint_entry_id, title_key, wording_digest
from archive.journal import Change, record_changes
from archive.links import listed_links, settle_links
from archive.matching import Match, match
from archive.store import writing
from archive.values import Counts, ListingPage, Parser, Traffic, Verdict


@dataclass(slots=True)
class Settling:
    """What the steps of one settling share."""

    db: Database
    crawl: Crawl
    parser: Parser
    authority: str
    at: datetime
    counts: Counts = field(default_factory=Counts)
    changes: list[Change] = field(default_factory=list)

    @property
    def parser_version(self) -> int:
        """The version that this settling's sightings and revisions carry."""
        return self.parser.PARSER_VERSION


def settle(
    db: Database, crawl_id: int, verdict: Verdict, parser: Parser, traffic: Traffic, *, at: datetime, authority: str
) -> Counts:
    """Derive all that follows from a crawl, give it its outcome, and return what was found; all in one transaction.

    A verdict that does not settle only closes the crawl's row. `authority` is what new entries' tags are minted under.
    """
    with writing(db):
        work = Settling(db, find_crawl(db, crawl_id), parser, authority, at)
        if verdict.outcome == "unchanged":
            _settle_unchanged(work)
        elif verdict.settles:
            _settle_listing(work, whole=verdict.outcome == "complete" and work.crawl.mode == "full")
        record_changes(db, work.crawl.source_id, crawl_id, work.changes, at)
        finish_crawl(db, crawl_id, verdict, parser.PARSER_VERSION, traffic, work.counts, at)
        return work.counts


def _settle_unchanged(work: Settling) -> None:
    """The listing is as it was: only what waited for a second complete crawl, and the links' answers, can be new."""
    source_id = work.crawl.source_id
    work.counts.pages = len({capture.page for capture in listing_captures(work.db, work.crawl.crawl_id)})
    work.counts.entries = entries.count_listed(work.db, source_id)
    if work.crawl.mode == "full":
        _record_missing(work, None)
    work.changes += settle_links(work.db, work.crawl, listed_links(work.db, source_id), work.parser, whole=False)


def _settle_listing(work: Settling, *, whole: bool) -> None:
    """Settle the passes in turn: what an earlier one showed was seen, though the last one decides what is missing."""
    captures = listing_captures(work.db, work.crawl.crawl_id)
    pages = {capture.body_sha256: _parse(work, capture) for capture in captures}
    listed: set[int] = set()
    state: dict[int, Capture] = {}
    for pass_captures in _passes(captures):
        before = {page: capture.body_sha256 for page, capture in state.items()}
        state |= {capture.page: capture for capture in pass_captures}
        if {page: capture.body_sha256 for page, capture in state.items()} != before:
            listed |= _settle_state(work, [state[page] for page in sorted(state)], captures, pages)
    work.counts.pages = len(state)
    if whole:
        _record_missing(work, sorted(listed))
    links = dict.fromkeys(link for page in sorted(state) for link in pages[state[page].body_sha256].links)
    work.changes += settle_links(work.db, work.crawl, list(links), work.parser, whole=whole)


def _passes(captures: Sequence[Capture]) -> list[list[Capture]]:
    numbers = sorted({capture.pass_number for capture in captures})
    return [[capture for capture in captures if capture.pass_number == number] for number in numbers]


def _settle_state(
    work: Settling, state: Sequence[Capture], captures: Sequence[Capture], pages: Mapping[str, ListingPage]
) -> set[int]:
    """Settle what one state of the listing, a capture for each page, shows; return the entries on it."""
    rows = _rows(state, captures, pages)
    collapsed = {place.wording: place for place in reversed(rows)}  # the first place of each wording
    places = sorted(collapsed.values(), key=lambda place: place.rank)

    candidates = entries.find_candidates(work.db, work.crawl.source_id, [place.row for place in places])
    matches = match([place.row for place in places], candidates)
    seen = _record_places(work, places, matches)
    for row in rows:
        entry_id, revision_id = seen[row.wording]
        entries.record_listing_row(work.db, work.crawl.source_id, work.parser_version, row, entry_id, revision_id)
    work.counts.entries = len(places)
    return {entry_id for entry_id, _ in seen.values()}


def _parse(work: Settling, capture: Capture) -> ListingPage:
    return work.parser.parse_listing(load_body(work.db, capture.body_sha256), capture.url, capture.content_type)


def _rows(state: Sequence[Capture], captures: Sequence[Capture], pages: Mapping[str, ListingPage]) -> list[Place]:
    """Return every row of the `state` in listing order, each with the crawl's first capture that shows its wording."""
    digests = {body: [wording_digest(entry) for entry in page.entries] for body, page in pages.items()}
    first: dict[str, Capture] = {}
    for capture in captures:
        for digest in digests[capture.body_sha256]:
            first.setdefault(digest, capture)
    rows: list[Place] = []
    for capture in state:
        listed = zip(pages[capture.body_sha256].entries, digests[capture.body_sha256], strict=True)
        for position, (entry, digest) in enumerate(listed, start=1):
            rows.append(Place(len(rows), entry, digest, title_key(entry), capture, position, first[digest]))
    return rows


def _record_places(work: Settling, places: Sequence[Place], matches: Mapping[int, Match]) -> dict[str, tuple[int, int]]:
    """Record each place as what it was matched to; return (entry, revision) by wording.

    The listing's first row becomes the newest event, so its change comes last.
    """
    stored = entries.load_stored(work.db, [found.entry_id for found in matches.values() if found.entry_id is not None])
    dates = _dates_for_new(work, [place for place in places if matches[place.rank].entry_id is None])
    seen: dict[str, tuple[int, int]] = {}
    for place in reversed(places):
        found = matches[place.rank]
        if found.entry_id is None:
            seen[place.wording] = _record_new(work, place, found, dates[place.rank])
        else:
            seen[place.wording] = _record_known(work, place, found, stored[found.entry_id])
    return seen


def _dates_for_new(work: Settling, new: Sequence[Place]) -> dict[int, datetime]:
    if not new:
        return {}
    first_seen = min(place.first_capture.fetched_at for place in new)
    not_before = from_text(work.crawl.not_before) if work.crawl.not_before else None
    taken = entries.dates_taken(work.db, work.crawl.source_id, first_seen, len(new))
    dates = feed_dates(len(new), first_seen, not_before, taken)
    return {place.rank: date for place, date in zip(new, dates, strict=True)}


def _record_new(work: Settling, place: Place, found: Match, feed_date: datetime) -> tuple[int, int]:
    entry_id = mint_entry_id(lambda drawn: entries.entry_id_taken(work.db, drawn))
    tag_uri = entry_tag(work.authority, work.crawl.source_name, entry_id)
    entries.insert_entry(work.db, work.crawl.source_id, entry_id, tag_uri, place, feed_date, work.crawl.not_before)
    revision_id = entries.insert_revision(work.db, entry_id, 1, place, found, work.parser_version)
    work.counts.new += 1
    work.changes.append(Change("new", entry_id, revision_id))
    return entry_id, revision_id


def _record_known(work: Settling, place: Place, found: Match, stored: Stored) -> tuple[int, int]:
    revision_id = stored.revision_id
    entries.record_sighting(work.db, stored, place)
    if stored.withdrawn:
        work.counts.returned += 1
        work.changes.append(Change("returned", stored.entry_id, revision_id))
    if stored.wording != place.wording:
        entries.update_wording(work.db, stored.entry_id, place)
        revision_id = entries.insert_revision(
            work.db, stored.entry_id, stored.number + 1, place, found, work.parser_version
        )
        work.counts.revised += 1
        work.changes.append(Change("revised", stored.entry_id, revision_id))
    return stored.entry_id, revision_id


def _record_missing(work: Settling, listed: Sequence[int] | None) -> None:
    """Withdraw what two complete crawls in a row lacked; `listed` is None where nothing changed since the last."""
    for entry_id, revision_id in entries.miss_entries(work.db, work.crawl.source_id, listed, work.at):
        work.counts.withdrawn += 1
        work.changes.append(Change("withdrawn", entry_id, revision_id))
