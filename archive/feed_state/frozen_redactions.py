"""Find frozen documents with redacted entries, and store removed items for an undo."""

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
from foreign_eyes.archive.redaction.word_digests import KeyedDigests, keyed_digests
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
    """A tag URI under which feeds published texts of a redacted entry.

    `tag_id` is the id in the tag: the entry's own, or one that a merge or split joined with it. `wordings` are the digests of
    the redacted texts if texts of another entry may have been published under the tag too; None if all its texts are hidden.
    """

    entry_id: int
    tag_id: int
    tag_uri: str
    source_id: int
    reason: str | None
    redaction_id: int
    purged: bool
    secret: bytes
    wordings: tuple[KeyedDigests, ...] | None = None

    def covers(self, texts: ListedEntry) -> bool:
        """Return whether an item with these texts shows the redacted entry."""
        if self.wordings is None:
            return True
        item = keyed_digests(self.secret, texts)
        return any(
            redacted is not None and redacted == shown
            for wording in self.wordings
            for redacted, shown in (
                (wording.wording, item.wording),
                (wording.excerpt, item.excerpt),
                (wording.commentary, item.commentary),
            )
        )


def redacted_tags(db: Database) -> list[RedactedTag]:
    """Return the tags of redacted entries, and of all ids that were ever joined with them."""
    found = []
    for hidden in hidden_entries(db):
        last = last_redaction(db, hidden.entry_id)
        for tag_id in (hidden.entry_id, *sorted(_joined(db, hidden.entry_id))):
            row = db.execute("SELECT tag_uri, source_id FROM identities WHERE entry_id = ?", (tag_id,)).fetchone()
            if row is None or last is None:
                continue
            is_own = surviving_id(db, tag_id) == hidden.entry_id
            found.append(
                RedactedTag(
                    *(
                        hidden.entry_id,
                        tag_id,
                        row[0],
                        row[1],
                        hidden.reason,
                        last.redaction_id,
                        hidden.purged,
                        secret_of(db),
                    ),
                    wordings=None if is_own else hidden.wordings,
                )
            )
    return found


def _joined(db: Database, entry_id: int) -> set[int]:
    """Return the other ids that merges and splits joined with an entry.

    Directly or through other ids; decisions that were undone count too.
    """
    pairs = db.execute("SELECT entry_id, other_id FROM decisions").fetchall()
    found, size = {entry_id}, 0
    while size != len(found):
        size = len(found)
        found |= {joined_id for pair in pairs if found & set(pair) for joined_id in pair}
    return found - {entry_id}


def frozen_with(db: Database, source_id: int, tag_uri: str) -> Iterator[tuple[DocumentKey, bytes]]:
    """Yield the keys and bytes of the frozen documents of a source that contain a tag."""
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
    """Return the bytes of a frozen document, or None."""
    row = db.execute(
        "SELECT zlib FROM frozen_documents WHERE source_id = ? AND base_url = ? AND format = ? AND number = ?", key
    ).fetchone()
    return zlib.decompress(row[0]) if row else None


def keep_item(db: Database, redacted: RedactedTag, key: DocumentKey, item: str) -> None:
    """Store the item of an entry from a document for an undo, unless the texts were purged."""
    if not redacted.purged:
        under = [] if redacted.tag_id == redacted.entry_id else [redacted.tag_id]
        keep_text(db, redacted.redaction_id, _TABLE, json.dumps([redacted.entry_id, *key, *under]), {"item": item})


def take_kept_items(db: Database) -> list[tuple[str, DocumentKey, str]]:
    """Delete the stored items of entries that are no longer redacted.

    Return their tags, documents and texts.
    """
    redacted_ids = {hidden.entry_id for hidden in hidden_entries(db)}
    found = []
    rows = db.execute("SELECT row_key, packed FROM withheld_texts WHERE table_name = ? ORDER BY row_key", (_TABLE,))
    for row_key, packed in rows.fetchall():
        entry_id, source_id, base_url, kind, number, *under = json.loads(row_key)
        if entry_id not in redacted_ids:
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
    """Delete the counters of publications without entries; publishing computes counters again.

    If the archive has redactions, SQLite overwrites all rows that this connection deletes from now on with zeros.
    """
    if has_redactions(db):
        db.execute("PRAGMA secure_delete=ON")
    db.execute(
        "DELETE FROM tallies WHERE kind = 'publication' AND NOT EXISTS"
        " (SELECT 1 FROM entries e JOIN publications p USING (publication_id)"
        "  WHERE e.source_id = tallies.source_id AND p.shown_name = tallies.name)"
    )
    db.execute("DELETE FROM former_publication_names WHERE alias NOT IN (SELECT alias FROM publication_aliases)")
