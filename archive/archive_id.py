"""The id of an archive: minted when the archive is made, never changed, and carried by exports and output folders."""

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
    """Return the id of an archive, or None if it was made by a version that gave none."""
    return archive_id(db) if "archive" in db.table_names() else None


def is_archive_id(text: str) -> bool:
    """Tell whether a text is the id of an archive."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def take_archive_id(db: Database, taken: str) -> None:
    """Store the id of the archive that this one was imported from, inside the caller's transaction.

    Raises:
        ValueError: it is not an id.
    """
    if not is_archive_id(taken):
        raise ValueError(f"not the id of an archive: {taken[:40]!r}")
    db.execute("UPDATE archive SET archive_id = ?", (taken,))


def change_archive_id(db: Database, taken: str, at: datetime, reason: str) -> None:
    """Give an archive another id than it has, and seal it with the reason."""
    with writing(db):
        take_archive_id(db, taken)
        seal(db, at, changed={"archive": [1]}, reason=reason)


def renew_archive_id(db: Database, at: datetime, reason: str) -> None:
    """Give an archive that was copied, and that becomes another one, an id of its own."""
    change_archive_id(db, secrets.token_hex(16), at, reason)
