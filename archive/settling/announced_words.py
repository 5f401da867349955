"""The words of announced changes.

They are stored when a change is announced and never change.

Table `told_words` has the digests of each announced change's words, table `told_texts` the texts by digest. Rebuilds and
operators' decisions change neither; a redaction removes texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.sealed_form import encode
from foreign_eyes.archive.text_columns import TEXT_COLUMNS, TEXT_MARKS, text_columns, text_values
from foreign_eyes.listing.values import ENTRY_PARTS, EntryTexts

# the parts whose values are in every digest; a later part is in it with its name, if the entry has it
_FIRST_PARTS = ("title", "publication", "attribution", "excerpt", "commentary")


def words_digest(texts: EntryTexts) -> str:
    """Return the SHA-256 of the JSON list of the texts, in ASCII and without white space.

    The list has the first five parts, then `[name, text]` for each later part that the entry has.
    """
    later = (part for part in ENTRY_PARTS if part not in _FIRST_PARTS and getattr(texts, part) is not None)
    listed = (*(getattr(texts, part) for part in _FIRST_PARTS), *((part, getattr(texts, part)) for part in later))
    return sha256(encode(listed)).hexdigest()


def texts_of_revision(db: Database, revision_id: int | None) -> tuple[int, EntryTexts] | None:
    """Return the number and texts of a revision, or None if it does not exist."""
    row = db.execute(f"SELECT number, {TEXT_COLUMNS} FROM revisions WHERE revision_id = ?", (revision_id,)).fetchone()  # noqa: S608
    return (row[0], EntryTexts(*row[1:])) if row else None


def current_texts(db: Database, entry_id: int) -> tuple[int, EntryTexts] | None:
    """Return the current revision number and texts of an entry, or None without one.

    A merged id has no entry.
    """
    row = db.execute(
        f"SELECT r.number, {text_columns('e')}"  # noqa: S608
        " FROM entries e JOIN revisions r USING (revision_id) WHERE e.entry_id = ?",
        (entry_id,),
    ).fetchone()
    return (row[0], EntryTexts(*row[1:])) if row else None


def last_announced_texts(db: Database, entry_id: int) -> EntryTexts | None:
    """Return the texts that were announced last for exactly this entry id, or None."""
    row = db.execute(
        f"SELECT {text_columns('w')} FROM changes x JOIN told_words t USING (change_id)"  # noqa: S608
        " JOIN told_texts w USING (words) WHERE x.entry_id = ? AND x.announced = 1 AND x.kind IN ('new', 'revised')"
        " ORDER BY x.change_id DESC LIMIT 1",
        (entry_id,),
    ).fetchone()
    return EntryTexts(*row) if row else None


def texts_before(db: Database, revision_id: int | None) -> EntryTexts | None:
    """Return the texts that a revision replaced, if possible as the same parser read them.

    So the difference shows what the source changed, not what a new parser reads differently.
    """
    row = db.execute(
        f"SELECT {text_columns('r')} FROM revisions n"  # noqa: S608
        " JOIN revisions r ON r.entry_id = n.entry_id AND r.number = n.number - 1 WHERE n.revision_id = ?"
        " ORDER BY r.parser_version = n.parser_version DESC, r.revision_id DESC LIMIT 1",
        (revision_id,),
    ).fetchone()
    return EntryTexts(*row) if row else None


def store_words(
    db: Database, change_id: int, revision: int, texts: EntryTexts, before: EntryTexts | None = None
) -> None:
    """Store the words of an announced change, inside the caller's transaction."""
    db.execute(
        "INSERT INTO told_words (change_id, revision, words, words_before) VALUES (?, ?, ?, ?)",
        (change_id, revision, _store(db, texts), None if before is None else _store(db, before)),
    )


def store_words_of(db: Database, change_ids: Iterable[int]) -> None:
    """Store the words of new announced changes.

    These are the texts of the revision and, for an edit, the texts before.
    """
    for change_id in change_ids:
        kind, revision_id = db.execute(
            "SELECT kind, revision_id FROM changes WHERE change_id = ?", (change_id,)
        ).fetchone()
        after = texts_of_revision(db, revision_id)
        if after is not None:
            store_words(db, change_id, *after, texts_before(db, revision_id) if kind == "revised" else None)


def fill_words(db: Database) -> None:
    """Store the missing words of announced changes, as after an import of an older export."""
    rows = db.execute(
        "SELECT x.change_id FROM changes x LEFT JOIN told_words t USING (change_id)"
        " WHERE x.announced = 1 AND x.entry_id IS NOT NULL AND t.change_id IS NULL ORDER BY x.change_id"
    ).fetchall()
    store_words_of(db, [change_id for (change_id,) in rows])


def announced_texts(db: Database, words: str | None) -> EntryTexts | None:
    """Return the texts with that digest, or None if a redaction removed them."""
    row: tuple[Any, ...] | None = db.execute(
        f"SELECT {TEXT_COLUMNS} FROM told_texts WHERE words = ?",  # noqa: S608
        (words,),
    ).fetchone()
    return EntryTexts(*row) if row else None


def _store(db: Database, texts: EntryTexts) -> str:
    words = words_digest(texts)
    db.execute(
        f"INSERT OR IGNORE INTO told_texts (words, {TEXT_COLUMNS}) VALUES (?, {TEXT_MARKS})",  # noqa: S608
        (words, *text_values(texts, texts.publication)),
    )
    return words
