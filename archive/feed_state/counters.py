"""Counters of the entries of each publication, topic and month.

A new entry increments a few rows instead of counting all entries. If an edit moved an entry to another publication, the
entries of both publications are counted again by index.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from sqlite_utils import Database

CounterKind = Literal["publication", "topic", "month"]

# queries that count one name, by index
_COUNT_NAME = {
    "publication": "SELECT count(*) FROM entries WHERE source_id = :source_id"
    " AND publication IN (SELECT p.name FROM publications p WHERE p.shown_name = :name)",
    "topic": "SELECT count(*) FROM entry_topics m JOIN topics t USING (topic_id)"
    " WHERE t.source_id = :source_id AND t.name = :name",
    # in ASCII, "." follows "-", so all days of a month sort between the two
    "month": "SELECT count(*) FROM entries WHERE source_id = :source_id"
    " AND feed_date >= :name || '-' AND feed_date < :name || '.'",
}
# queries that count all names
_COUNT_ALL = {
    "publication": "SELECT p.shown_name AS name, count(*) AS entries FROM entries e JOIN publications p USING (publication_id)"
    " WHERE e.source_id = :source_id GROUP BY p.shown_name",
    "topic": "SELECT t.name AS name, count(*) AS entries FROM entry_topics m JOIN topics t USING (topic_id)"
    " WHERE t.source_id = :source_id GROUP BY t.topic_id",
    "month": "SELECT substr(feed_date, 1, 7) AS name, count(*) AS entries FROM entries"
    " WHERE source_id = :source_id GROUP BY 1",
}


def read_counters(db: Database, source_id: int, kind: CounterKind) -> dict[str, int]:
    """Return the number of entries by name.

    Names without entries are omitted. A month has the form `2021-03`.
    """
    rows = db.execute(
        "SELECT name, entries FROM tallies WHERE source_id = ? AND kind = ? ORDER BY name", (source_id, kind)
    )
    return dict(rows.fetchall())


def recount_all(db: Database, source_id: int, kind: CounterKind) -> None:
    """Compute all counters of a kind again."""
    db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ?", (source_id, kind))
    db.execute(
        f"INSERT INTO tallies (source_id, kind, name, entries) SELECT :source_id, :kind, name, entries FROM ({_COUNT_ALL[kind]})",  # noqa: S608
        {"source_id": source_id, "kind": kind},
    )


def count_new(db: Database, source_id: int, entry_ids: Iterable[int]) -> None:
    """Add entries that were not counted before to the counters of publications and months."""
    rows = db.execute(
        "SELECT p.shown_name, substr(e.feed_date, 1, 7) FROM entries e LEFT JOIN publications p USING (publication_id)"
        " WHERE e.entry_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(entry_ids)),),
    ).fetchall()
    add_counts(db, source_id, "publication", Counter(publication for publication, _ in rows if publication is not None))
    add_counts(db, source_id, "month", Counter(month for _, month in rows))


def add_counts(db: Database, source_id: int, kind: CounterKind, differences: Mapping[str, int]) -> None:
    """Add differences, which may be negative, to counters by name.

    Delete counters that become 0.
    """
    db.conn.executemany(
        "INSERT INTO tallies (source_id, kind, name, entries) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
        [(source_id, kind, name, difference) for name, difference in differences.items()],
    )
    db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ? AND entries <= 0", (source_id, kind))


def edited_publications(db: Database, entry_ids: Iterable[int]) -> set[str]:
    """Return the publications of those of these entries whose publication was edited.

    That is, all publications of entries whose revisions have different publications, or none.
    """
    rows = db.execute(
        "SELECT DISTINCT p.shown_name FROM revisions r JOIN publications p ON p.name = r.publication"
        " WHERE r.entry_id IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM revisions o"
        "  WHERE o.entry_id = r.entry_id AND o.publication IS NOT r.publication)",
        (json.dumps(list(entry_ids)),),
    )
    return {name for (name,) in rows}


def recount(db: Database, source_id: int, kind: CounterKind, names: Iterable[str]) -> None:
    """Compute the counters of these names again; delete those without entries."""
    for name in sorted(names):
        entries = db.execute(_COUNT_NAME[kind], {"source_id": source_id, "name": name}).fetchone()[0]
        db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ? AND name = ?", (source_id, kind, name))
        if entries:
            db.execute("INSERT INTO tallies VALUES (?, ?, ?, ?)", (source_id, kind, name, entries))
