"""Forgotten sources: those that an operator ended with `foreign-eyes forget`.

Their entries and history stay in the archive. A crawl of the source by its name resumes it.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import to_text

# of a row of `sources` as `s`
_LAST = "(SELECT kind FROM forgotten_sources f WHERE f.source_id = s.source_id ORDER BY forgotten_id DESC LIMIT 1)"
IS_FORGOTTEN = f"coalesce({_LAST} = 'forgotten', 0)"


def forgotten_sources(db: Database) -> set[str]:
    """Return the names of the sources that are forgotten now."""
    return {name for (name,) in db.execute(f"SELECT name FROM sources s WHERE {IS_FORGOTTEN}")}  # noqa: S608 - our own query


def forget_source(db: Database, name: str, at: datetime) -> bool:
    """Record that a source is forgotten, inside the caller's transaction.

    Return False, and record nothing, if it is forgotten already.
    """
    return _record(db, name, "forgotten", at)


def resume_source(db: Database, name: str, at: datetime) -> bool:
    """Record that a forgotten source is resumed, inside the caller's transaction.

    Return False, and record nothing, if it is not forgotten.
    """
    return _record(db, name, "resumed", at)


def _record(db: Database, name: str, kind: str, at: datetime) -> bool:
    before = "resumed" if kind == "forgotten" else "forgotten"
    cursor = db.execute(
        "INSERT INTO forgotten_sources (at, source_id, kind)"  # noqa: S608 - our own query
        f" SELECT ?, source_id, ? FROM sources s WHERE name = ? AND coalesce({_LAST}, 'resumed') = ?",
        (to_text(at), kind, name, before),
    )
    return cursor.rowcount == 1
