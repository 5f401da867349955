"""Loading the changes that an operator's correction of a crawl's times made for readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.times import from_text


@dataclass(frozen=True, slots=True)
class MovedDate:
    """A feed date that a correction moved.

    `title` is the first title of the entry, if it had one.
    """

    entry_id: int
    before: datetime
    after: datetime
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of a crawl's times.

    `said` is the start before the correction, `began` the corrected one; `moved` are the feed dates that moved.
    """

    said: datetime
    began: datetime
    moved: tuple[MovedDate, ...]


def find_correction(db: Database, redating_id: int) -> Correction:
    """Return the effects of a redating, with the newest date first.

    Titles are those that were announced first, which a merge does not change.
    """
    began_at, said = db.execute(
        "SELECT r.began_at, coalesce((SELECT o.began_at FROM redatings o WHERE o.crawl_id = r.crawl_id"
        "  AND o.redating_id < r.redating_id ORDER BY o.redating_id DESC LIMIT 1), c.started_at)"
        " FROM redatings r JOIN crawls c USING (crawl_id) WHERE r.redating_id = ?",
        (redating_id,),
    ).fetchone()
    rows = db.execute(
        "SELECT m.entry_id, coalesce((SELECT feed_date FROM redated_entries e WHERE e.entry_id = m.entry_id"
        "  AND e.redating_id < m.redating_id ORDER BY e.redating_id DESC LIMIT 1), i.feed_date), m.feed_date,"
        " coalesce((SELECT coalesce(w.title, w.attribution) FROM changes x JOIN told_words t USING (change_id)"
        "   JOIN told_texts w USING (words) WHERE x.entry_id = m.entry_id AND x.announced = 1 ORDER BY x.change_id LIMIT 1),"
        "  (SELECT coalesce(v.title, v.attribution) FROM revisions v WHERE v.entry_id = m.entry_id"
        "  ORDER BY v.number, v.revision_id LIMIT 1))"
        " FROM redated_entries m JOIN identities i USING (entry_id) WHERE m.redating_id = ? ORDER BY m.feed_date DESC",
        (redating_id,),
    )
    moved = [MovedDate(entry_id, from_text(before), from_text(after), title) for entry_id, before, after, title in rows]
    return Correction(from_text(said), from_text(began_at), tuple(moved))
