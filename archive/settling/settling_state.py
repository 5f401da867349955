"""The state that the steps of settling one crawl share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.settling.journal import Change
from foreign_eyes.archive.settling.parser_upgrades import was_read_by_older
from foreign_eyes.archive.settling.row_ids import RowIds
from foreign_eyes.archive.values import Counts
from foreign_eyes.listing.values import Parser


@dataclass(slots=True)
class Settling:
    """The crawl, its parser, and what its steps have counted and changed so far."""

    db: Database
    crawl: Crawl
    parser: Parser
    authority: str
    at: datetime
    ids: RowIds
    counts: Counts = field(default_factory=Counts)
    changes: list[Change] = field(default_factory=list)

    @property
    def parser_version(self) -> int:
        """The parser version of the listing rows and revisions that are stored."""
        return self.parser.PARSER_VERSION

    def is_technical(self, entry_id: int) -> bool:
        """Return whether a new wording of an entry is a technical revision.

        It is if an older parser read this crawl first.
        """
        return was_read_by_older(self.crawl, self.parser_version) and self.ids.older.has_any(entry_id)
