"""Published ids that the archive has lost.

They are stored until a crawl finds a text that was published under one of them. An entry that is found again gets its id, tag
URI and feed date back and is not announced, since readers have it already. An edit that was published before it was lost is
not announced again either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlite_utils import Database

from foreign_eyes.archive.source_names import present_name
from foreign_eyes.archive.text_columns import TEXT_COLUMNS
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry


class LostId(Protocol):
    """An id from the record of an output folder.

    `text_digests` are the identity digests of the texts published under it.
    """

    entry_id: int
    tag_uri: str
    feed_date: datetime
    source: str
    text_digests: tuple[str, ...]


def keep_lost_ids(db: Database, found: Iterable[LostId]) -> int:
    """Store the ids and texts that the archive lacks, inside the caller's transaction.

    Return how many ids it lacked.
    """
    known = {
        entry_id for (entry_id,) in db.execute("SELECT entry_id FROM identities UNION SELECT entry_id FROM lost_ids")
    }
    lacking = 0
    for lost in found:
        lacking += lost.entry_id not in known
        stored = identity_digests(db, lost.entry_id)
        db.conn.executemany(
            "INSERT INTO lost_ids (entry_id, wording, source, tag_uri, feed_date) VALUES (:id, :wording, :source, :tag, :date)"
            " ON CONFLICT DO NOTHING",
            [
                {
                    "id": lost.entry_id,
                    "wording": wording,
                    "source": present_name(db, lost.source),
                    "tag": lost.tag_uri,
                    "date": to_text(lost.feed_date),
                }
                for wording in lost.text_digests
                if wording not in stored
            ],
        )
    return lacking


def identity_digests(db: Database, entry_id: int) -> frozenset[str]:
    """Return the identity digests of all revisions of an entry."""
    rows = db.execute(f"SELECT {TEXT_COLUMNS} FROM revisions WHERE entry_id = ?", (entry_id,))  # noqa: S608
    return frozenset(identity_digest(ListedEntry(*texts)) for texts in rows)


def keep_lost_seal(db: Database, digest: str) -> None:
    """Store the newest seal of a lost state.

    An output folder with this seal is then recognised as one of this archive.
    """
    db.execute("INSERT OR IGNORE INTO lost_seals (digest) VALUES (?)", (digest,))


def was_published(db: Database, entry_id: int, identity: str, wording: str) -> bool:
    """Return whether a text was published for the entry, then lost, and not found again.

    `identity` is the identity digest of the text, which lost ids store; `wording` is its digest as stored in revisions.
    """
    row = db.execute(
        "SELECT 1 FROM lost_ids l WHERE entry_id = :id AND wording = :identity"
        " AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.entry_id = :id AND r.wording IN (:wording, :identity))",
        {"id": entry_id, "identity": identity, "wording": wording},
    ).fetchone()
    return row is not None


def find_lost_id(db: Database, source: str, wording: str) -> tuple[int, str, datetime] | None:
    """Return the id, tag URI and feed date under which a text was published, or None.

    Return None also if an entry has that id.
    """
    row = db.execute(
        "SELECT entry_id, tag_uri, feed_date FROM lost_ids l WHERE source = ? AND wording = ?"
        " AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.entry_id = l.entry_id)"
        " AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.entry_id = l.entry_id) ORDER BY feed_date LIMIT 1",
        (source, wording),
    ).fetchone()
    return (int(row[0]), str(row[1]), from_text(row[2])) if row else None
