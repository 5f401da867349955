"""Read what happened to each source lately, for `status`: crawls that failed in a row, and changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import to_text


@dataclass(frozen=True, slots=True)
class Failing:
    """The crawls of a source after its last good one: when the first of them began, and their number."""

    since: str
    crawls: int


def failing_sources(db: Database) -> dict[str, Failing]:
    """Return the sources whose last crawl was not good, by name; imported and unfinished crawls do not count.

    The last good crawl is found from the end of an index, so the time does not grow with the number of crawls.
    """
    rows = db.execute(
        "SELECT s.name, min(w.started_at), count(*) FROM sources s JOIN crawls w ON w.source_id = s.source_id"
        " AND w.crawl_id > coalesce((SELECT g.crawl_id FROM crawls g WHERE g.source_id = s.source_id AND g.imported = 0"
        "  AND g.outcome IN ('complete', 'unchanged') ORDER BY g.crawl_id DESC LIMIT 1), 0)"
        " WHERE w.outcome IS NOT NULL AND w.imported = 0 GROUP BY s.source_id ORDER BY s.source_id"
    )
    return {name: Failing(since, crawls) for name, since, crawls in rows.fetchall()}


def changes_since(db: Database, at: datetime) -> dict[str, dict[str, int]]:
    """Return the number of changes after `at` by source and kind; sources and kinds without changes are omitted."""
    rows = db.execute(
        "SELECT s.name, c.kind, count(*) FROM changes c JOIN sources s USING (source_id) WHERE c.at > ?"
        " GROUP BY s.source_id, c.kind ORDER BY s.source_id, c.kind",
        [to_text(at)],
    )
    found: dict[str, dict[str, int]] = {}
    for name, kind, number in rows.fetchall():
        found.setdefault(name, {})[kind] = number
    return found
