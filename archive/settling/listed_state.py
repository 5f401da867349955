"""What the archive has of a source's listing, asked by index: the measure for judging the listing of today."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.listing.quality_gate import CHECKED_PARTS, ListedCounts
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry

_SOURCE = "(SELECT source_id FROM sources WHERE name = :source)"


def find_listed(db: Database, source_name: str) -> ListedCounts | None:
    """Return what the source lists now, or None where it lists nothing yet."""
    lacking = ", ".join(f"sum(coalesce({part}, '') = '')" for part in CHECKED_PARTS)
    entries, *counts = db.execute(
        f"SELECT count(*), {lacking} FROM entries"  # noqa: S608 - names of columns
        f" WHERE source_id = {_SOURCE} AND withdrawn_at IS NULL AND missed = 0",
        {"source": source_name},
    ).fetchone()
    return ListedCounts(entries, dict(zip(CHECKED_PARTS, counts, strict=True))) if entries else None


def new_wordings(db: Database, source_name: str, wordings: Collection[str]) -> frozenset[str]:
    """Return those of the wordings that none of the source's entries has now."""
    rows = db.execute(
        "SELECT value FROM json_each(:wordings) WHERE NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM entries WHERE source_id = {_SOURCE} AND wording = value)",
        {"source": source_name, "wordings": json.dumps(list(wordings))},
    )
    return frozenset(wording for (wording,) in rows)


@dataclass(frozen=True, slots=True)
class Effects:
    """What settling a listing would do: wordings that no entry has, listed entries that it lacks, and those lacking again."""

    new: int
    missing: int
    missing_again: int

    def __str__(self) -> str:
        later = self.missing - self.missing_again
        return (
            f"{self.new} of its entries are new or edited, {self.missing} listed entries are missing from it"
            f" (up to {self.missing_again} withdrawn at once, {later} more if the next complete crawl lacks them too)"
        )


def find_effects(db: Database, source_name: str, wordings: Collection[str]) -> Effects:
    """Return what settling a complete listing of these wordings would do; an edited entry counts as new and as missing."""
    missing, again = db.execute(
        "SELECT count(*), coalesce(sum(missed > 0), 0) FROM entries"  # noqa: S608
        f" WHERE source_id = {_SOURCE} AND withdrawn_at IS NULL"
        " AND wording NOT IN (SELECT value FROM json_each(:wordings))",
        {"source": source_name, "wordings": json.dumps(list(wordings))},
    ).fetchone()
    return Effects(len(new_wordings(db, source_name, wordings)), missing, again)


def count_strangers(db: Database, source_name: str, entries: Collection[ListedEntry]) -> int:
    """Count the entries that share neither wording nor title nor excerpt with any entry of the source, listed or not."""
    keys = [(wording_digest(entry), title_key(entry), excerpt_key(entry.excerpt)) for entry in entries]
    shared = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM entries WHERE source_id = {_SOURCE} AND {column} = json_extract(value, '$[{place}]'))"  # noqa: S608
        for place, column in enumerate(("wording", "title_key", "excerpt_key"))
    )
    row = db.execute(
        f"SELECT count(*) FROM json_each(:keys) WHERE {shared}",  # noqa: S608
        {"source": source_name, "keys": json.dumps(keys)},
    )
    return int(row.fetchone()[0])
