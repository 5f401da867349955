"""The feed log: each event at which an entry was new or revised, in journal order.

    journal | append to the log | newest events: the feed | 50 events each: frozen archive documents

A position never changes. Events that were found in old captures are logged without being announced: a client that walks back
through the archive documents finds them, and the feed itself shows them only until their document is full.
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
from foreign_eyes.archive.text_columns import TEXT_COLUMNS, text_columns
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import TEXT_PARTS, EntryTexts

FrozenFormat = Literal["atom", "json"]

_LOGGED_KINDS = "kind IN ('new', 'revised', 'redacted', 'unredacted')"
# the changes of a source that its log lacks, if `:until` is the one that was logged last. Of the
# changes of a source that a rename joined with this one, the log gets those of entries that were not merged.
_NOT_LOGGED = (
    "SELECT * FROM (SELECT change_id, entry_id, announced, kind FROM changes"  # noqa: S608 - our own names
    f" WHERE source_id = :source_id AND change_id > :until AND former_source IS NULL AND {_LOGGED_KINDS}"
    " UNION ALL SELECT change_id, entry_id, announced, kind FROM changes x"
    f" WHERE source_id = :source_id AND former_source IS NOT NULL AND {_LOGGED_KINDS} AND NOT EXISTS"
    "  (SELECT 1 FROM decisions d WHERE d.kind = 'merge' AND d.other_id = x.entry_id)) c"
    " WHERE NOT EXISTS (SELECT 1 FROM feed_log l WHERE l.change_id = c.change_id)"
)

# events in an archive document; RFC 5005 does not prescribe a number
DOCUMENT_SIZE = 50


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry at an event of the log, with the text that it got and the announcement's time.

    `text_digest` is the identity digest of the text as listed. In `entry`, the publication can have the operator's name.
    """

    position: int
    at: datetime
    entry: CurrentEntry
    text_digest: str = ""


def extend_log(db: Database, source_id: int) -> int:
    """Append the source's changes that are not in the log yet; return the number of events."""
    last = db.execute("SELECT coalesce(max(position), 0) FROM feed_log WHERE source_id = ?", (source_id,)).fetchone()[0]
    cursor = db.execute(
        "INSERT INTO feed_log (source_id, position, entry_id, change_id, announced)"  # noqa: S608 - our own names
        " SELECT :source_id, :last + row_number() OVER (ORDER BY change_id), entry_id, change_id, announced"
        f" FROM ({_NOT_LOGGED}) c"
        # an entry that a decision announced is in the log once
        " WHERE announced = 1 OR kind != 'new' OR NOT EXISTS (SELECT 1 FROM changes d WHERE d.entry_id = c.entry_id"
        "  AND d.kind = 'new' AND d.decision_id IS NOT NULL)",
        {"source_id": source_id, "last": last, "until": _last_logged(db, source_id)},
    )
    return int(last) + cursor.rowcount


def correct_log(db: Database, source_id: int) -> int:
    """Append the entries that a client walking back would miss or find with a wrong text.

    Return their number. There can be such entries after the archive was derived again: a split can give an entry an earlier
    text back, or separate entries that a frozen document has as one. A text that only the parser reads differently is not an
    edit, and is not appended.
    """
    db.conn.create_function(
        "identity_digest", len(TEXT_PARTS), lambda *texts: identity_digest(EntryTexts(*texts)), deterministic=True
    )
    cursor = db.execute(
        "INSERT INTO feed_log (source_id, position, entry_id, announced)"  # noqa: S608
        " SELECT :source_id, (SELECT max(position) FROM feed_log WHERE source_id = :source_id)"
        "  + row_number() OVER (ORDER BY e.feed_date), e.entry_id, 0"
        " FROM entries e JOIN revisions r USING (revision_id) LEFT JOIN feed_log l ON l.entry_id = e.entry_id"
        "  AND l.position = (SELECT max(position) FROM feed_log WHERE entry_id = e.entry_id)"
        " WHERE e.source_id = :source_id AND (l.position IS NULL OR (l.wording IS NOT NULL AND NOT EXISTS ("
        "  SELECT 1 FROM revisions o WHERE o.entry_id = e.entry_id AND o.number = r.number AND l.wording ="
        f"   identity_digest({text_columns('o')}))))",
        {"source_id": source_id},
    )
    return cursor.rowcount


def newest_of_log(db: Database, source_id: int, events: int, size: int) -> list[int]:
    """Return the entries of the feed.

    They are the newest `size` announced ones, and all that are in no full archive document. `events` is the number of events
    in the log. A merged id is replaced with the id that it was merged into.
    """
    into = merged_ids(db)
    tail = db.execute(
        "SELECT entry_id FROM feed_log WHERE source_id = ? AND position > ?",
        (source_id, count_full_documents(events) * DOCUMENT_SIZE),
    )
    not_in_document = {into.get(entry_id, entry_id) for (entry_id,) in tail}
    announced = db.execute(
        # without INDEXED BY, SQLite scans the log itself, with all events that were found in old captures
        "SELECT entry_id FROM feed_log INDEXED BY feed_log_announced WHERE source_id = ? AND announced = 1"
        " ORDER BY position DESC",
        (source_id,),
    )
    newest: set[int] = set()
    for (entry_id,) in announced:
        if len(newest) == size:
            break
        newest.add(into.get(entry_id, entry_id))
    return sorted(newest | not_in_document)


def count_full_documents(events: int) -> int:
    """Return the number of archive documents that this number of events fills."""
    return events // DOCUMENT_SIZE


def logged_entries(db: Database, source_id: int, number: int) -> list[LoggedEntry]:
    """Return the last event of each entry in archive document `number`, newest first.

    An announced event has its announced text and its own time. An event that was not announced may be logged after newer
    events of its entry, so it has the entry's current text and time.
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
    for position, logged_id, at, has_own_time, revision, words in events:
        entry_id = into.get(logged_id, logged_id)
        entry = None if entry_id in found else _entry_with_texts(db, entry_id, revision, words)
        if entry is not None:
            announced_at = entry.updated if words is None else from_text(at) if has_own_time else entry.feed_date
            listed = announced_texts(db, words) or _texts_as_listed(db, entry_id)
            found[entry_id] = LoggedEntry(position, announced_at, entry, identity_digest(listed))
    return list(found.values())


def awaits_freezing(db: Database, source: str, base_url: str) -> bool:
    """Return whether a full document may not be frozen yet for this base URL.

    The log need not be up to date.
    """
    row = db.execute("SELECT source_id FROM sources WHERE name = ?", (source,)).fetchone()
    if row is None:
        return False
    source_id = int(row[0])
    (events,) = db.execute(
        f"SELECT (SELECT count(*) FROM ({_NOT_LOGGED}))"  # noqa: S608 - our own names
        "  + (SELECT coalesce(max(position), 0) FROM feed_log WHERE source_id = :source_id)",
        {"source_id": source_id, "until": _last_logged(db, source_id)},
    ).fetchone()
    return count_full_documents(events) > last_frozen(db, source_id, base_url)


def _last_logged(db: Database, source_id: int) -> int:
    """Return the change that was logged last, or 0."""
    row = db.execute(
        "SELECT l.change_id FROM feed_log l WHERE l.source_id = ? AND l.change_id IS NOT NULL"
        " ORDER BY l.position DESC LIMIT 1",
        (source_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def last_frozen(db: Database, source_id: int, base_url: str) -> int:
    """Return the number of the last document that is frozen for this base URL, or 0.

    All earlier ones are frozen too.
    """
    row = db.execute(  # the JSON document is frozen after the Atom document
        "SELECT coalesce(max(number), 0) FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = 'json'",
        (source_id, base_url),
    ).fetchone()
    return int(row[0])


def find_frozen(db: Database, source_id: int, base_url: str, number: int, kind: FrozenFormat) -> bytes | None:
    """Return the bytes of a document that is frozen for this base URL, or None."""
    row = db.execute(
        "SELECT zlib FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = ? AND number = ?",
        (source_id, base_url, kind, number),
    ).fetchone()
    return zlib.decompress(row[0]) if row else None


def freeze(db: Database, source_id: int, base_url: str, number: int, kind: FrozenFormat, content: bytes) -> None:
    """Store the bytes of an archive document, which then never change."""
    db.execute(
        "INSERT INTO frozen_documents (source_id, base_url, format, number, sha256, zlib) VALUES (?, ?, ?, ?, ?, ?)",
        (source_id, base_url, kind, number, sha256(content).hexdigest(), zlib.compress(content, 9)),
    )


def note_frozen(db: Database, source_id: int, frozen: Iterable[LoggedEntry]) -> None:
    """Store the entry and the digest of the text that a frozen document shows for each event."""
    db.conn.executemany(
        "UPDATE feed_log SET entry_id = ?, wording = ? WHERE source_id = ? AND position = ?",
        [(event.entry.entry_id, event.text_digest, source_id, event.position) for event in frozen],
    )


def _texts_as_listed(db: Database, entry_id: int) -> EntryTexts:
    row = db.execute(f"SELECT {TEXT_COLUMNS} FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()  # noqa: S608
    return EntryTexts(*row)


def _entry_with_texts(db: Database, entry_id: int, revision: int | None, words: str | None) -> CurrentEntry | None:
    """Return an entry with the announced text whose digest is `words`, or None.

    If that text is not stored, the entry has its current one. Return None if the entry is missing. `seen_at_url` is the page that
    first showed the revision, if the entry still has that revision.
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
    return replace(shown, revision=revision or shown.revision, **{part: getattr(texts, part) for part in TEXT_PARTS})
