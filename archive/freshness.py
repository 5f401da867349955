"""Find out when the last fresh crawl of a source began, and whether the next one is due.

A cache, or a server that compares validators wrongly, can answer 304 indefinitely. So at intervals one pass of a crawl
requests each page unconditionally, with `Cache-Control: no-cache` (RFC 9111 section 5.2.1.4).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from foreign_eyes.archive.crawls import crawls_table
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.values import Mode

# scheduled crawls start a little early or late; without a tolerance a weekly fresh crawl would be put off to the next one
_EARLY = 0.99

_WHOLE = "purpose = 'listing' AND page IS NOT NULL AND body_sha256 IS NOT NULL AND fault IS NULL"
# whether crawl `w` requested each page that it read unconditionally, and got it
IS_FRESH = (
    "w.crawl_id IN (SELECT crawl_id FROM captures WHERE asked_fresh = 1)"  # noqa: S608 - our own conditions
    f" AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.crawl_id = w.crawl_id AND {_WHOLE} AND status IN (200, 304)"
    f"  AND NOT EXISTS (SELECT 1 FROM captures f WHERE f.crawl_id = c.crawl_id AND f.page = c.page AND {_WHOLE}"
    "   AND status = 200 AND asked_fresh = 1))"
)


def last_fresh(db: Database, source_name: str, mode: Mode = "full") -> datetime | None:
    """Return when the last successful fresh crawl of a source began, or None.

    A fresh quick crawl requests few pages, so it counts for quick crawls only.
    """
    modes = "('full')" if mode == "full" else "('full', 'quick')"
    row = db.execute(
        # newest first; the LIMIT of the subquery lets the search stop at the first fresh crawl
        "SELECT w.started_at FROM (SELECT c.crawl_id, c.started_at"  # noqa: S608 - our own names
        f"  FROM {crawls_table(db)} c JOIN sources s USING (source_id) WHERE s.name = ? AND c.settled = 1"
        f"  AND c.outcome IN ('complete', 'unchanged') AND c.mode IN {modes}"
        f"  ORDER BY c.ordered_at DESC, c.crawl_id DESC LIMIT -1) w WHERE {IS_FRESH} LIMIT 1",
        (source_name,),
    ).fetchone()
    return from_text(row[0]) if row else None


def is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Return whether a crawl that begins `now` must be fresh. Pure.

    A `last` in the future comes from a wrong clock, so the crawl is due.
    """
    return last is None or last > now or now - last >= every * _EARLY
