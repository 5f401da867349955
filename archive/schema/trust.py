"""The archive's own id, and the seals over its truth."""

from __future__ import annotations

import secrets

from sqlite_utils import Database

from archive.schema.script import run_script


def m008_archive_id(db: Database) -> None:
    """Give the archive an id of its own, so that an output folder can tell it from another."""
    run_script(
        db,
        """
        CREATE TABLE archive (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            -- minted at random when the archive is made; 32 hexadecimal digits
            archive_id TEXT NOT NULL
        ) STRICT;
        """,
    )
    db.execute("INSERT INTO archive VALUES (1, ?)", (secrets.token_hex(16),))


def m009_seals(db: Database) -> None:
    """Seal the truth: each seal covers the rows written since the one before."""
    run_script(
        db,
        """
        CREATE TABLE seals (
            seal_id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE
        ) STRICT;
        """,
    )
