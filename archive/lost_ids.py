"""Ids that readers know and the archive has lost: kept until a crawl meets the wording that they were published with.

An entry that is found again gets its id, tag and feed date back, and is not announced: readers have it already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlite_utils import Database

from archive.clock import from_text, to_text


class LostId(Protocol):
    """An id as the record of an output folder tells it; `wordings` are digests of all that was published under it."""

    entry_id: int
    tag_uri: str
    feed_date: datetime
    source: str
    wordings: tuple[str, ...]


def keep_lost_ids(db: Database, found: Iterable[LostId]) -> int:
    """Keep those ids that the archive never minted, inside the caller's transaction; return how many were not kept before."""
    known = {
        entry_id for (entry_id,) in db.execute("SELECT entry_id FROM identities UNION SELECT entry_id FROM lost_ids")
    }
    lost = [one for one in found if one.entry_id not in known]
    for one in lost:
        db.conn.executemany(
            "INSERT INTO lost_ids (entry_id, wording, source, tag_uri, feed_date) VALUES (?, ?, ?, ?, ?)",
            [(one.entry_id, wording, one.source, one.tag_uri, to_text(one.feed_date)) for wording in one.wordings],
        )
    return len(lost)


def keep_lost_seal(db: Database, digest: str) -> None:
    """Keep the newest seal of what was lost: a folder that shows it shows this archive."""
    db.execute("INSERT OR IGNORE INTO lost_seals (digest) VALUES (?)", (digest,))


def find_lost_id(db: Database, source: str, wording: str) -> tuple[int, str, datetime] | None:
    """Return id, tag and feed date under which a wording of a source was published, if no entry has that id."""
    row = db.execute(
        "SELECT entry_id, tag_uri, feed_date FROM lost_ids l WHERE source = ? AND wording = ?"
        " AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.entry_id = l.entry_id)"
        " AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.entry_id = l.entry_id) ORDER BY feed_date LIMIT 1",
        (source, wording),
    ).fetchone()
    return (int(row[0]), str(row[1]), from_text(row[2])) if row else None
