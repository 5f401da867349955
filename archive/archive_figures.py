"""Read what an archive holds in a few figures, for the home of Datasette."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """What an archive holds.

    `months` are the numbers of entries by the month in which they were first seen, such as `2021-03`.
    """

    entries: int
    revisions: int
    withdrawn: int
    publications: int
    months: dict[str, int]


def read_figures(db: Database) -> ArchiveFigures:
    """Return the figures of the archive, over all its sources."""
    return ArchiveFigures(
        entries=_count(db, "entries"),
        revisions=_count(db, "revisions WHERE technical = 0"),
        withdrawn=_count(db, "entries WHERE withdrawn_at IS NOT NULL"),
        publications=_count(db, "(SELECT DISTINCT publication FROM entries WHERE publication IS NOT NULL)"),
        months=dict(
            tuple(row)
            for row in db.execute("SELECT substr(first_seen, 1, 7), count(*) FROM entries GROUP BY 1 ORDER BY 1")
        ),
    )


def _count(db: Database, rows: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])  # noqa: S608 - our own names
