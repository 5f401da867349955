"""Reads the size of an archive in a few figures, for the home page of Datasette."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """The size of an archive.

    `months` are the numbers of entries by the month of their feed date, such as `2021-03`.
    """

    entries: int
    revisions: int
    withdrawn: int
    publications: int
    months: dict[str, int]


def read_figures(db: Database) -> ArchiveFigures:
    """Return the figures of the archive, over all its sources.

    They come from counts and indexes, so the time does not grow with the number of entries.
    """
    counted = db.execute(
        "SELECT month, sum(entries), sum(withdrawn) FROM entry_counts WHERE entries > 0 GROUP BY month ORDER BY month"
    ).fetchall()
    by_month: dict[str, int] = {month: entries for month, entries, _ in counted}
    return ArchiveFigures(
        entries=sum(by_month.values()),
        # SQLite counts a whole table by its smallest index, and technical revisions are few
        revisions=_count(db, "revisions") - _count(db, "revisions WHERE technical = 1"),
        withdrawn=sum(withdrawn for *_, withdrawn in counted),
        publications=_count(
            db, "(SELECT DISTINCT publication_id FROM entry_counts WHERE entries > 0 AND publication_id != 0)"
        ),
        months=by_month,
    )


def _count(db: Database, rows: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])  # noqa: S608 - our own names
