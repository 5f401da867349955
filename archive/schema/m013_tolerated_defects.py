"""Defects that were tolerated in responses that do not conform to HTTP."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.run_script import run_script


def m013_leniency(db: Database) -> None:
    """Store the tolerated defect of each capture; NULL if there was none."""
    run_script(
        db,
        """
        -- in words: an unknown content coding, a tail behind a complete one, an end by close before the page's end tag
        ALTER TABLE captures ADD COLUMN leniency TEXT;
        """,
    )
