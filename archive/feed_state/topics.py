"""Store the configured topics and the entries of each.

A function from the caller decides the topics of a text.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sqlite_utils import Database

# returns the names of the topics of an entry, given its title, excerpt and commentary
Classify = Callable[[str, str, str], Collection[str]]

_TEXTS = "coalesce(title, ''), excerpt, commentary"


def sync_topics(db: Database, source_id: int, topics: Mapping[str, Sequence[str]]) -> set[str]:
    """Store the source's topics, given as patterns by name.

    Return the names that are new or changed.
    """
    known = dict(db.execute("SELECT name, patterns FROM topics WHERE source_id = ?", (source_id,)).fetchall())
    configured = {name: json.dumps(list(patterns), ensure_ascii=False) for name, patterns in topics.items()}
    stale = [name for name, patterns in known.items() if configured.get(name) != patterns]
    added = [name for name, patterns in configured.items() if known.get(name) != patterns]
    db.conn.executemany("DELETE FROM topics WHERE source_id = ? AND name = ?", [(source_id, name) for name in stale])
    db.conn.executemany(
        "INSERT INTO topics (source_id, name, patterns) VALUES (?, ?, ?)",
        [(source_id, name, configured[name]) for name in added],
    )
    return set(added)


def classify_all(db: Database, source_id: int, names: Collection[str], classify: Classify) -> None:
    """Classify all entries of the source again by these topics."""
    topic_ids = _topic_ids(db, source_id, names)
    db.conn.executemany("DELETE FROM entry_topics WHERE topic_id = ?", [(topic_id,) for topic_id in topic_ids.values()])
    entries = db.execute(f"SELECT entry_id, feed_date, {_TEXTS} FROM entries WHERE source_id = ?", (source_id,))  # noqa: S608
    _insert(db, topic_ids, entries, classify)


def classify_entries(db: Database, source_id: int, entry_ids: Collection[int], classify: Classify) -> dict[str, int]:
    """Classify these entries again; return by topic how the number of its entries changed."""
    ids, before = json.dumps(list(entry_ids)), _count_topics(db, entry_ids)
    db.execute("DELETE FROM entry_topics WHERE entry_id IN (SELECT value FROM json_each(?))", (ids,))
    entries = db.execute(
        f"SELECT entry_id, feed_date, {_TEXTS} FROM entries WHERE entry_id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (ids,),
    )
    _insert(db, _topic_ids(db, source_id, None), entries.fetchall(), classify)
    after = _count_topics(db, entry_ids)
    return {name: after[name] - before[name] for name in before | after if after[name] != before[name]}


def topics_of(db: Database, entry_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the stored topics of these entries by id; entries without topics are omitted."""
    rows = db.execute(
        "SELECT m.entry_id, t.name FROM json_each(?) ids CROSS JOIN entry_topics m ON m.entry_id = ids.value"
        " CROSS JOIN topics t ON t.topic_id = m.topic_id",
        (json.dumps(list(entry_ids)),),
    )
    topics: dict[int, list[str]] = defaultdict(list)
    for entry_id, name in rows:
        topics[entry_id].append(name)
    return dict(topics)


def topics_ever(db: Database, entry_ids: Iterable[int], classify: Classify) -> set[str]:
    """Return the topics of all texts of these entries, including former ones."""
    rows = db.execute(
        f"SELECT {_TEXTS} FROM revisions WHERE entry_id IN (SELECT value FROM json_each(:ids))"  # noqa: S608 - our own words
        f" UNION SELECT {_TEXTS} FROM restyles WHERE entry_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json.dumps(list(entry_ids))},
    )
    return {name for row in rows for name in classify(*row)}


def _count_topics(db: Database, entry_ids: Iterable[int]) -> Counter[str]:
    return Counter(name for names in topics_of(db, entry_ids).values() for name in names)


def _topic_ids(db: Database, source_id: int, names: Collection[str] | None) -> dict[str, int]:
    rows = db.execute("SELECT name, topic_id FROM topics WHERE source_id = ?", (source_id,))
    return {name: topic_id for name, topic_id in rows if names is None or name in names}


def _insert(
    db: Database, topic_ids: Mapping[str, int], entries: Iterable[tuple[int, str, str, str, str]], classify: Classify
) -> None:
    if not topic_ids:
        return
    rows = (
        (topic_ids[name], feed_date, entry_id)
        for entry_id, feed_date, *texts in entries
        for name in classify(*texts)
        if name in topic_ids
    )
    db.conn.executemany("INSERT INTO entry_topics (topic_id, feed_date, entry_id) VALUES (?, ?, ?)", list(rows))
