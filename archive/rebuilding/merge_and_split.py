"""Merges and splits: operators' decisions on the identity of entries.

A decision is written as truth to a copy, from which the archive is then rebuilt (see `archive.rebuilding.rebuild`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.crawls import find_crawl
from foreign_eyes.archive.entry_ids import entry_tag, mint_entry_id
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.rebuilding.moved_recognitions import Part, move_recognitions
from foreign_eyes.archive.redaction.redaction_records import last_redaction
from foreign_eyes.archive.settling.dating import feed_dates
from foreign_eyes.archive.settling.identity_rows import (
    Identity,
    find_identity,
    insert_identity,
    is_id_taken,
    load_identity,
    taken_dates,
)
from foreign_eyes.archive.settling.operator_decisions import Decision, merged_ids, record_decision, surviving_id
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry


def merge(db: Database, entry_id: int, other_id: int, at: datetime) -> Collection[int]:
    """Merge `other_id` into `entry_id`, which survives; return no added crawls.

    Raises:
        CannotDecide: an id is unknown, the ids lead to one entry or to different sources, or an entry is redacted.
    """
    keep, other = _entry(db, entry_id), _entry(db, other_id)
    if keep.entry_id == other.entry_id:
        raise CannotDecide(f"{entry_id} and {other_id} are already the same entry")
    if keep.source_id != other.source_id:
        raise CannotDecide(
            f"{entry_id} and {other_id} belong to different sources; only entries of one source can be merged"
        )
    merge_survivors(db, keep.entry_id, other.entry_id, at)
    return ()


def merge_survivors(db: Database, entry_id: int, other_id: int, at: datetime) -> None:
    """Merge `other_id` into `entry_id`; both are entries of one source that were not merged.

    Raises:
        CannotDecide: an entry is redacted.
    """
    for each in (entry_id, other_id):
        _refuse_redacted(db, each, "merged")
    record_decision(db, Decision("merge", entry_id, other_id), at)
    _move_older(db, other_id, entry_id, "1")


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The result of a split.

    `other_id` is the id of the other part, which may be the later part and may have a new id.
    """

    other_id: int
    is_later: bool
    is_new: bool


def split(db: Database, entry_id: int, number: int, at: datetime, authority: str) -> SplitResult:
    """Split an entry at revision `number`, which begins another entry.

    No published id is lost. The entry's own id stays with the part for which it was minted, and an id that was merged
    into the entry leads to its own part again. Only a part without an id gets a new one.

    Raises:
        CannotDecide: the id or the revision is unknown, the revision is the first, or the entry is redacted.
    """
    entry = _entry(db, entry_id)
    _refuse_redacted(db, entry.entry_id, "split")
    cut = _find_cut(db, entry.entry_id, number)
    if number == 1:
        raise CannotDecide(f"entry {entry.entry_id} begins with revision 1; split it at a later revision")
    ids = [entry, *(load_identity(db, other) for other, into in merged_ids(db).items() if into == entry.entry_id)]
    later = [identity for identity in ids if _is_later(db, entry.entry_id, identity, cut)]
    earlier = [identity for identity in ids if identity not in later]
    earlier = earlier or [_mint(db, _find_cut(db, entry.entry_id, 1), authority)]
    begins_at_cut = any(
        (identity.crawl_id, identity.identity_digest) == (cut.crawl_id, cut.identity_digest) for identity in later
    )
    undoes_merge = begins_at_cut and bool(set(earlier) & set(ids))
    later = later or [_mint(db, cut, authority)]
    own, other = (later, earlier) if entry in later else (earlier, later)
    record_decision(db, Decision("split", entry.entry_id, other[0].entry_id, number), at)
    for head, part in ((entry, own), (other[0], other)):
        for identity in part:
            if identity != head:
                record_decision(db, Decision("merge", head.entry_id, identity.entry_id), at)
    own_ids = frozenset(identity.entry_id for identity in own)
    move_recognitions(db, Part(entry.entry_id, number, other is later, other[0].entry_id, own_ids, undoes_merge))
    _move_older(db, entry.entry_id, other[0].entry_id, _LATER if other is later else f"NOT {_LATER}", cut)
    return SplitResult(other[0].entry_id, other is later, other[0] not in ids)


@dataclass(frozen=True, slots=True)
class _Cut:
    """The revision at which an entry is split, with its crawl's place in time."""

    number: int
    identity_digest: str
    first_seen: str
    crawl_id: int
    ordered_at: str
    source_id: int
    source_name: str


# condition on a revision `r` whose capture was made in the crawl `w`
_LATER = "((w.ordered_at, w.crawl_id) > (:ordered_at, :crawl_id) OR (w.crawl_id = :crawl_id AND r.number >= :number))"
_TEXTS = text_columns("r")
_REVISIONS = "FROM revisions r JOIN captures c USING (capture_id) JOIN timed_crawls w USING (crawl_id)"


def _entry(db: Database, entry_id: int) -> Identity:
    """Return the identity of the surviving entry of an id."""
    identity = find_identity(db, surviving_id(db, entry_id))
    if identity is None:
        raise CannotDecide(f"no entry has the id {entry_id}; look for it with: foreign-eyes history PART-OF-THE-TITLE")
    return identity


def _refuse_redacted(db: Database, entry_id: int, done: str) -> None:
    """Refuse a redacted entry, since its digests cannot be split or merged without the words."""
    last = last_redaction(db, entry_id)
    if last is None or last.kind == "undo":
        return
    if last.kind == "purge":
        raise CannotDecide(f"the words of entry {entry_id} were purged at {last.at}, so it can no longer be {done}")
    raise CannotDecide(
        f"entry {entry_id} is redacted and cannot be {done}; undo the redaction first, and redact again afterwards:"
        f" foreign-eyes redact {entry_id} --undo"
    )


def _find_cut(db: Database, entry_id: int, number: int) -> _Cut:
    row = db.execute(
        f"SELECT r.number, r.first_seen, w.crawl_id, w.ordered_at, w.source_id, s.name, {_TEXTS}"
        f" {_REVISIONS} JOIN sources s USING (source_id) WHERE r.entry_id = ? AND r.number = ? AND r.technical = 0",
        (entry_id, number),
    ).fetchone()
    if row is None:
        raise CannotDecide(f"entry {entry_id} has no revision {number}; see: foreign-eyes history {entry_id}")
    number, *cut = row[:6]
    return _Cut(number, identity_digest(ListedEntry(*row[6:])), *cut)


def _is_later(db: Database, entry_id: int, identity: Identity, cut: _Cut) -> bool:
    """Return whether an identity was minted at the cut or later."""
    ordered_at = db.execute("SELECT ordered_at FROM timed_crawls WHERE crawl_id = ?", (identity.crawl_id,)).fetchone()[
        0
    ]
    if identity.crawl_id != cut.crawl_id:
        return (str(ordered_at), identity.crawl_id) > (cut.ordered_at, cut.crawl_id)
    rows = db.execute(
        f"SELECT r.number, {_TEXTS} {_REVISIONS} WHERE r.entry_id = ? AND w.crawl_id = ?",
        (entry_id, identity.crawl_id),
    )
    numbers = [number for number, *texts in rows if identity_digest(ListedEntry(*texts)) == identity.identity_digest]
    return not numbers or min(numbers) >= cut.number


def _mint(db: Database, cut: _Cut, authority: str) -> Identity:
    """Mint an identity for a revision, with the date that it would have got as a new entry."""
    entry_id = mint_entry_id(lambda drawn: is_id_taken(db, drawn))
    first_seen, not_before = from_text(cut.first_seen), find_crawl(db, cut.crawl_id).not_before
    interval = from_text(not_before) if not_before else None
    (date,) = feed_dates(1, first_seen, interval, taken_dates(db, cut.source_id, first_seen, 1))
    tag_uri = entry_tag(authority, cut.source_name, entry_id)
    identity = Identity(entry_id, cut.source_id, tag_uri, date, cut.crawl_id, cut.identity_digest)
    insert_identity(db, identity)
    return identity


def _move_older(db: Database, entry_id: int, other_id: int, condition: str, cut: _Cut | None = None) -> None:
    """Move the revisions that older parsers read to another entry.

    Those of this parser follow in the rebuild.
    """
    values = asdict(cut) if cut else {}
    found = db.execute(
        f"SELECT r.revision_id {_REVISIONS} WHERE r.entry_id = :entry_id AND {condition}",
        {**values, "entry_id": entry_id},
    ).fetchall()
    # numbers are assigned again in the rebuild
    db.conn.executemany(
        "UPDATE revisions SET entry_id = ?, number = -revision_id WHERE revision_id = ?",
        [(other_id, revision_id) for (revision_id,) in found],
    )
