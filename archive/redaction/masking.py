"""Replace redacted rows of a listing with notices before anything is derived from them.

    read the page (from its body, or from the rows stored by a purge) | recognise redacted rows | replace them

All later steps (matching, entries, revisions, search, the journal and feeds) see the notice instead of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sqlite_utils import Database

from foreign_eyes.archive.captures import load_body
from foreign_eyes.archive.redaction.notice import make_notice, redacted_id
from foreign_eyes.archive.redaction.redacted_pages import unpack_page
from foreign_eyes.archive.redaction.redaction_records import has_redactions, hidden_entries, secret_of
from foreign_eyes.archive.redaction.word_digests import HiddenEntry, keyed_digests, letters, recognise
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry, ListingPage, Parser


class RankedRow(Protocol):
    """A row of a listing with its rank."""

    @property
    def rank(self) -> int:
        """The row's number in the listing."""

    @property
    def entry(self) -> ListedEntry:
        """The listed entry."""


def read_page(db: Database, parser: Parser, body_sha256: str, url: str, content_type: str | None) -> ListingPage:
    """Return the page in a body, unmasked.

    For a purged body, that is the part of the page that was kept.

    Raises:
        ValueError: the stored bytes are damaged.
    """
    row = db.execute("SELECT rest FROM withheld_bodies WHERE body_sha256 = ? AND purged = 1", (body_sha256,)).fetchone()
    return unpack_page(row[0]) if row else parser.parse_listing(load_body(db, body_sha256), url, content_type)


def body_unless_purged(db: Database, body_sha256: str) -> bytes:
    """Return the bytes of a body; empty if it was purged.

    Raises:
        ValueError: the stored bytes are damaged.
    """
    is_purged = "SELECT 1 FROM withheld_bodies WHERE body_sha256 = ? AND purged = 1"
    return b"" if db.execute(is_purged, (body_sha256,)).fetchone() else load_body(db, body_sha256)


def masked_pages(db: Database, source_id: int, pages: Mapping[str, ListingPage]) -> dict[str, ListingPage]:
    """Return the pages of one listing with notices in place of redacted rows.

    The keys are unchanged.
    """
    has_notices = any(redacted_id(entry) is not None for page in pages.values() for entry in page.entries)
    if not has_notices and not has_redactions(db):
        return dict(pages)
    return Masker.of_source(db, source_id).mask(pages)


def redacted_places(db: Database, places: Iterable[RankedRow]) -> dict[int, int]:
    """Return the entry ids of notices by rank, if the archive has these ids."""
    notices = {place.rank: entry_id for place in places if (entry_id := redacted_id(place.entry)) is not None}
    return {
        rank: entry_id
        for rank, entry_id in notices.items()
        if db.execute("SELECT 1 FROM identities WHERE entry_id = ?", (entry_id,)).fetchone()
    }


class MaskingParser:
    """A parser that returns notices in place of redacted rows.

    So a crawl does not see or quote redacted text.
    """

    def __init__(self, db: Database, source: str, parser: Parser) -> None:
        self.PARSER_VERSION = parser.PARSER_VERSION
        self._db = db
        self._source = source
        self._parser = parser

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse a listing page and mask it."""
        page = self._parser.parse_listing(body, url, content_type)
        row = self._db.execute("SELECT source_id FROM sources WHERE name = ?", (self._source,)).fetchone()
        return masked_pages(self._db, row[0], {"": page})[""] if row else page

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return why a response blocks the crawler; None if it is content."""
        return self._parser.blocking_sign(status, body, content_type)


@dataclass(frozen=True, slots=True)
class Masker:
    """Recognises the hidden entries of a source among the rows of its listing."""

    db: Database
    source_id: int
    secret: bytes
    hidden: tuple[HiddenEntry, ...]

    @classmethod
    def of_source(cls, db: Database, source_id: int, *, purged_only: bool = False) -> Masker:
        """Return the masker of a source; with `purged_only`, only for purged entries."""
        hidden = hidden_entries(db, purged_only=purged_only)
        of_source = tuple(entry for entry in hidden if _may_list(db, source_id, entry.entry_id))
        return cls(db, source_id, secret_of(db), of_source)

    def mask(self, pages: Mapping[str, ListingPage]) -> dict[str, ListingPage]:
        """Return the pages of one listing with notices in place of redacted rows."""
        exact = {self._exact(entry) for page in pages.values() for entry in page.entries} - {None}
        ids = [hidden.entry_id for hidden in self.hidden]
        listed = {entry_id: entry_id not in exact and self._is_listed(entry_id) for entry_id in ids}
        return {key: self._mask_page(page, listed) for key, page in pages.items()}

    def mask_all(self, page: ListingPage) -> ListingPage:
        """Return a page in which each row that may show text of a hidden entry is masked."""
        return self._mask_page(page, {hidden.entry_id: True for hidden in self.hidden})

    def shows_any(self, page: ListingPage) -> bool:
        """Return whether a page shows text of a hidden entry."""
        return self.mask_all(page).entries != page.entries

    def _mask_page(self, page: ListingPage, listed: Mapping[int, bool]) -> ListingPage:
        entries = tuple(masked for entry in page.entries if (masked := self._mask_row(entry, listed)) is not None)
        if entries == page.entries:
            return page
        titles = {letters(entry.title) for entry in page.entries if entry not in entries and entry.title}
        headings = tuple(text for text in page.headings if not any(title in letters(text) for title in titles))
        return replace(page, entries=entries, headings=headings)

    def _mask_row(self, entry: ListedEntry, listed: Mapping[int, bool]) -> ListedEntry | None:
        """Return the row, or the notice that replaces it.

        Return None for a notice whose entry is not in this archive.
        """
        notice_id = redacted_id(entry)
        if notice_id is not None:
            return entry if notice_id in listed or _is_minted(self.db, notice_id) else None
        digests = keyed_digests(self.secret, entry)
        for hidden in self.hidden:
            number = recognise(hidden, digests, is_listed=listed[hidden.entry_id])
            if number is not None and (
                self._is_exact(hidden, digests.wording) or not self._is_of_another(hidden, entry)
            ):
                return make_notice(hidden.entry_id, number, hidden.reason)
        return entry

    def _exact(self, entry: ListedEntry) -> int | None:
        """Return the id of the hidden entry that has exactly this wording, or None."""
        wording = keyed_digests(self.secret, entry).wording
        return next((hidden.entry_id for hidden in self.hidden if self._is_exact(hidden, wording)), None)

    def _is_exact(self, hidden: HiddenEntry, wording: str) -> bool:
        return any(digests.wording == wording for digests in hidden.wordings)

    def _is_listed(self, entry_id: int) -> bool:
        row = self.db.execute("SELECT withdrawn_at IS NULL FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
        return bool(row and row[0])

    def _is_of_another(self, hidden: HiddenEntry, entry: ListedEntry) -> bool:
        """Return whether another entry has or had exactly the wording of this row.

        The row then only resembles the hidden entry.
        """
        row = self.db.execute(
            "SELECT 1 FROM revisions r JOIN entries e USING (entry_id) WHERE r.wording = ? AND e.source_id = ?"
            " AND e.entry_id != ? LIMIT 1",
            (wording_digest(entry), self.source_id, hidden.entry_id),
        ).fetchone()
        return row is not None


def _may_list(db: Database, source_id: int, entry_id: int) -> bool:
    """Return whether a source can list an entry.

    It can if the entry is of that source, or of an unknown one.
    """
    row = db.execute("SELECT source_id FROM identities WHERE entry_id = ?", (entry_id,)).fetchone()
    if row is not None:
        return bool(row[0] == source_id)
    row = db.execute(
        "SELECT s.source_id FROM lost_ids l LEFT JOIN sources s ON s.name = l.source WHERE l.entry_id = ?", (entry_id,)
    ).fetchone()
    return row is None or row[0] == source_id


def _is_minted(db: Database, entry_id: int) -> bool:
    return db.execute("SELECT 1 FROM identities WHERE entry_id = ?", (entry_id,)).fetchone() is not None
