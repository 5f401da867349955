"""Check the texts of announced changes: each matches its digest, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.damaged_text import read_leniently
from foreign_eyes.archive.problems import RESTORE, Problem
from foreign_eyes.archive.settling.announced_words import words_digest
from foreign_eyes.archive.text_columns import TEXT_COLUMNS
from foreign_eyes.listing.values import EntryTexts


def verify_announced_texts(db: Database) -> Iterator[Problem]:
    """Yield announced texts that are wrong, missing, or belong to no announced change."""
    with read_leniently(db):
        stored: set[str] = set()
        for words, *texts in db.execute(f"SELECT words, {TEXT_COLUMNS} FROM told_texts NOT INDEXED"):  # noqa: S608
            stored.add(words)
            if _digest(texts) != words:
                yield _problem(f"the text {words} does not match its digest")
        announced = {
            words
            for row in db.execute("SELECT words, words_before FROM told_words NOT INDEXED")
            for words in row
            if words is not None
        }
    for words in sorted(announced - stored - _withheld(db, announced)):
        yield _problem(f"the announced text {words} is missing")
    for words in sorted(stored - announced):
        yield _problem(f"the text {words} belongs to no announced change")
    for (change_id,) in db.execute(
        "SELECT change_id FROM told_words NOT INDEXED WHERE change_id NOT IN (SELECT change_id FROM changes WHERE announced = 1)"
    ):
        yield _problem(f"change {change_id} has announced texts, but was not announced")


def _withheld(db: Database, announced: set[str]) -> set[str]:
    """Return the digests of the texts that redactions may have removed.

    Purged texts, and redacted texts of an imported archive, are not stored; if there are any, any text may be missing.
    """
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'withheld_texts'").fetchone():
        return set()
    not_stored = (
        "SELECT 1 FROM redactions WHERE kind = 'purge' UNION ALL SELECT 1 FROM withheld_bodies WHERE purged = 1"
    )
    if db.execute(not_stored).fetchone():
        return announced
    return {words for (words,) in db.execute("SELECT row_key FROM withheld_texts WHERE table_name = 'told_texts'")}


def _digest(texts: list[Any]) -> str | None:
    try:
        return words_digest(EntryTexts(*texts))
    except (TypeError, UnicodeError):
        return None


def _problem(what: str) -> Problem:
    return Problem(what, "table told_texts", RESTORE)
