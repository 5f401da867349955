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
# beyond this, a date says nothing
_LONGEST = timedelta(days=10 * 365)


@dataclass(frozen=True, slots=True)
class Weights:
    """The bytes of bodies and captures: of all crawls, and of those in the last month that were not a source's first.

    `watched` is the time that the latter cover.
    """

    total: int
    recent: int
    watched: timedelta


def growth_per_month(size: int, weights: Weights) -> int | None:
    """Return by how many bytes an archive of `size` bytes grows in 30 days; None if it is too young to tell. Pure.

    What an archive stores besides bodies and captures grows with them.
    """
    if weights.watched < _LEAST_WATCHED or not weights.total:
        return None
    return round(size * weights.recent / weights.total * (MONTH / weights.watched))


def full_at(free: int, per_month: int | None, now: datetime) -> datetime | None:
    """Return when `free` bytes are used up; None if that is more than ten years away or unknown. Pure."""
    if not per_month:
        return None
    months = max(free, 0) / per_month
    return None if months > _LONGEST / MONTH else now + months * MONTH


def read_weights(db: Database, now: datetime) -> Weights:
    """Return the weights of an archive; imported crawls are not growth."""
    first = db.execute("SELECT started_at FROM crawls WHERE imported = 0 ORDER BY crawl_id LIMIT 1").fetchone()
    if first is None:
        return Weights(0, 0, timedelta(0))
    since = max(now - MONTH, from_text(first[0]))
    [bodies] = db.execute("SELECT coalesce(sum(length(zlib)), 0) FROM bodies").fetchone()
    [captures] = db.execute("SELECT count(*) FROM captures").fetchone()
    [new_bodies, new_captures] = db.execute(
        "WITH recent AS MATERIALIZED (SELECT w.crawl_id FROM crawls w WHERE w.imported = 0 AND w.started_at >= ?"
        "  AND w.crawl_id > (SELECT min(f.crawl_id) FROM crawls f WHERE f.source_id = w.source_id)),"
        " found AS MATERIALIZED (SELECT body_sha256 FROM captures WHERE crawl_id IN recent)"
        " SELECT (SELECT coalesce(sum(length(b.zlib)), 0) FROM bodies b WHERE b.body_sha256 IN found AND NOT EXISTS"
        "  (SELECT 1 FROM captures e WHERE e.body_sha256 = b.body_sha256 AND e.crawl_id NOT IN recent)),"
        " (SELECT count(*) FROM found)",
        [to_text(since)],
    ).fetchone()
    return Weights(
        bodies + captures * _BYTES_PER_CAPTURE,
        new_bodies + new_captures * _BYTES_PER_CAPTURE,
        max(now - since, timedelta(0)),
    )
