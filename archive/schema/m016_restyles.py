"""Restyles, and the version of the rules that settled each crawl first."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m016_restyles(db: Database) -> None:
    """Store restyles, the last one in each output, and the rules version of each crawl.

    The rules version of earlier crawls is NULL.
    """
    run_script(
        db,
        """
        CREATE TABLE restyles (
            -- counts all restyles: publishing follows them by it
            restyle_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            entry_id INTEGER NOT NULL REFERENCES entries (entry_id),
            -- the wording that was restyled
            revision_id INTEGER NOT NULL REFERENCES revisions (revision_id),
            -- observed: the texts since then
            title TEXT,
            publication TEXT,
            attribution TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            commentary TEXT NOT NULL,
            first_seen TEXT NOT NULL,
            capture_id INTEGER NOT NULL REFERENCES captures (capture_id),
            page INTEGER NOT NULL,
            position INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX restyles_of_entry ON restyles (entry_id);
        CREATE INDEX restyles_of_source ON restyles (source_id, restyle_id);
        CREATE INDEX restyles_by_revision ON restyles (revision_id);
        CREATE INDEX restyles_by_capture ON restyles (capture_id);

        -- decided when it settled: the version of the rules of matching and settling; NULL where that was before version 3,
        -- whose revisions ignored white space and counted dashes, ligatures and full-width forms
        ALTER TABLE crawls ADD COLUMN rules INTEGER;
        -- up to which restyle the archive was followed
        ALTER TABLE followed ADD COLUMN restyled_until INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE outputs ADD COLUMN restyled_until INTEGER NOT NULL DEFAULT 0;
        """,
    )
