"""Carrying out what an operator decides: two entries are one, or a revision is an entry of its own.

Each is truth written into a copy, from which the archive is then derived again (see `archive.rebuilding.rebuild`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from archive.clock import from_text
from archive.errors import CannotDecide
from archive.identity.keys import entry_tag, mint_entry_id
from archive.settling.dating import feed_dates
from archive.settling.decisions import Decision, merged_ids, record_decision, surviving
from archive.settling.identities import Identity, dates_taken, find_identity, id_taken, insert_identity


def merge(db: Database, entry_id: int, other_id: int, at: datetime) -> Collection[int]:
    """Decide that `other_id` is `entry_id`, which survives; no crawl is added.

    Raises:
        CannotDecide: an id was never minted, they are one entry already, or of two sources.
    """
    keep, other = _entry(db, entry_id), _entry(db, other_id)
    if keep.entry_id == other.entry_id:
        raise CannotDecide(f"{entry_id} and {other_id} are one entry already")
    if keep.source_id != other.source_id:
        raise CannotDecide(f"{entry_id} and {other_id} are of two sources, and an entry has one")
    record_decision(db, Decision("merge", keep.entry_id, other.entry_id), at)
    _move_older(db, "entry_id = ?", [other.entry_id], keep.entry_id)
    return ()


def split(db: Database, entry_id: int, number: int, at: datetime, authority: str) -> int:
    """Decide that revision `number` of an entry, and what followed from it, is another entry; return that one's id.

    Where that revision began as an entry that was merged into this one, it has its own id again; else it gets a new one.

    Raises:
        CannotDecide: the id was never minted, or the entry has no such revision, or it is the first.
    """
    entry = _entry(db, entry_id)
    revision = db.execute(
        "SELECT r.revision_id, r.wording, r.first_seen, c.crawl_id, s.name FROM revisions r JOIN captures c USING (capture_id)"
        " JOIN crawls w USING (crawl_id) JOIN sources s USING (source_id)"
        " WHERE r.entry_id = ? AND r.number = ? AND r.technical = 0",
        (entry.entry_id, number),
    ).fetchone()
    if revision is None:
        raise CannotDecide(
            f"entry {entry.entry_id} has no revision {number}; see: foreign-eyes history {entry.entry_id}"
        )
    if number == 1:
        raise CannotDecide(f"revision 1 is where entry {entry.entry_id} begins; split at a later one")
    revision_id, wording, first_seen, crawl_id, source = revision
    other_id = _merged_birth(db, entry.entry_id, crawl_id, wording)
    if other_id is None:
        other_id = mint_entry_id(lambda drawn: id_taken(db, drawn))
        feed_date = _feed_date(db, entry.source_id, crawl_id, from_text(first_seen))
        tag_uri = entry_tag(authority, source, other_id)
        insert_identity(db, Identity(other_id, entry.source_id, tag_uri, feed_date, crawl_id, wording))
    record_decision(db, Decision("split", entry.entry_id, other_id, number), at)
    _move_older(db, "entry_id = ? AND revision_id >= ?", [entry.entry_id, revision_id], other_id)
    return other_id


def _entry(db: Database, entry_id: int) -> Identity:
    """Return the identity that an id leads to."""
    identity = find_identity(db, surviving(db, entry_id))
    if identity is None:
        raise CannotDecide(f"no entry has the id {entry_id}; look for it with: foreign-eyes history PART-OF-THE-TITLE")
    return identity


def _merged_birth(db: Database, entry_id: int, crawl_id: int, wording: str) -> int | None:
    """Return the id, merged into `entry_id`, that was minted for this wording in this crawl."""
    born = db.execute("SELECT entry_id FROM identities WHERE crawl_id = ? AND wording = ?", (crawl_id, wording))
    merged = merged_ids(db)
    return next((other_id for (other_id,) in born if merged.get(other_id) == entry_id), None)


def _feed_date(db: Database, source_id: int, crawl_id: int, first_seen: datetime) -> datetime:
    """Return a date for an entry that was first seen in that crawl, as if it had been new then."""
    row = db.execute(
        "SELECT max(p.started_at) FROM crawls p JOIN crawls c ON c.crawl_id = ? WHERE p.source_id = c.source_id"
        " AND (p.ordered_at, p.crawl_id) < (c.ordered_at, c.crawl_id) AND p.mode = 'full'"
        " AND p.outcome IN ('complete', 'unchanged')",
        (crawl_id,),
    ).fetchone()
    not_before = from_text(row[0]) if row[0] else None
    (date,) = feed_dates(1, first_seen, not_before, dates_taken(db, source_id, first_seen, 1))
    return date


def _move_older(db: Database, condition: str, values: list[int], entry_id: int) -> None:
    """Hand what older parsers read to another entry; what this parser reads follows by itself when it is derived."""
    ids = f"SELECT revision_id FROM revisions WHERE {condition}"  # noqa: S608 - our own conditions
    db.execute(f"UPDATE listing_rows SET entry_id = ? WHERE revision_id IN ({ids})", [entry_id, *values])  # noqa: S608
    # a number follows from the place in time, and is given anew
    db.execute(f"UPDATE revisions SET entry_id = ?, number = -revision_id WHERE {condition}", [entry_id, *values])  # noqa: S608
