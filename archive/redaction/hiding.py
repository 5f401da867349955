"""Hide texts that cannot be derived again.

These are the texts of announced changes, and revisions of older parser versions. The texts are stored in `withheld_texts`
until the redaction is undone or purged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.redaction.notice import make_notice, redacted_id
from foreign_eyes.archive.redaction.redaction_records import (
    drop_kept_text,
    hidden_entries,
    keep_text,
    kept_texts,
    last_redaction,
    secret_of,
)
from foreign_eyes.archive.redaction.word_digests import HiddenEntry, is_near, keyed_digests, recognise
from foreign_eyes.archive.text_columns import TEXT_COLUMNS
from foreign_eyes.listing.values import TEXT_PARTS, ListedEntry

# tables with hidden texts, and their keys
_KEYS = {"revisions": "revision_id", "crawls": "crawl_id"}


def hide_texts(db: Database, parser_version: int) -> None:
    """Hide the texts of redacted entries that `parser_version` cannot derive.

    A second call changes nothing.
    """
    for hidden in hidden_entries(db):
        last = last_redaction(db, hidden.entry_id)
        if last is not None:
            _hide_revisions(db, hidden, last.redaction_id, parser_version)
            _hide_announced(db, hidden, last.redaction_id)


def hide_reason(db: Database, redaction_id: int, crawl_id: int, reason: str) -> None:
    """Hide the reason of a crawl that quotes redacted text."""
    keep_text(db, redaction_id, "crawls", crawl_id, {"reason": reason})
    _update(db, "crawls", crawl_id, {"reason": "the reason quoted words that were redacted"})


def show_texts(db: Database, entry_id: int) -> None:
    """Restore the texts that a redaction hid.

    Publishing restores the items of frozen documents.
    """
    for table, key, columns in kept_texts(db, entry_id):
        if table == "told_texts":
            names, placeholders = ", ".join(("words", *columns)), ", ".join("?" * (len(columns) + 1))
            db.execute(f"INSERT OR IGNORE INTO told_texts ({names}) VALUES ({placeholders})", (key, *columns.values()))  # noqa: S608
        elif table in _KEYS:
            _update(db, table, int(key), columns)
        else:
            continue
        drop_kept_text(db, table, key)


def _hide_revisions(db: Database, hidden: HiddenEntry, redaction_id: int, parser_version: int) -> None:
    rows = db.execute(
        f"SELECT revision_id, flags, {TEXT_COLUMNS} FROM revisions WHERE entry_id = ? AND parser_version < ?",  # noqa: S608
        (hidden.entry_id, parser_version),
    ).fetchall()
    secret = secret_of(db)
    for revision_id, flags, *texts in rows:
        listed = ListedEntry(*texts)
        if redacted_id(replace(listed, flags=tuple(json.loads(flags)))) is None:
            number = recognise(hidden, keyed_digests(secret, listed), is_listed=True) or len(hidden.wordings)
            notice = make_notice(hidden.entry_id, number, hidden.reason)
            if not hidden.purged:
                keep_text(db, redaction_id, "revisions", revision_id, {**_texts(listed), "flags": flags})
            _update(db, "revisions", revision_id, {**_texts(notice), "flags": json.dumps(notice.flags)})


def _hide_announced(db: Database, hidden: HiddenEntry, redaction_id: int) -> None:
    secret = secret_of(db)
    rows = db.execute(f"SELECT words, {TEXT_COLUMNS} FROM told_texts").fetchall()  # noqa: S608 - our own names
    for words, *texts in rows:
        announced = ListedEntry(*texts)
        if is_near(hidden, keyed_digests(secret, announced)):
            if not hidden.purged:
                keep_text(db, redaction_id, "told_texts", words, _texts(announced))
            db.execute("DELETE FROM told_texts WHERE words = ?", (words,))


def _texts(listed: ListedEntry) -> dict[str, Any]:
    return {part: getattr(listed, part) for part in TEXT_PARTS}


def _update(db: Database, table: str, key: int, columns: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE {table} SET {names} WHERE {_KEYS[table]} = ?", (*columns.values(), key))  # noqa: S608 - our own names
