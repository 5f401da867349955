"""Collapsing rows of one listing with the same wording, in any style, into one place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class Collapsed:
    """The first place of each wording, in listing order, and the rank of the place of each row."""

    places: tuple[Place, ...]
    place_of: Mapping[int, int]


def collapse(db: Database, crawl: Crawl, rows: Sequence[Place]) -> Collapsed:
    """Collapse the rows of a listing, which are in listing order.

    Entries that earlier rules distinguished stay separate: in crawls that those rules settled, and while both are listed.
    """
    by_identity = (
        {row.wording_digest for row in rows} if crawl.by_earlier_rules else _distinguished(db, crawl.source_id, rows)
    )
    return _collapse(
        {row.rank: row.identity_digest if row.wording_digest in by_identity else row.wording_digest for row in rows},
        rows,
    )


def _collapse(keys: Mapping[int, str], rows: Sequence[Place]) -> Collapsed:
    first: dict[str, Place] = {}
    twins: dict[int, list[ListedEntry]] = {}
    place_of: dict[int, int] = {}
    for row in rows:
        place = first.setdefault(keys[row.rank], row)
        place_of[row.rank] = place.rank
        if place is not row and row.entry != place.entry:
            twins.setdefault(place.rank, []).append(row.entry)
    counts = Counter(place_of.values())
    places = (replace(row, count=counts[row.rank], twins=tuple(twins.get(row.rank, ()))) for row in first.values())
    return Collapsed(tuple(places), place_of)


def _distinguished(db: Database, source_id: int, rows: Sequence[Place]) -> Collection[str]:
    """Return the wordings in several styles among the rows that several entries have."""
    identities: dict[str, set[str]] = {}
    for row in rows:
        identities.setdefault(row.wording_digest, set()).add(row.identity_digest)
    several = [wording for wording, found in identities.items() if len(found) > 1]
    if not several:
        return ()
    found = db.execute(
        "SELECT wording FROM entries WHERE source_id = ? AND withdrawn_at IS NULL"
        " AND wording IN (SELECT value FROM json_each(?)) GROUP BY wording HAVING count(*) > 1",
        (source_id, json.dumps(several)),
    )
    return {wording for (wording,) in found}
