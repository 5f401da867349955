"""What was let pass in a response that was not quite as HTTP wants it."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.schema.script import run_script


def m013_leniency(db: Database) -> None:
    """Record with each capture what was let pass in it; NULL where nothing was."""
    run_script(
        db,
        """
        -- in words: an unknown content coding, a tail behind a complete one, an end by close before the page's end tag
        ALTER TABLE captures ADD COLUMN leniency TEXT;
        """,
    )
