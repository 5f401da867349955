"""Find what a source's site answered in the last crawl, for the pause and the delay that it asked for."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.captures import find_exchanges, headers_of, load_body


def answers_of_bad_crawl(db: Database, source_name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a source's last ended crawl, in order; none if it read the whole listing."""
    row = db.execute(
        "SELECT w.crawl_id, w.outcome FROM crawls w JOIN sources s USING (source_id)"
        " WHERE s.name = ? AND w.outcome IS NOT NULL AND w.imported = 0 ORDER BY w.crawl_id DESC LIMIT 1",
        (source_name,),
    ).fetchone()
    return [] if row is None or row[1] in ("complete", "unchanged") else find_exchanges(db, row[0])


def last_robots(db: Database, source_name: str, url: str) -> tuple[bytes, str | None] | None:
    """Return body and Content-Type of the newest robots.txt at `url` that a crawl of a source read, or None."""
    row = db.execute(
        "SELECT c.body_sha256, coalesce(r.headers, c.headers) FROM captures c JOIN crawls w USING (crawl_id)"
        " JOIN sources s USING (source_id) LEFT JOIN captures r ON r.capture_id = c.revalidates"
        " WHERE s.name = ? AND w.imported = 0 AND c.purpose = 'robots' AND c.url = ? AND c.status IN (200, 304)"
        " AND c.body_sha256 IS NOT NULL AND c.fault IS NULL ORDER BY c.capture_id DESC LIMIT 1",
        (source_name, url),
    ).fetchone()
    if row is None:
        return None
    try:
        return load_body(db, row[0]), headers_of(row[1]).get("content-type")
    except ValueError:
        return None  # `check` reports damaged bodies
