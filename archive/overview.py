"""Read an overview of an archive: its sources, crawls and totals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.crawls import RULES_VERSION, crawls_table
from foreign_eyes.archive.forgotten_sources import IS_FORGOTTEN
from foreign_eyes.archive.freshness import last_fresh
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.archive.values import Source


def find_sources(db: Database) -> list[Source]:
    """Return all sources of the archive, oldest first."""
    return [Source(*row) for row in db.execute("SELECT name, url, title, language FROM sources ORDER BY source_id")]


def log_row(db: Database, crawl_id: int) -> dict[str, Any]:
    """Return a crawl's row of view `crawl_log` by column name."""
    return next(db.query("SELECT * FROM crawl_log WHERE crawl_id = ?", [crawl_id]))


def last_crawls(db: Database) -> list[dict[str, Any]]:
    """Return each source's last ended crawl, as in `crawl_log`; imported crawls do not count."""
    return list(
        db.query(
            "SELECT * FROM crawl_log WHERE crawl_id IN (SELECT max(crawl_id) FROM crawls"
            " WHERE outcome IS NOT NULL AND imported = 0 GROUP BY source_id)"
        )
    )


def totals(db: Database, now: datetime) -> list[dict[str, Any]]:
    """Return the totals of each source, and the times of its last successful crawls.

    Totals are the numbers of entries, revisions, captures and crawls. `last_good_crawl` is the end of the last successful
    crawl up to `now`, so crawls dated in the future do not count. `last_fresh_crawl` is the start of the last successful
    crawl that requested each page unconditionally, or None. `forgotten` is whether an operator ended the source.
    """
    rows = list(
        db.query(
            "SELECT s.name AS source, s.url,"  # noqa: S608 - our own name
            " (SELECT count(*) FROM entries e WHERE e.source_id = s.source_id) AS entries,"
            " (SELECT count(*) FROM entries e WHERE e.source_id = s.source_id AND e.withdrawn_at IS NOT NULL) AS withdrawn,"
            " (SELECT count(*) FROM revisions r JOIN entries e USING (entry_id) WHERE e.source_id = s.source_id) AS revisions,"
            " (SELECT count(*) FROM captures c JOIN crawls w USING (crawl_id) WHERE w.source_id = s.source_id) AS captures,"
            " (SELECT count(*) FROM crawls w WHERE w.source_id = s.source_id) AS crawls,"
            f" (SELECT max(w.finished_at) FROM {crawls_table(db)} w WHERE w.source_id = s.source_id"
            f"  AND w.outcome IN ('complete', 'unchanged') AND w.finished_at <= ?) AS last_good_crawl,"
            f" {IS_FORGOTTEN} AS forgotten FROM sources s ORDER BY s.source_id",
            [to_text(now)],
        )
    )
    for row in rows:
        fresh = last_fresh(db, row["source"])
        row["last_fresh_crawl"] = to_text(fresh) if fresh else None
        row["forgotten"] = bool(row["forgotten"])
    return rows


def future_crawls(db: Database, after: datetime) -> list[dict[str, Any]]:
    """Return id, source and latest time of the crawls whose times are later than `after`."""
    return list(
        db.query(
            "SELECT c.crawl_id, s.name AS source, c.started_at, max(c.started_at, coalesce(c.finished_at, '')) AS latest"  # noqa: S608
            f" FROM {crawls_table(db)} c JOIN sources s USING (source_id) WHERE (c.settled = 1 OR c.usual_difference IS NOT NULL)"
            " AND max(c.started_at, coalesce(c.finished_at, '')) > ? ORDER BY c.crawl_id",
            [to_text(after)],
        )
    )


def open_crawls(db: Database) -> list[dict[str, Any]]:
    """Return id and source of the crawls that have not ended: they run or were killed."""
    query = "SELECT c.crawl_id, s.name AS source FROM crawls c JOIN sources s USING (source_id) WHERE c.outcome IS NULL"
    return list(db.query(f"{query} ORDER BY c.crawl_id"))


def is_derived_by_these_rules(db: Database) -> bool:
    """Return whether the rules of this version derived the archive, as far as it says.

    If not, the next crawl derives it again.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    return version < 100 or version % 100 == RULES_VERSION


def first_crawl_start(db: Database) -> datetime | None:
    """Return when the first crawl started; None if there is none."""
    row = db.execute("SELECT started_at FROM crawls ORDER BY crawl_id LIMIT 1").fetchone()
    return from_text(row[0]) if row else None


def last_good_crawls(db: Database, now: datetime) -> list[dict[str, Any]]:
    """Return each source with the end of its last successful crawl up to `now`, as `totals` has it, without the totals."""
    return list(
        db.query(
            "SELECT s.name AS source,"  # noqa: S608 - our own name
            f" (SELECT max(w.finished_at) FROM {crawls_table(db)} w WHERE w.source_id = s.source_id"
            f"  AND w.outcome IN ('complete', 'unchanged') AND w.finished_at <= ?) AS last_good_crawl,"
            f" {IS_FORGOTTEN} AS forgotten FROM sources s ORDER BY s.source_id",
            [to_text(now)],
        )
    )
