"""Identities: the ids that were minted, each for one row of one crawl."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.times import from_text, to_text


@dataclass(frozen=True, slots=True)
class Identity:
    """The values that are minted once for an entry: id, tag URI and feed date.

    `crawl_id` and `identity_digest` name the row for which it was minted. `found_again` is whether a lost archive
    published the id, so that readers know it.
    """

    entry_id: int
    source_id: int
    tag_uri: str
    feed_date: datetime
    crawl_id: int
    identity_digest: str
    found_again: bool = False


# the feed date is the one to which an operator moved it, if any
_COLUMNS = (
    "entry_id, source_id, tag_uri, coalesce((SELECT m.feed_date FROM redated_entries m WHERE m.entry_id = i.entry_id"
    " ORDER BY m.redating_id DESC LIMIT 1), feed_date), crawl_id, wording"
)


def insert_identity(db: Database, identity: Identity) -> None:
    """Store a minted identity, inside the caller's transaction."""
    db.execute(
        "INSERT INTO identities (entry_id, source_id, tag_uri, feed_date, crawl_id, wording) VALUES (?, ?, ?, ?, ?, ?)",
        (
            *(identity.entry_id, identity.source_id, identity.tag_uri, to_text(identity.feed_date)),
            *(identity.crawl_id, identity.identity_digest),
        ),
    )


def is_id_taken(db: Database, entry_id: int) -> bool:
    """Return whether an id was minted by this archive or a lost one, or is provisional."""
    return bool(
        db.execute(
            "SELECT 1 FROM identities WHERE entry_id = :id UNION ALL SELECT 1 FROM entries WHERE entry_id = :id"
            " UNION ALL SELECT 1 FROM lost_ids WHERE entry_id = :id LIMIT 1",
            {"id": entry_id},
        ).fetchone()
    )


def is_identity_free(db: Database, identity: Identity) -> bool:
    """Return whether the id, the tag URI and the feed date of an identity from another archive are free in this one."""
    row = db.execute(
        "SELECT 1 FROM identities WHERE tag_uri = :tag UNION ALL SELECT 1 FROM entries WHERE tag_uri = :tag"
        " UNION ALL SELECT 1 FROM lost_ids WHERE tag_uri = :tag LIMIT 1",
        {"tag": identity.tag_uri},
    ).fetchone()
    if row is not None or is_id_taken(db, identity.entry_id):
        return False
    return identity.feed_date not in taken_dates(db, identity.source_id, identity.feed_date, 0)


def identities_minted_in(db: Database, crawl_id: int) -> list[Identity]:
    """Return the identities that were minted for rows of a crawl."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM identities i WHERE crawl_id = ?"  # noqa: S608 - our own names, here and below
        " ORDER BY entry_id",
        (crawl_id,),
    )
    return [_identity(row) for row in rows]


def find_identity(db: Database, entry_id: int) -> Identity | None:
    """Return the identity with that id, or None if it was never minted."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM identities i WHERE entry_id = ?",  # noqa: S608
        (entry_id,),
    ).fetchone()
    return _identity(row) if row else None


def load_identity(db: Database, entry_id: int) -> Identity:
    """Return the identity with that id.

    Raises:
        LookupError: the id was never minted.
    """
    identity = find_identity(db, entry_id)
    if identity is None:
        raise LookupError(f"entry {entry_id} was never minted")
    return identity


def taken_dates(db: Database, source_id: int, until: datetime, count: int) -> set[datetime]:
    """Return the dates that are taken in the `count` + 1 seconds before `until`.

    New feed dates are chosen in that interval.
    """
    rows = db.execute(
        "SELECT feed_date FROM identities WHERE source_id = :source_id AND feed_date BETWEEN :since AND :until"
        " UNION SELECT feed_date FROM redated_entries WHERE feed_date BETWEEN :since AND :until"
        " UNION SELECT feed_date FROM entries WHERE source_id = :source_id AND feed_date BETWEEN :since AND :until"
        " UNION SELECT feed_date FROM lost_ids WHERE feed_date BETWEEN :since AND :until"
        " UNION SELECT at FROM changes WHERE source_id = :source_id AND kind = 'revised' AND at BETWEEN :since AND :until",
        {"source_id": source_id, "since": to_text(until - timedelta(seconds=count + 1)), "until": to_text(until)},
    )
    return {from_text(row[0]) for row in rows}


def _identity(row: tuple[Any, ...]) -> Identity:
    entry_id, source_id, tag_uri, feed_date, crawl_id, wording = row
    return Identity(entry_id, source_id, tag_uri, from_text(feed_date), crawl_id, wording)
