"""Finding the entries that a listing lacks, and counting their absences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import to_text


def missing_entries(db: Database, source_id: int, listed: Iterable[int]) -> list[int]:
    """Return the entries that are not withdrawn and that a complete crawl did not list."""
    rows = db.execute(
        "SELECT entry_id FROM entries WHERE source_id = ? AND withdrawn_at IS NULL EXCEPT SELECT value FROM json_each(?)",
        (source_id, json.dumps(list(listed))),
    )
    return [entry_id for (entry_id,) in rows]


def still_missing_entries(db: Database, source_id: int, bodies: Iterable[str]) -> list[int]:
    """Return the entries that an unchanged listing with these bodies lacks.

    They were missing before, or only an earlier pass of the crawl before showed them.
    """
    rows = db.execute(
        "SELECT entry_id FROM entries WHERE source_id = ? AND withdrawn_at IS NULL"
        " AND (missed > 0 OR last_body NOT IN (SELECT value FROM json_each(?)))",
        (source_id, json.dumps(list(bodies))),
    )
    return [entry_id for (entry_id,) in rows]


def miss_entries(db: Database, missing: Iterable[int], at: datetime, *, crawls: int = 1) -> list[tuple[int, int]]:
    """Add `crawls` complete crawls without these entries.

    Return (entry, revision) of those that are now withdrawn.
    """
    ids = json.dumps(list(missing))
    db.execute(
        "UPDATE entries SET missed = missed + ? WHERE entry_id IN (SELECT value FROM json_each(?))", (crawls, ids)
    )
    return db.execute(
        "UPDATE entries SET withdrawn_at = ? WHERE missed >= 2 AND entry_id IN (SELECT value FROM json_each(?))"
        " RETURNING entry_id, revision_id",
        (to_text(at), ids),
    ).fetchall()
