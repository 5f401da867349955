"""What the publisher and the command line read from an archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archive.clock import from_text
from archive.values import Source


@dataclass(frozen=True, slots=True)
class CurrentEntry:
    """An entry with its current wording, as publishing needs it: nothing in it changes unless the entry does.

    `updated` is the stored time of its latest change that readers are told of: the feed date until it is first revised.
    `seen_at_url` is the listing page that first showed the current wording.
    """

    entry_id: int
    tag_uri: str
    title: str | None
    publication: str | None
    attribution: str
    excerpt: str
    commentary: str
    not_before: datetime | None
    first_seen: datetime
    feed_date: datetime
    updated: datetime
    withdrawn_at: datetime | None
    revision: int
    seen_at_url: str


_ENTRIES = """
    SELECT e.entry_id, e.tag_uri, e.title, e.publication, e.attribution, e.excerpt, e.commentary, e.not_before,
           e.first_seen, e.feed_date,
           coalesce((SELECT max(x.at) FROM changes x
                     WHERE x.entry_id = e.entry_id AND x.kind = 'revised' AND x.announced = 1), e.feed_date),
           e.withdrawn_at, r.number, c.url
    FROM entries e JOIN sources s USING (source_id) JOIN revisions r USING (revision_id) JOIN captures c USING (capture_id)
    WHERE s.name = ? ORDER BY e.feed_date DESC
"""


def newest_entries(db: Database, source: str, limit: int = -1) -> Iterator[CurrentEntry]:
    """Yield the source's entries, newest feed date first, `limit` at most (-1: all); withdrawn ones too."""
    for row in db.execute(f"{_ENTRIES} LIMIT ?", (source, limit)):
        yield _entry(row)


def find_sources(db: Database) -> list[Source]:
    """Return the sources that have ever been crawled, oldest first."""
    return [Source(*row) for row in db.execute("SELECT name, url, title, language FROM sources ORDER BY source_id")]


def log_row(db: Database, crawl_id: int) -> dict[str, Any]:
    """Return a crawl's row of the view `crawl_log` by column name."""
    return next(db.query("SELECT * FROM crawl_log WHERE crawl_id = ?", [crawl_id]))


def last_crawls(db: Database) -> list[dict[str, Any]]:
    """Return each source's last ended crawl, as in `crawl_log`; what was imported is no crawl of this archive's."""
    return list(
        db.query(
            "SELECT * FROM crawl_log WHERE crawl_id IN (SELECT max(crawl_id) FROM crawls"
            " WHERE outcome IS NOT NULL AND imported = 0 GROUP BY source_id)"
        )
    )


def _entry(row: tuple[Any, ...]) -> CurrentEntry:
    head, dates, tail = row[:7], row[7:12], row[12:]
    return CurrentEntry(*head, *(from_text(date) if date else None for date in dates), *tail)


def totals(db: Database) -> list[dict[str, Any]]:
    """Return for each source how many entries, revisions, captures and crawls the archive has of it."""
    return list(
        db.query(
            "SELECT s.name AS source, s.url,"
            " (SELECT count(*) FROM entries e WHERE e.source_id = s.source_id) AS entries,"
            " (SELECT count(*) FROM entries e WHERE e.source_id = s.source_id AND e.withdrawn_at IS NOT NULL) AS withdrawn,"
            " (SELECT count(*) FROM revisions r JOIN entries e USING (entry_id) WHERE e.source_id = s.source_id) AS revisions,"
            " (SELECT count(*) FROM captures c JOIN crawls w USING (crawl_id) WHERE w.source_id = s.source_id) AS captures,"
            " (SELECT count(*) FROM crawls w WHERE w.source_id = s.source_id) AS crawls,"
            " (SELECT max(w.finished_at) FROM crawls w WHERE w.source_id = s.source_id"
            "  AND w.outcome IN ('complete', 'unchanged')) AS last_good_crawl"
            " FROM sources s ORDER BY s.source_id"
        )
    )


def open_crawls(db: Database) -> list[int]:
    """Return the crawls that have begun and not ended: one that runs, or was killed."""
    return [row[0] for row in db.execute("SELECT crawl_id FROM crawls WHERE outcome IS NULL ORDER BY crawl_id")]
