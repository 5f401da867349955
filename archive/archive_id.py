"""The id of an archive, which its exports and output folders contain too."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.seals import seal


def archive_id(db: Database) -> str:
    """Return the id of the archive: 32 hexadecimal digits."""
    return str(db.execute("SELECT archive_id FROM archive").fetchone()[0])


def id_of_any_version(db: Database) -> str | None:
    """Return the id of an archive, or None if a version without ids made it."""
    return archive_id(db) if "archive" in db.table_names() else None


def is_archive_id(text: str) -> bool:
    """Return whether a text has the form of an archive's id."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def take_archive_id(db: Database, new_id: str) -> None:
    """Store the id of the archive that this one was imported from.

    Called inside the caller's transaction.

    Raises:
        ValueError: `new_id` does not have the form of an id.
    """
    if not is_archive_id(new_id):
        raise ValueError(f"not the id of an archive: {new_id[:40]!r}")
    db.execute("UPDATE archive SET archive_id = ?", (new_id,))


def change_archive_id(db: Database, new_id: str, at: datetime, reason: str) -> None:
    """Replace the id of an archive, and seal the change with the reason."""
    with writing(db):
        take_archive_id(db, new_id)
        seal(db, at, changed={"archive": [1]}, reason=reason)


def renew_archive_id(db: Database, at: datetime, reason: str) -> None:
    """Give a copy that becomes a separate archive a new random id."""
    change_archive_id(db, secrets.token_hex(16), at, reason)
