"""Counts of entries by month, publication and topic.

Triggers keep them (see `archive.schema.m021_browsing` and `m024_questions`). This module counts again, and finds counts
that are wrong.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from sqlite_utils import Database

from foreign_eyes.archive.problems import REPARSE, Problem

# each table of counts with the statement that counts again
COUNTS = {
    "entry_counts": "SELECT source_id, substr(feed_date, 1, 7), coalesce(publication_id, 0), count(*), count(withdrawn_at)"
    " FROM entries"
    " GROUP BY 1, 2, 3",
    "topic_month_counts": "SELECT topic_id, substr(feed_date, 1, 7), count(*) FROM entry_topics GROUP BY 1, 2",
    "topic_publication_counts": "SELECT m.topic_id, coalesce(e.publication_id, 0), count(*)"
    " FROM entry_topics m LEFT JOIN entries e USING (entry_id) GROUP BY 1, 2",
    "topic_pair_counts": "SELECT m.topic_id, o.topic_id, count(*) FROM entry_topics m"
    " JOIN entry_topics o ON o.entry_id = m.entry_id AND o.topic_id > m.topic_id GROUP BY 1, 2",
}


def recount(db: Database) -> None:
    """Count all entries again, within the transaction."""
    for table, counted in COUNTS.items():
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names, here and below
        db.execute(f"INSERT INTO {table} {counted}")


def verify_counts(db: Database, tables: Container[str] = frozenset(COUNTS)) -> Iterator[Problem]:
    """Yield those of `tables` whose counts differ from the entries."""
    for table, counted in COUNTS.items():
        if table not in tables:
            continue
        stored = f"SELECT * FROM {table} WHERE entries != 0"  # noqa: S608
        for first, second in ((stored, counted), (counted, stored)):
            differing = f"SELECT 1 FROM (SELECT * FROM ({first}) EXCEPT SELECT * FROM ({second})) LIMIT 1"  # noqa: S608
            if db.execute(differing).fetchone():
                yield Problem("a count is not the number of entries", f"table {table}", REPARSE)
                break
