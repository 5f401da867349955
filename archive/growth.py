"""Estimate how fast an archive grows, and when its disk is full at that rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from foreign_eyes.archive.times import from_text, to_text

MONTH = timedelta(days=30)
# the first crawls of an archive say nothing about its growth
_LEAST_WATCHED = timedelta(days=2)
# what a capture takes besides its body; docs/growth.md has the measurement
_BYTES_PER_CAPTURE = 840
# all that an archive stores, in bytes per byte of bodies and captures; measured there, too
_WITH_THE_REST = 1.4
# beyond this, a date says nothing
_LONGEST = timedelta(days=10 * 365)


@dataclass(frozen=True, slots=True)
class Added:
    """The bytes of bodies and captures that the crawls of the last month added, and the time that they cover.

    The first crawl of a source does not count.
    """

    size: int
    watched: timedelta


def growth_per_month(added: Added) -> int | None:
    """Return by how many bytes an archive grows in 30 days; None if it is too young to tell. Pure."""
    if added.watched < _LEAST_WATCHED:
        return None
    return round(added.size * _WITH_THE_REST * (MONTH / added.watched))


def full_at(free: int, per_month: int | None, now: datetime) -> datetime | None:
    """Return when `free` bytes are used up; None if that is more than ten years away or unknown. Pure."""
    if not per_month:
        return None
    months = max(free, 0) / per_month
    return None if months > _LONGEST / MONTH else now + months * MONTH


def read_added(db: Database, now: datetime) -> Added:
    """Return what the crawls of the last month added to an archive; imported crawls are not growth."""
    first = db.execute("SELECT started_at FROM crawls WHERE imported = 0 ORDER BY crawl_id LIMIT 1").fetchone()
    if first is None:
        return Added(0, timedelta(0))
    since = max(now - MONTH, from_text(first[0]))
    [bodies, captures] = db.execute(
        "WITH recent AS MATERIALIZED (SELECT w.crawl_id FROM crawls w WHERE w.imported = 0 AND w.started_at >= ?"
        "  AND w.crawl_id > (SELECT min(f.crawl_id) FROM crawls f WHERE f.source_id = w.source_id)),"
        " found AS MATERIALIZED (SELECT body_sha256 FROM captures WHERE crawl_id IN recent)"
        " SELECT (SELECT coalesce(sum(length(b.zlib)), 0) FROM bodies b WHERE b.body_sha256 IN found AND NOT EXISTS"
        "  (SELECT 1 FROM captures e WHERE e.body_sha256 = b.body_sha256 AND e.crawl_id NOT IN recent)),"
        " (SELECT count(*) FROM found)",
        [to_text(since)],
    ).fetchone()
    return Added(bodies + captures * _BYTES_PER_CAPTURE, max(now - since, timedelta(0)))
