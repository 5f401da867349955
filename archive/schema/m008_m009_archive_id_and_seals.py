"""The id of the archive, and the seals over its truth."""

from __future__ import annotations

import secrets

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m008_archive_id(db: Database) -> None:
    """Create the id of the archive, by which output folders identify it."""
    run_script(
        db,
        """
        CREATE TABLE archive (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            -- minted at random when the archive is made; 32 hexadecimal digits
            archive_id TEXT NOT NULL
        ) STRICT;

        -- ids and wordings that output folders know and a restored backup lacks: an entry with one of the wordings gets its
        -- id back
        CREATE TABLE lost_ids (
            entry_id INTEGER NOT NULL,
            wording TEXT NOT NULL,
            -- the name of the source, which the backup may not have either
            source TEXT NOT NULL,
            tag_uri TEXT NOT NULL,
            feed_date TEXT NOT NULL,
            PRIMARY KEY (entry_id, wording)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lost_ids_wording ON lost_ids (source, wording);

        -- seals of the part of the archive that was lost: a folder that shows one shows this archive
        CREATE TABLE lost_seals (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        """,
    )
    db.execute("INSERT INTO archive VALUES (1, ?)", (secrets.token_hex(16),))


def m009_seals(db: Database) -> None:
    """Create the tables of seals.

    Each seal covers the rows written since the previous one (see `archive.seals`).
    """
    run_script(
        db,
        """
        CREATE TABLE seals (
            seal_id INTEGER PRIMARY KEY,
            -- of the canonical form of its rows (see archive.sealed_form)
            version INTEGER NOT NULL,
            -- the digest of the seal before; NULL for the first
            previous TEXT UNIQUE,
            -- SHA-256 over this row's other columns and its rows of sealed_rows, hexadecimal
            digest TEXT NOT NULL UNIQUE,
            made_at TEXT NOT NULL,
            -- why a seal was made outside the ordinary course, such as sources that were taken out; else NULL
            reason TEXT,
            -- how often the archive had been derived again: what a reparse adds is sealed by the next seal
            derivation INTEGER NOT NULL,
            -- JSON: by table the id up to which every row is sealed
            covered TEXT NOT NULL
        ) STRICT;

        CREATE TABLE sealed_rows (
            table_name TEXT NOT NULL,
            -- the row's id, or the parts of its key with a space between
            row_key ANY NOT NULL,
            -- of several seals over one row the newest counts
            seal_id INTEGER NOT NULL,
            -- SHA-256 of the row's canonical form; NULL where the row was removed on purpose
            digest BLOB,
            PRIMARY KEY (table_name, row_key, seal_id)
        ) STRICT, WITHOUT ROWID;
        """,
    )
