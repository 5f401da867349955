"""Where an output folder lies within the site that it belongs to."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m029_places(db: Database) -> None:
    """Store the root of each output folder's site, and whether its base URL is one of its own."""
    run_script(
        db,
        """
        -- the root of the site that the folder is a part of, relative to the archive's folder; NULL where an earlier version
        -- published, whose folders had a site each
        ALTER TABLE outputs ADD COLUMN root TEXT;
        -- 1: the settings of the source name its base URL; 0: it follows from that of the root
        ALTER TABLE outputs ADD COLUMN own_base_url INTEGER NOT NULL DEFAULT 0;
        """,
    )
