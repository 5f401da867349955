"""Frozen archive documents that contain redacted entries, and the items that are kept for an undo."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.feed_log import FrozenFormat
from foreign_eyes.archive.redaction.redaction_records import (
    has_redactions,
    hidden_entries,
    keep_text,
    last_redaction,
    secret_of,
    unpack,
)
from foreign_eyes.archive.redaction.word_digests import Marks, marks_of
from foreign_eyes.archive.settling.operator_decisions import surviving_id
from foreign_eyes.listing.values import ListedEntry

_TABLE = "frozen_documents"


class DocumentKey(NamedTuple):
    """The key of a frozen document."""

    source_id: int
    base_url: str
    format: FrozenFormat
    number: int


@dataclass(frozen=True, slots=True)
class RedactedTag:
    """A tag under which feeds told the words of a redacted entry.

    `tag_id` is the id in the tag: the entry's own, or one that a merge or split once joined with it. `wordings` are the marks of
    the words where the tag may also have told those of another entry; None where all that it told is hidden.
    """

    entry_id: int
    tag_id: int
    tag_uri: str
    source_id: int
    reason: str | None
    redaction_id: int
    purged: bool
    secret: bytes
    wordings: tuple[Marks, ...] | None = None

    def told(self, words: ListedEntry) -> bool:
        """Tell whether an item with these words tells those of the redacted entry."""
        if self.wordings is None:
            return True
        marks = marks_of(self.secret, words)
        return any(
            mine is not None and mine == theirs
            for one in self.wordings
            for mine, theirs in (
                (one.wording, marks.wording),
                (one.excerpt, marks.excerpt),
                (one.commentary, marks.commentary),
            )
        )


def redacted_tags(db: Database) -> list[RedactedTag]:
    """Return the tags of entries that are redacted now, and of ids once joined with them, that the archive has minted."""
    found = []
    for one in hidden_entries(db):
        last = last_redaction(db, one.entry_id)
        for tag_id in (one.entry_id, *sorted(_joined(db, one.entry_id))):
            row = db.execute("SELECT tag_uri, source_id FROM identities WHERE entry_id = ?", (tag_id,)).fetchone()
            if row is None or last is None:
                continue
            is_own = surviving_id(db, tag_id) == one.entry_id
            found.append(
                RedactedTag(
                    *(one.entry_id, tag_id, row[0], row[1], one.reason, last.redaction_id, one.purged, secret_of(db)),
                    wordings=None if is_own else one.wordings,
                )
            )
    return found


def _joined(db: Database, entry_id: int) -> set[int]:
    """Return the other ids that merges and splits, also those undone since, join with an entry, at any remove."""
    pairs = db.execute("SELECT entry_id, other_id FROM decisions").fetchall()
    found, size = {entry_id}, 0
    while size != len(found):
        size = len(found)
        found |= {one for pair in pairs if found & set(pair) for one in pair}
    return found - {entry_id}


def frozen_with(db: Database, source_id: int, tag_uri: str) -> Iterator[tuple[DocumentKey, bytes]]:
    """Yield the frozen documents of a source that name an entry's tag, with their bytes."""
    rows = db.execute(
        "SELECT source_id, base_url, format, number FROM frozen_documents WHERE source_id = ?"
        " ORDER BY base_url, format, number",
        (source_id,),
    ).fetchall()
    for row in rows:
        key = DocumentKey(*row)
        content = frozen_content(db, key)
        if content is not None and tag_uri.encode() in content:
            yield key, content


def frozen_content(db: Database, key: DocumentKey) -> bytes | None:
    """Return the bytes of a frozen document; None if there is none."""
    row = db.execute(
        "SELECT zlib FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = ? AND number = ?", key
    ).fetchone()
    return zlib.decompress(row[0]) if row else None


def keep_item(db: Database, redacted: RedactedTag, key: DocumentKey, item: str) -> None:
    """Keep the item of an entry from a document, unless the words were purged."""
    if not redacted.purged:
        under = [] if redacted.tag_id == redacted.entry_id else [redacted.tag_id]
        keep_text(db, redacted.redaction_id, _TABLE, json.dumps([redacted.entry_id, *key, *under]), {"item": item})


def take_kept_items(db: Database) -> list[tuple[str, DocumentKey, str]]:
    """Return and remove the kept items of entries that are no longer redacted: tag, document and item."""
    redacted = {one.entry_id for one in hidden_entries(db)}
    found = []
    rows = db.execute("SELECT row_key, packed FROM withheld_texts WHERE table_name = ? ORDER BY row_key", (_TABLE,))
    for row_key, packed in rows.fetchall():
        entry_id, source_id, base_url, kind, number, *under = json.loads(row_key)
        if entry_id not in redacted:
            db.execute("DELETE FROM withheld_texts WHERE table_name = ? AND row_key = ?", (_TABLE, row_key))
            tag = db.execute("SELECT tag_uri FROM identities WHERE entry_id = ?", (*under, entry_id)[:1]).fetchone()
            found.append((tag[0], DocumentKey(source_id, base_url, kind, number), unpack(packed)["item"]))
    return found


def replace_frozen(db: Database, key: DocumentKey, content: bytes) -> None:
    """Replace the bytes of a frozen document."""
    db.execute(
        "UPDATE frozen_documents SET sha256 = ?, zlib = ? WHERE source_id = ? AND base_url = ? AND format = ? AND number = ?",
        (sha256(content).hexdigest(), zlib.compress(content, 9), *key),
    )


def forget_tallies(db: Database) -> None:
    """Delete the counts of publications that no entry has any more; publishing counts again.

    If anything was ever redacted, SQLite overwrites with zeros what this connection deletes from now on.
    """
    if has_redactions(db):
        db.execute("PRAGMA secure_delete=ON")
    db.execute(
        "DELETE FROM tallies WHERE kind = 'publication' AND NOT EXISTS"
        " (SELECT 1 FROM entries e JOIN publications p USING (publication_id)"
        "  WHERE e.source_id = tallies.source_id AND p.shown_name = tallies.name)"
    )
    db.execute("DELETE FROM former_publication_names WHERE alias NOT IN (SELECT alias FROM publication_aliases)")
