"""The stored listing of a source, with which the reader compares a new listing."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlite_utils import Database

from foreign_eyes.archive.crawls import SettledPage, has_settled, last_good, most_entries, settled_pages
from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.redaction.masking import read_page
from foreign_eyes.listing.known_listing import SettledListing
from foreign_eyes.listing.quality_gate import CHECKED_PARTS, ListedCounts
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry, Parser

_SOURCE = "(SELECT source_id FROM sources WHERE name = :source)"


@dataclass(frozen=True, slots=True)
class Effects:
    """What settling a listing would change.

    Attributes:
        new: wordings that no entry has now.
        missing: listed entries that the listing lacks.
        missing_again: those that the last complete crawl lacked, too; they are withdrawn at once.
    """

    new: int
    missing: int
    missing_again: int

    def __str__(self) -> str:
        later = self.missing - self.missing_again
        return (
            f"{self.new} of its entries are new or edited, {self.missing} listed entries are missing from it"
            f" (up to {self.missing_again} withdrawn at once, {later} more if the next complete crawl lacks them too)"
        )


class ListedState:
    """The listing of one source: implements `listing.known_listing.KnownListing`.

    Each query runs when it is first needed. Queries that do not depend on an argument run once, because nothing settles
    while a crawl reads.
    """

    def __init__(self, db: Database, source_name: str, url: str, parser: Parser) -> None:
        self._db = db
        self._source_name = source_name
        self._url = url
        self._parser = parser

    @cached_property
    def settled(self) -> SettledListing:
        """The listing as last settled."""
        good = last_good(self._db, self._source_name)
        pages = self._pages
        return SettledListing(
            bodies=tuple(page.body_sha256 for page in pages) if pages else None,
            urls=tuple(page.asked_url for page in pages or ()),
            page_count=good.pages if good else None,
            entry_count=good.entries if good else None,
        )

    @cached_property
    def _pages(self) -> Sequence[SettledPage] | None:
        return settled_pages(self._db, self._source_name, self._parser.PARSER_VERSION)

    def has_settled(self) -> bool:
        """Return whether any crawl or import of the source has settled."""
        return has_settled(self._db, self._source_name)

    def had_heading(self) -> bool:
        """Return whether page 1 had the column's heading when it last settled."""
        if not self._pages:
            return False
        return read_page(self._db, self._parser, self._pages[0].body_sha256, self._url, None).has_heading

    def counts(self) -> ListedCounts | None:
        """Return the counts of the entries listed now; None if none are listed."""
        return self._counts

    @cached_property
    def _counts(self) -> ListedCounts | None:
        lacking = ", ".join(f"sum(coalesce({part}, '') = '')" for part in CHECKED_PARTS)
        entries, *counts = self._db.execute(
            f"SELECT count(*), {lacking} FROM entries"  # noqa: S608 - names of columns
            f" WHERE source_id = {_SOURCE} AND withdrawn_at IS NULL AND missed = 0",
            {"source": self._source_name},
        ).fetchone()
        return ListedCounts(entries, dict(zip(CHECKED_PARTS, counts, strict=True))) if entries else None

    def most_entries(self) -> int | None:
        """Return the most entries that a settled complete crawl found; None before the first."""
        return self._most_entries

    @cached_property
    def _most_entries(self) -> int | None:
        return most_entries(self._db, self._source_name)

    def new_wordings(self, digests: Collection[str]) -> frozenset[str]:
        """Return those wording digests that no entry of the source has now."""
        rows = self._db.execute(
            "SELECT value FROM json_each(:wordings) WHERE NOT EXISTS"  # noqa: S608
            f" (SELECT 1 FROM entries WHERE source_id = {_SOURCE} AND wording = value)",
            {"source": self._source_name, "wordings": json.dumps(list(digests))},
        )
        return frozenset(digest for (digest,) in rows)

    def count_strangers(self, entries: Collection[ListedEntry]) -> int:
        """Count the entries that share no wording, title or excerpt with an entry of the source.

        Withdrawn entries count, too.
        """
        keys = [(wording_digest(entry), title_key(entry), excerpt_key(entry.excerpt)) for entry in entries]
        shared = " AND ".join(
            f"NOT EXISTS (SELECT 1 FROM entries WHERE source_id = {_SOURCE} AND {column} = json_extract(value, '$[{index}]'))"  # noqa: S608
            for index, column in enumerate(("wording", "title_key", "excerpt_key"))
        )
        row = self._db.execute(
            f"SELECT count(*) FROM json_each(:keys) WHERE {shared}",  # noqa: S608
            {"source": self._source_name, "keys": json.dumps(keys)},
        )
        return int(row.fetchone()[0])

    def effects(self, digests: Collection[str]) -> Effects:
        """Return what settling a complete listing of these wordings would change.

        An edited entry counts as new and as missing.
        """
        missing, missing_again = self._db.execute(
            "SELECT count(*), coalesce(sum(missed > 0), 0) FROM entries"  # noqa: S608
            f" WHERE source_id = {_SOURCE} AND withdrawn_at IS NULL"
            " AND wording NOT IN (SELECT value FROM json_each(:wordings))",
            {"source": self._source_name, "wordings": json.dumps(list(digests))},
        ).fetchone()
        return Effects(len(self.new_wordings(digests)), missing, missing_again)

    def describe_effects(self, digests: Collection[str]) -> str:
        """Describe what settling a complete listing of these wordings would change, with counts."""
        return str(self.effects(digests))
