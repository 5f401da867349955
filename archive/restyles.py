"""Restyles of an entry: the texts since each one, and the capture that shows them.

Times are timestamps of the archive (see `archive.times`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.text_columns import by_part, text_columns


@dataclass(frozen=True, slots=True)
class Restyle:
    """Texts that differ from the previous ones in style only, with their capture and place.

    `revision` is the number of the restyled revision; `crawl` is (ordered_at, crawl_id) of the crawl that found the restyle.
    """

    revision: int
    first_seen: str
    url: str
    page: int
    position: int
    capture_id: int
    body_sha256: str
    texts: dict[str, str | None]
    crawl: tuple[str, int]
    revision_id: int = 0


def load_restyles(db: Database, entry_id: int) -> tuple[Restyle, ...]:
    """Return the restyles of an entry, oldest first."""
    rows = db.execute(
        "SELECT r.number, x.first_seen, c.url, x.page, x.position, x.capture_id, c.body_sha256, w.ordered_at, w.crawl_id,"  # noqa: S608
        f" x.revision_id, {text_columns('x')}"
        " FROM restyles x JOIN revisions r USING (revision_id) JOIN captures c ON c.capture_id = x.capture_id"
        " JOIN timed_crawls w USING (crawl_id) WHERE x.entry_id = ? ORDER BY x.restyle_id",
        (entry_id,),
    )
    return tuple(map(_restyle, rows))


def _restyle(row: tuple[Any, ...]) -> Restyle:
    number, first_seen, url, page, position, capture_id, body_sha256, ordered_at, crawl_id, revision_id, *columns = row
    texts, crawl = by_part(columns), (ordered_at, crawl_id)
    return Restyle(number, first_seen, url, page, position, capture_id, body_sha256, texts, crawl, revision_id)
