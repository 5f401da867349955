"""How many entries there are of each publication, topic and month: kept, so that one new entry counts up a few of them.

Only where an entry was edited from one publication to another are those two counted by index, each as long as it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from sqlite_utils import Database

CounterKind = Literal["publication", "topic", "month"]

# of one name, by index
_ONE = {
    "publication": "SELECT count(*) FROM entries WHERE source_id = :source_id"
    " AND publication IN (SELECT p.name FROM publications p WHERE p.shown_name = :name)",
    "topic": "SELECT count(*) FROM entry_topics m JOIN topics t USING (topic_id)"
    " WHERE t.source_id = :source_id AND t.name = :name",
    # the month's days all sort between the bare month and the month with the sign after the dash
    "month": "SELECT count(*) FROM entries WHERE source_id = :source_id"
    " AND feed_date >= :name || '-' AND feed_date < :name || '.'",
}
_ALL = {
    "publication": "SELECT p.shown_name AS name, count(*) AS entries FROM entries e JOIN publications p USING (publication_id)"
    " WHERE e.source_id = :source_id GROUP BY p.shown_name",
    "topic": "SELECT t.name AS name, count(*) AS entries FROM entry_topics m JOIN topics t USING (topic_id)"
    " WHERE t.source_id = :source_id GROUP BY t.topic_id",
    "month": "SELECT substr(feed_date, 1, 7) AS name, count(*) AS entries FROM entries"
    " WHERE source_id = :source_id GROUP BY 1",
}


def read_tallies(db: Database, source_id: int, kind: CounterKind) -> dict[str, int]:
    """Return how many entries each name of a kind has; every count is one at least. A month is written `2021-03`."""
    rows = db.execute(
        "SELECT name, entries FROM tallies WHERE source_id = ? AND kind = ? ORDER BY name", (source_id, kind)
    )
    return dict(rows.fetchall())


def count_again(db: Database, source_id: int, kind: CounterKind) -> None:
    """Count all names of a kind."""
    db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ?", (source_id, kind))
    db.execute(
        f"INSERT INTO tallies (source_id, kind, name, entries) SELECT :source_id, :kind, name, entries FROM ({_ALL[kind]})",  # noqa: S608
        {"source_id": source_id, "kind": kind},
    )


def count_new(db: Database, source_id: int, entry_ids: Iterable[int]) -> None:
    """Count entries that were not counted before, by publication and by month."""
    rows = db.execute(
        "SELECT p.shown_name, substr(e.feed_date, 1, 7) FROM entries e LEFT JOIN publications p USING (publication_id)"
        " WHERE e.entry_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(entry_ids)),),
    ).fetchall()
    count_up(db, source_id, "publication", Counter(publication for publication, _ in rows if publication is not None))
    count_up(db, source_id, "month", Counter(month for _, month in rows))


def count_up(db: Database, source_id: int, kind: CounterKind, more: Mapping[str, int]) -> None:
    """Add to what is counted of a kind, by name, a negative number too; names of which nothing is left go."""
    db.conn.executemany(
        "INSERT INTO tallies (source_id, kind, name, entries) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
        [(source_id, kind, name, entries) for name, entries in more.items()],
    )
    db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ? AND entries <= 0", (source_id, kind))


def edited_publications(db: Database, entry_ids: Iterable[int]) -> set[str]:
    """Return the publications that these entries have or had, of those alone that have had several, or none for a time."""
    rows = db.execute(
        "SELECT DISTINCT p.shown_name FROM revisions r JOIN publications p ON p.name = r.publication"
        " WHERE r.entry_id IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM revisions o"
        "  WHERE o.entry_id = r.entry_id AND o.publication IS NOT r.publication)",
        (json.dumps(list(entry_ids)),),
    )
    return {name for (name,) in rows}


def recount(db: Database, source_id: int, kind: CounterKind, names: Iterable[str]) -> None:
    """Count these names of a kind; those without entries go."""
    for name in sorted(names):
        counted = db.execute(_ONE[kind], {"source_id": source_id, "name": name}).fetchone()[0]
        db.execute("DELETE FROM tallies WHERE source_id = ? AND kind = ? AND name = ?", (source_id, kind, name))
        if counted:
            db.execute("INSERT INTO tallies VALUES (?, ?, ?, ?)", (source_id, kind, name, counted))
