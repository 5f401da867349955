"""Doubts about matches.

They are stored when a row is recorded, and closed when an operator confirms the match.

Each rebuild derives doubts again; confirmations are truth. A merge or a split closes a doubt, too: the row then has its
entry by decision, and the doubtful match is not made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.matching.doubt_reasons import RETURNED
from foreign_eyes.archive.matching.matcher import Doubt, Match
from foreign_eyes.archive.settling.entry_rows import Place, StoredEntry
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.times import to_text
from foreign_eyes.listing.text_digests import identity_digest

# methods that do not match a row with new words
_WITHOUT_EDIT = {"same wording", "earlier wording", "merged by an operator", "second place", "as settled before"}


def with_doubt(found: Match, before: StoredEntry, after: StoredEntry) -> Match:
    """Return a match with a doubt if a withdrawn entry returned with another wording. Pure.

    An existing doubt is kept.
    """
    is_edited = after.number > before.number and found.method not in _WITHOUT_EDIT
    if found.doubt is None and before.withdrawn and is_edited:
        return replace(found, doubt=Doubt(RETURNED))
    return found


def record_doubt(db: Database, place: Place, found: Match, revision_id: int) -> None:
    """Store the doubt of a match, if any, inside the caller's transaction.

    Of equal doubts, the first is kept.
    """
    if found.doubt is None:
        return
    db.execute(
        "INSERT INTO match_doubts (revision_id, reason, at, capture_id, match_method, match_score, other_entry_id, wording)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(revision_id, found.doubt.reason, to_text(place.first_capture.fetched_at), place.first_capture.capture_id),
            *(found.method, found.score, found.doubt.other_entry_id, identity_digest(place.entry)),
        ),
    )
    apply_confirmations(db)


def confirm(db: Database, entry_id: int, number: int, at: datetime) -> bool:
    """Record that revision `number` belongs to its entry, inside the caller's transaction.

    Return False, and write nothing, if it was confirmed before.

    Raises:
        CannotDecide: the entry has no such revision, or its match is not doubtful.
    """
    doubts = db.execute(
        "SELECT DISTINCT d.wording, d.capture_id, d.confirmation_id FROM match_doubts d JOIN revisions r USING (revision_id)"
        " WHERE r.entry_id = ? AND r.number = ? ORDER BY d.at, d.revision_id",
        (entry_id, number),
    ).fetchall()
    if not doubts:
        raise CannotDecide(_why_not(db, entry_id, number))
    open_doubts = [(wording, capture_id) for wording, capture_id, confirmation_id in doubts if confirmation_id is None]
    for wording, capture_id in open_doubts:
        db.execute(
            "INSERT INTO confirmations (at, entry_id, revision, wording, capture_id) VALUES (?, ?, ?, ?, ?)",
            (to_text(at), entry_id, number, wording, capture_id),
        )
    apply_confirmations(db)
    return bool(open_doubts)


def apply_confirmations(db: Database) -> None:
    """Close the doubts that were confirmed, inside the caller's transaction.

    A confirmation closes the doubts about its wording of the entry. If a newer parser reads that wording differently, so
    that no doubt has it, the confirmation closes the doubts about its capture.
    """
    merged = merged_ids(db)
    for confirmation_id, entry_id, wording, capture_id in db.execute(
        "SELECT confirmation_id, entry_id, wording, capture_id FROM confirmations ORDER BY confirmation_id"
    ).fetchall():
        of_entry = {"entry_id": merged.get(entry_id, entry_id), "confirmation_id": confirmation_id}
        if not _close(db, "d.wording = :value", {**of_entry, "value": wording}):
            _close(db, "d.capture_id = :value", {**of_entry, "value": capture_id})


def drop_merged(db: Database) -> None:
    """Delete the doubts whose other entry was merged into their own, within the transaction.

    Merged ids in other doubts are replaced with the surviving ids.
    """
    for other_id, entry_id in merged_ids(db).items():
        db.execute("UPDATE match_doubts SET other_entry_id = ? WHERE other_entry_id = ?", (entry_id, other_id))
    db.execute(
        "DELETE FROM match_doubts WHERE other_entry_id ="
        " (SELECT entry_id FROM revisions r WHERE r.revision_id = match_doubts.revision_id)"
    )


def _close(db: Database, condition: str, values: dict[str, object]) -> bool:
    """Close the doubts of an entry that meet a condition.

    Return whether any doubt, open or closed, meets it.
    """
    doubts = (
        "SELECT d.revision_id, d.reason, d.confirmation_id"  # noqa: S608 - our own conditions
        " FROM match_doubts d JOIN revisions r USING (revision_id)"
        f" WHERE r.entry_id = :entry_id AND {condition}"
    )
    matching = db.execute(doubts, values).fetchall()
    db.conn.executemany(
        "UPDATE match_doubts SET confirmation_id = ? WHERE revision_id = ? AND reason = ?",
        [(values["confirmation_id"], revision_id, reason) for revision_id, reason, by in matching if by is None],
    )
    return bool(matching)


def _why_not(db: Database, entry_id: int, number: int) -> str:
    known = db.execute("SELECT 1 FROM revisions WHERE entry_id = ? AND number = ? LIMIT 1", (entry_id, number))
    if known.fetchone() is None:
        return f"entry {entry_id} has no revision {number}; see: foreign-eyes history {entry_id}"
    return (
        f"revision {number} of entry {entry_id} has no doubt to confirm; see those that have one: foreign-eyes doubts"
    )
