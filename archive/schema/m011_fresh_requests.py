"""Captures of pages requested unconditionally, with `Cache-Control: no-cache`."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m011_fresh_requests(db: Database) -> None:
    """Store whether each capture's request was fresh; NULL for earlier captures."""
    run_script(
        db,
        """
        -- observed: 1 where the request had no condition and `Cache-Control: no-cache`, NULL where that is unknown
        ALTER TABLE captures ADD COLUMN asked_fresh INTEGER CHECK (asked_fresh IN (0, 1));
        -- the few crawls that asked so, among all
        CREATE INDEX captures_asked_fresh ON captures (crawl_id) WHERE asked_fresh = 1;
        """,
    )
