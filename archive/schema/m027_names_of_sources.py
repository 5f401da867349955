"""Operators' decisions on sources: renames, and sources that are forgotten."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m027_names_of_sources(db: Database) -> None:
    """Create the tables of renames and forgotten sources, and mark the changes of a joined source."""
    run_script(
        db,
        """
        CREATE TABLE renames (
            -- an operator's decision; a source keeps its source_id, its entries and their ids
            rename_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            former_name TEXT NOT NULL,
            name TEXT NOT NULL,
            -- 1 if the archive had a source of the new name, whose crawls and entries were joined with this source
            joined INTEGER NOT NULL DEFAULT 0 CHECK (joined IN (0, 1)),
            CHECK (former_name != name)
        ) STRICT;
        CREATE INDEX renames_by_source ON renames (source_id);
        CREATE INDEX renames_by_former_name ON renames (former_name);

        CREATE TABLE forgotten_sources (
            -- of several decisions on one source the last counts
            forgotten_id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            source_id INTEGER NOT NULL REFERENCES sources (source_id),
            -- forgotten: by an operator; resumed: it was crawled again by name
            kind TEXT NOT NULL CHECK (kind IN ('forgotten', 'resumed'))
        ) STRICT;
        CREATE INDEX forgotten_sources_by_source ON forgotten_sources (source_id);

        -- the source whose feeds announced the change, if that was joined with another by a rename; else NULL
        ALTER TABLE changes ADD COLUMN former_source TEXT;
        CREATE INDEX changes_of_joined ON changes (source_id) WHERE former_source IS NOT NULL;
        """,
    )
