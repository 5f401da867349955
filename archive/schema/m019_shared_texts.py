"""Indexes for matching: commentaries, and words of excerpts."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.matching.keys import commentary_key
from foreign_eyes.archive.schema.run_script import run_script


def m019_shared_texts(db: Database) -> None:
    """Index entries by commentary, and drop the index of rare words.

    Words of excerpts are found in the search index instead.
    """
    run_script(
        db,
        """
        DROP INDEX entries_by_rare_words;
        ALTER TABLE entries DROP COLUMN rare_words;
        ALTER TABLE entries ADD COLUMN commentary_key TEXT;
        CREATE INDEX entries_by_commentary ON entries (source_id, commentary_key) WHERE commentary_key IS NOT NULL;
        """,
    )
    texts = db.execute("SELECT entry_id, commentary FROM entries").fetchall()
    db.conn.executemany(
        "UPDATE entries SET commentary_key = ? WHERE entry_id = ?",
        [(commentary_key(commentary), entry_id) for entry_id, commentary in texts],
    )
