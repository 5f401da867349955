"""Redactions: decisions, digests of redacted texts, and withheld bodies and texts."""

from __future__ import annotations

import secrets

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m017_redactions(db: Database) -> None:
    """Create the tables of redactions, and the secret for their digests."""
    run_script(
        db,
        """
        CREATE TABLE redaction_secret (
            -- keys the digests of redacted words, so that they confirm no guess to those who lack it; 64 hexadecimal digits
            only INTEGER PRIMARY KEY CHECK (only = 1),
            secret TEXT NOT NULL
        ) STRICT;

        CREATE TABLE redactions (
            -- an operator's decision; of several on one entry the last counts
            redaction_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            -- the id of the entry; a restored archive can lack the identity
            entry_id INTEGER NOT NULL,
            -- redact: the words are hidden; undo: they are shown again; purge: they are removed for good
            kind TEXT NOT NULL CHECK (kind IN ('redact', 'undo', 'purge')),
            -- as told to readers; NULL for none
            reason TEXT
        ) STRICT;
        CREATE INDEX redactions_by_entry ON redactions (entry_id);

        CREATE TABLE redaction_digests (
            -- HMAC-SHA-256, keyed with the secret and cut to 16 bytes, of what the hidden wordings are recognised by
            redaction_id INTEGER NOT NULL REFERENCES redactions (redaction_id),
            -- which of the entry's wordings, from 1; 0 for wordings of other entries that stay visible
            number INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (
                kind IN ('wording', 'other', 'title', 'excerpt', 'commentary', 'title word', 'figure', 'phrase')
            ),
            digest TEXT NOT NULL,
            PRIMARY KEY (redaction_id, number, kind, digest)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE withheld_bodies (
            -- bodies that show redacted words: they are not exported
            body_sha256 TEXT PRIMARY KEY REFERENCES bodies (body_sha256),
            -- 1 where the bytes are removed for good; the other entries are read from `rest` then
            purged INTEGER NOT NULL DEFAULT 0 CHECK (purged IN (0, 1)),
            -- what the parser read on the page, without purged words: JSON, compressed by zlib, Base64
            rest TEXT NOT NULL
        ) STRICT;

        CREATE TABLE withheld_texts (
            -- texts that nothing can derive again, kept in case a redaction is undone: where they belong
            table_name TEXT NOT NULL,
            row_key TEXT NOT NULL,
            redaction_id INTEGER NOT NULL REFERENCES redactions (redaction_id),
            -- JSON of the columns, compressed by zlib, Base64
            packed TEXT NOT NULL,
            PRIMARY KEY (table_name, row_key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX withheld_texts_by_redaction ON withheld_texts (redaction_id);
        """,
    )
    db.execute("INSERT INTO redaction_secret VALUES (1, ?)", (secrets.token_hex(32),))
