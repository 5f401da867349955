"""The sources whose problems are not reported to operators.

They are forgotten sources, and invented ones in an archive that also holds real ones: the sample must not raise an alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.forgotten_sources import forgotten_sources
from foreign_eyes.archive.sample_sources import holdings, is_invented


def silent_sources(db: Database) -> frozenset[str]:
    """Return the names of the sources whose crawls and output folders are not reported as problems."""
    forgotten = frozenset(forgotten_sources(db))
    if not holdings(db).real:
        return forgotten
    return forgotten.union(name for name, url in db.execute("SELECT name, url FROM sources") if is_invented(url))


def without_silent(rows: Iterable[Mapping[str, Any]], silent: Collection[str]) -> list[dict[str, Any]]:
    """Return the rows whose `source` is not silent."""
    return [dict(row) for row in rows if row["source"] not in silent]
