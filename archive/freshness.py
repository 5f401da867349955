"""When a source was last asked for its whole listing past every cache, and whether that is due again.

A cache, or a server whose comparison of validators is broken, can answer 304 for ever. So from time to time one pass of a
crawl asks for every page without a condition and with `Cache-Control: no-cache` (RFC 9111 section 5.2.1.4).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from archive.clock import from_text
from archive.crawls import timed
from archive.values import Mode

# a round that begins a little sooner than the one of a week ago must not leave it to the next one
_EARLY = 0.99

_WHOLE = "purpose = 'listing' AND page IS NOT NULL AND body_sha256 IS NOT NULL AND fault IS NULL"
# of a crawl `w`: each page that it read was asked for so, and came
IS_FRESH = (
    "w.crawl_id IN (SELECT crawl_id FROM captures WHERE asked_fresh = 1)"  # noqa: S608 - our own conditions
    f" AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.crawl_id = w.crawl_id AND {_WHOLE} AND status IN (200, 304)"
    f"  AND NOT EXISTS (SELECT 1 FROM captures f WHERE f.crawl_id = c.crawl_id AND f.page = c.page AND {_WHOLE}"
    "   AND status = 200 AND asked_fresh = 1))"
)


def last_fresh(db: Database, source_name: str, mode: Mode = "full") -> datetime | None:
    """Return when the source's last crawl that ended well and asked for each page past every cache began.

    None where there is none. A quick crawl asks for its few pages so, which counts for quick crawls alone.
    """
    modes = "('full')" if mode == "full" else "('full', 'quick')"
    row = db.execute(
        f"SELECT w.started_at FROM {timed(db)} w JOIN sources s USING (source_id) WHERE s.name = ? AND w.settled = 1"  # noqa: S608
        f" AND w.outcome IN ('complete', 'unchanged') AND w.mode IN {modes} AND {IS_FRESH}"
        " ORDER BY w.ordered_at DESC, w.crawl_id DESC LIMIT 1",
        (source_name,),
    ).fetchone()
    return from_text(row[0]) if row else None


def is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Tell whether a crawl that begins `now` must ask past every cache. Pure.

    A time in the future is a clock's mistake, and puts nothing off.
    """
    return last is None or last > now or now - last >= every * _EARLY
