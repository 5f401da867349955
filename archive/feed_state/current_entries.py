"""Read entries with their current text, by index, for feeds and pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.shown_names import listed_names
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.values import EntryTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentEntry(EntryTexts):
    """An entry with one text, usually the current one.

    Its values change only if the entry changes. `updated` is the stored time of its latest announced change; before the first
    revision it is the feed date. `seen_at_url` is the listing page that first showed the text.
    """

    entry_id: int
    tag_uri: str
    not_before: datetime | None
    first_seen: datetime
    feed_date: datetime
    updated: datetime
    withdrawn_at: datetime | None
    revision: int
    seen_at_url: str


_UPDATED = (
    "coalesce((SELECT x.at FROM changes x WHERE x.entry_id = e.entry_id AND x.announced = 1"
    "  AND (x.kind IN ('revised', 'redacted', 'unredacted') OR (x.kind = 'new' AND x.decision_id IS NOT NULL))"
    "  ORDER BY x.change_id DESC LIMIT 1),"
    " e.feed_date)"
)
_CURRENT = "JOIN revisions r ON r.revision_id = e.revision_id JOIN captures c ON c.capture_id = r.capture_id"


def newest_entries(db: Database, source: str, limit: int = -1) -> Iterator[CurrentEntry]:
    """Yield the source's entries, newest feed date first, including withdrawn ones.

    At most `limit` entries; -1 means no limit.
    """
    yield from _read(
        db,
        f"FROM entries e {_CURRENT} WHERE e.source_id = (SELECT source_id FROM sources WHERE name = ?)"  # noqa: S608
        " ORDER BY e.feed_date DESC LIMIT ?",
        source,
        limit,
    )


def all_entry_ids(db: Database, source_id: int) -> list[int]:
    """Return the ids of all entries of the source, newest feed date first."""
    rows = db.execute("SELECT entry_id FROM entries WHERE source_id = ? ORDER BY feed_date DESC", (source_id,))
    return [entry_id for (entry_id,) in rows]


def entries_of_publication(db: Database, source_id: int, publication: str, limit: int) -> list[CurrentEntry]:
    """Return the entries whose current publication is shown under this name, newest first.

    -1 means no limit.
    """
    query = f"FROM entries e {_CURRENT} WHERE e.source_id = ? AND e.publication = ? ORDER BY e.feed_date DESC LIMIT ?"
    # a query for each spelling reads the index in its order; one for all would sort them
    found = (_read(db, query, source_id, name, limit) for name in listed_names(db, publication))
    entries = sorted(chain.from_iterable(found), key=lambda entry: entry.feed_date, reverse=True)
    return entries[:limit] if limit >= 0 else entries


def entries_of_topic(db: Database, source_id: int, topic: str, limit: int) -> list[CurrentEntry]:
    """Return the entries of a topic, newest first, at most `limit`."""
    query = (
        # CROSS JOIN fixes the order of the joins, so that SQLite uses the index instead of sorting all entries of a topic
        f"FROM topics t CROSS JOIN entry_topics m USING (topic_id) CROSS JOIN entries e ON e.entry_id = m.entry_id {_CURRENT}"
        " WHERE t.source_id = ? AND t.name = ? ORDER BY m.feed_date DESC LIMIT ?"
    )
    return list(_read(db, query, source_id, topic, limit))


def entries_by_id(db: Database, entry_ids: Iterable[int]) -> list[CurrentEntry]:
    """Return the entries with these ids, newest feed date first."""
    query = f"FROM json_each(?) ids CROSS JOIN entries e ON e.entry_id = ids.value {_CURRENT} ORDER BY e.feed_date DESC"
    return list(_read(db, query, json.dumps(list(entry_ids))))


def entries_by_number(db: Database, source_id: int, first: int, last: int) -> list[CurrentEntry]:
    """Return the source's entries with numbers `first` to `last`, highest number first.

    Number 1 is the oldest entry.
    """
    query = (
        f"FROM entry_numbers n CROSS JOIN entries e ON e.entry_id = n.entry_id {_CURRENT}"
        " WHERE n.source_id = ? AND n.number BETWEEN ? AND ? ORDER BY n.number DESC"
    )
    return list(_read(db, query, source_id, first, last))


def entry_columns(texts_of: str) -> str:
    """Return the columns for `to_entry`.

    They are columns of an entry `e`, one of its revisions `r`, and the capture `c` that first showed the revision. `texts_of`
    is the alias from which the texts are read: "e" or "r".
    """
    shown = f"(SELECT p.shown_name FROM publications p WHERE p.name = {texts_of}.publication)"  # noqa: S608 - our own names
    dates = f"e.not_before, e.first_seen, e.feed_date, {_UPDATED}, e.withdrawn_at"
    return f"e.entry_id, e.tag_uri, {dates}, r.number, c.url, {text_columns(texts_of, publication=shown)}"


def to_entry(row: Sequence[Any]) -> CurrentEntry:
    """Return the entry in a row of `entry_columns`."""
    entry_id, tag_uri, not_before, first_seen, feed_date, updated, withdrawn_at, revision, seen_at_url, *texts = row
    return CurrentEntry(
        *texts,
        entry_id=entry_id,
        tag_uri=tag_uri,
        not_before=from_text(not_before) if not_before else None,
        first_seen=from_text(first_seen),
        feed_date=from_text(feed_date),
        updated=from_text(updated),
        withdrawn_at=from_text(withdrawn_at) if withdrawn_at else None,
        revision=revision,
        seen_at_url=seen_at_url,
    )


_COLUMNS = entry_columns("e")


def _read(db: Database, query: str, *values: object) -> Iterator[CurrentEntry]:
    for row in db.execute(f"SELECT {_COLUMNS} {query}", values):
        yield to_entry(row)


def sources_of_entries(db: Database, entry_ids: Iterable[int]) -> dict[int, str]:
    """Return the name of the source of each of these entries."""
    query = (
        "SELECT e.entry_id, s.name FROM json_each(?) ids CROSS JOIN entries e ON e.entry_id = ids.value"
        " JOIN sources s USING (source_id)"
    )
    return dict(map(tuple, db.execute(query, (json.dumps(list(entry_ids)),))))
