"""The log that feeds are made of: each event at which an entry was new or got another wording, in the journal's order.

    journal | append to the log | newest events: the feed | full fifties: archive documents, frozen

A position is given once. What was found in old captures is logged without being announced: a reader who walks back meets it,
and the feed itself shows it only until the document is full that it will stand in.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.current_entries import CurrentEntry, entries_by_id, entry_columns, to_entry
from foreign_eyes.archive.settling.announced_words import announced_texts
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

FrozenFormat = Literal["atom", "json"]

# RFC 5005 leaves it to us how much an archive document holds
DOCUMENT_SIZE = 50


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as an event of the log left it: the wording that it got then, and when readers were told of that."""

    position: int
    at: datetime
    entry: CurrentEntry


def extend_log(db: Database, source_id: int) -> int:
    """Append the source's changes that are not in the log yet; return how many events it has."""
    last = db.execute("SELECT coalesce(max(position), 0) FROM feed_log WHERE source_id = ?", (source_id,)).fetchone()[0]
    until = db.execute(
        "SELECT l.change_id FROM feed_log l WHERE l.source_id = ? AND l.change_id IS NOT NULL"
        " ORDER BY l.position DESC LIMIT 1",
        (source_id,),
    ).fetchone()
    cursor = db.execute(
        "INSERT INTO feed_log (source_id, position, entry_id, change_id, announced)"
        " SELECT source_id, ? + row_number() OVER (ORDER BY change_id), entry_id, change_id, announced FROM changes"
        " WHERE source_id = ? AND change_id > ? AND kind IN ('new', 'revised', 'redacted', 'unredacted')"
        # an entry that a decision announced is in the log once
        " AND (announced = 1 OR kind != 'new' OR NOT EXISTS (SELECT 1 FROM changes d WHERE d.entry_id = changes.entry_id"
        "  AND d.kind = 'new' AND d.decision_id IS NOT NULL))",
        (last, source_id, until[0] if until else 0),
    )
    return int(last) + cursor.rowcount


def correct_log(db: Database, source_id: int) -> int:
    """Append the entries that a reader who walks back would not meet, or not as they are; return how many.

    That is so where the archive was derived again: a split gives an entry its earlier wording back, or parts what a frozen
    document holds as one. What only the parser reads differently is not appended, since it is not an edit.
    """
    db.conn.create_function(
        "identity_digest", 5, lambda *texts: identity_digest(ListedEntry(*texts)), deterministic=True
    )
    cursor = db.execute(
        "INSERT INTO feed_log (source_id, position, entry_id, announced)"
        " SELECT :source_id, (SELECT max(position) FROM feed_log WHERE source_id = :source_id)"
        "  + row_number() OVER (ORDER BY e.feed_date), e.entry_id, 0"
        " FROM entries e JOIN revisions r USING (revision_id) LEFT JOIN feed_log l ON l.entry_id = e.entry_id"
        "  AND l.position = (SELECT max(position) FROM feed_log WHERE entry_id = e.entry_id)"
        " WHERE e.source_id = :source_id AND (l.position IS NULL OR (l.wording IS NOT NULL AND NOT EXISTS ("
        "  SELECT 1 FROM revisions o WHERE o.entry_id = e.entry_id AND o.number = r.number AND l.wording ="
        "   identity_digest(o.excerpt, o.attribution, o.title, o.publication, o.commentary))))",
        {"source_id": source_id},
    )
    return cursor.rowcount


def newest_of_log(db: Database, source_id: int, events: int, enough: int) -> list[int]:
    """Return the entries of the feed: `enough` of the newest announced, and whatever no archive document holds yet.

    `events` is how many the log has. Ids that were merged are given as those that they lead to.
    """
    into = merged_ids(db)
    tail = db.execute(
        "SELECT entry_id FROM feed_log WHERE source_id = ? AND position > ?",
        (source_id, full_documents(events) * DOCUMENT_SIZE),
    )
    waiting = {into.get(entry_id, entry_id) for (entry_id,) in tail}
    announced = db.execute(
        # by name: else SQLite walks back through the log itself, over all that was found in old captures
        "SELECT entry_id FROM feed_log INDEXED BY feed_log_announced WHERE source_id = ? AND announced = 1"
        " ORDER BY position DESC",
        (source_id,),
    )
    newest: set[int] = set()
    for (entry_id,) in announced:
        if len(newest) == enough:
            break
        newest.add(into.get(entry_id, entry_id))
    return sorted(newest | waiting)


def full_documents(events: int) -> int:
    """Return how many archive documents so many events fill."""
    return events // DOCUMENT_SIZE


def logged_entries(db: Database, source_id: int, number: int) -> list[LoggedEntry]:
    """Return the events of archive document `number`, the newest first, one for each entry: its last there.

    An announced event has its announced words and its own time. An event that was not announced can come after newer
    events of its entry, so it has the current wording and the entry's own time.
    """
    last = number * DOCUMENT_SIZE
    events = db.execute(
        "SELECT l.position, l.entry_id, x.at, x.kind = 'revised' OR x.decision_id IS NOT NULL, t.revision, t.words"
        " FROM feed_log l LEFT JOIN changes x ON x.change_id = l.change_id AND l.announced = 1"
        " LEFT JOIN told_words t USING (change_id)"
        " WHERE l.source_id = ? AND l.position BETWEEN ? AND ? ORDER BY l.position DESC",
        (source_id, last - DOCUMENT_SIZE + 1, last),
    ).fetchall()
    into = merged_ids(db)
    found: dict[int, LoggedEntry] = {}
    for position, logged_id, at, at_its_time, revision, words in events:
        entry_id = into.get(logged_id, logged_id)
        entry = None if entry_id in found else _worded(db, entry_id, revision, words)
        if entry is not None:
            told_at = entry.updated if words is None else from_text(at) if at_its_time else entry.feed_date
            found[entry_id] = LoggedEntry(position, told_at, entry)
    return list(found.values())


def awaits_freezing(db: Database, source: str, base_url: str) -> bool:
    """Tell whether a document may be full that is not frozen for that base URL; the log need not be up to date."""
    source_id, events = db.execute(
        "SELECT s.source_id, (SELECT count(*) FROM changes x WHERE x.source_id = s.source_id"
        "   AND x.kind IN ('new', 'revised', 'redacted', 'unredacted')"
        "   AND x.change_id > coalesce((SELECT l.change_id FROM feed_log l"
        "    WHERE l.source_id = s.source_id AND l.change_id IS NOT NULL ORDER BY l.position DESC LIMIT 1), 0))"
        "  + (SELECT coalesce(max(position), 0) FROM feed_log l WHERE l.source_id = s.source_id)"
        " FROM (SELECT (SELECT source_id FROM sources WHERE name = ?) AS source_id) s",
        (source,),
    ).fetchone()
    return full_documents(events) > last_frozen(db, source_id, base_url)


def last_frozen(db: Database, source_id: int, base_url: str) -> int:
    """Return the number of the last document that is frozen for that base URL, 0 for none; all before it are too."""
    row = db.execute(  # JSON is frozen after Atom
        "SELECT coalesce(max(number), 0) FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = 'json'",
        (source_id, base_url),
    ).fetchone()
    return int(row[0])


def find_frozen(db: Database, source_id: int, base_url: str, number: int, kind: FrozenFormat) -> bytes | None:
    """Return a document as it was frozen for that base URL, None where it was not."""
    row = db.execute(
        "SELECT zlib FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = ? AND number = ?",
        (source_id, base_url, kind, number),
    ).fetchone()
    return zlib.decompress(row[0]) if row else None


def freeze(db: Database, source_id: int, base_url: str, number: int, kind: FrozenFormat, content: bytes) -> None:
    """Keep a document for good, and what it says of its entries."""
    db.execute(
        "INSERT INTO frozen_documents (source_id, base_url, format, number, sha256, zlib) VALUES (?, ?, ?, ?, ?, ?)",
        (source_id, base_url, kind, number, sha256(content).hexdigest(), zlib.compress(content, 9)),
    )


def note_told(db: Database, source_id: int, told: Iterable[LoggedEntry]) -> None:
    """Note of which entry a document that is being frozen tells in each event's place, and which wording it gives it."""
    db.conn.executemany(
        "UPDATE feed_log SET entry_id = ?, wording = ? WHERE source_id = ? AND position = ?",
        [(one.entry.entry_id, _wording_of(one.entry), source_id, one.position) for one in told],
    )


def _wording_of(entry: CurrentEntry) -> str:
    listed = ListedEntry(entry.excerpt, entry.attribution, entry.title, entry.publication, entry.commentary)
    return identity_digest(listed)


def _worded(db: Database, entry_id: int, revision: int | None, words: str | None) -> CurrentEntry | None:
    """Return an entry with its announced words, otherwise with its current ones; None if there is no such entry.

    Its page at the source is the one that first showed the revision, if the entry still has that revision.
    """
    row = db.execute(
        f"SELECT {entry_columns('e')} FROM entries e JOIN revisions r ON r.entry_id = e.entry_id"  # noqa: S608 - our own names
        "  AND (r.revision_id = e.revision_id OR (r.number = :revision AND r.technical = 0))"
        " JOIN captures c USING (capture_id) WHERE e.entry_id = :entry_id"
        " ORDER BY (r.number = :revision AND r.technical = 0) DESC LIMIT 1",
        {"entry_id": entry_id, "revision": revision},
    ).fetchone()
    texts = announced_texts(db, words)
    if row is None or texts is None:
        return next(iter(entries_by_id(db, [entry_id])), None)
    shown = to_entry(row)
    return replace(
        shown,
        title=texts.title,
        publication=texts.publication,
        attribution=texts.attribution,
        excerpt=texts.excerpt,
        commentary=texts.commentary,
        revision=revision or shown.revision,
    )
