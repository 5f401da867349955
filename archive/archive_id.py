"""The id of an archive: minted when the archive is made, never changed, and carried by exports and output folders."""

from __future__ import annotations

from sqlite_utils import Database


def archive_id(db: Database) -> str:
    """Return the id of the archive: 32 hexadecimal digits."""
    return str(db.execute("SELECT archive_id FROM archive").fetchone()[0])
