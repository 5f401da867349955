"""Read the ids of a source for the record of an output folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor
from foreign_eyes.archive.feed_state.output_record import RecordedId
from foreign_eyes.archive.text_columns import TEXT_COLUMNS, text_columns
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

_COLUMNS = "i.entry_id, i.tag_uri, i.feed_date, w.started_at, s.name, s.url, i.wording"
_TEXTS = text_columns("r")
# all texts that were shown under an id
_SHOWN = (
    f"(SELECT entry_id, revision_id, 0 AS restyle_id, {TEXT_COLUMNS} FROM revisions"  # noqa: S608
    " UNION ALL"
    f" SELECT entry_id, revision_id, restyle_id, {TEXT_COLUMNS} FROM restyles)"
)


def all_ids(db: Database, source_id: int) -> Iterator[RecordedId]:
    """Yield all ids minted for a source, with the digests of their entries' texts."""
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_TEXTS} FROM identities i JOIN crawls w USING (crawl_id)"  # noqa: S608 - our own columns
        f" JOIN sources s ON s.source_id = i.source_id LEFT JOIN {_SHOWN} r ON r.entry_id = i.entry_id"
        " WHERE i.source_id = ? ORDER BY i.feed_date, i.entry_id, r.revision_id, r.restyle_id",
        (source_id,),
    )
    for (entry_id, tag_uri, feed_date, started, name, url, first), revisions in groupby(rows, lambda row: row[:7]):
        digests = dict.fromkeys((first, *_digests(row[7:] for row in revisions)))
        yield RecordedId(entry_id, tag_uri, from_text(feed_date), from_text(started), name, url, tuple(digests))


def ids_since(db: Database, source_id: int, cursor: JournalCursor) -> Iterator[tuple[RecordedId, bool]]:
    """Yield the ids of entries that changed since a cursor, and whether they are new.

    A change is a new, revised or restyled entry. An id that is not new has only the digests of texts since the cursor.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_TEXTS}, x.kind FROM changes x CROSS JOIN identities i USING (entry_id)"  # noqa: S608
        " JOIN crawls w ON w.crawl_id = i.crawl_id JOIN sources s ON s.source_id = i.source_id"
        " LEFT JOIN revisions r ON r.revision_id = x.revision_id"
        " WHERE x.source_id = ? AND x.at > ? AND x.kind IN ('new', 'revised') ORDER BY i.feed_date, i.entry_id, x.at",
        (source_id, cursor.changes_until),
    )
    for (entry_id, tag_uri, feed_date, started, name, url, first), group in groupby(rows, lambda row: row[:7]):
        changes = list(group)
        is_new = any(kind == "new" for *_, kind in changes)
        later = list(_digests(change[7:-1] for change in changes))
        digests = tuple(dict.fromkeys([first, *later] if is_new else later))
        if digests:
            yield (
                RecordedId(entry_id, tag_uri, from_text(feed_date), from_text(started), name, url, digests),
                is_new,
            )
    yield from ((recorded, False) for recorded in _restyled(db, source_id, cursor.restyled_until))


def _restyled(db: Database, source_id: int, until: int) -> Iterator[RecordedId]:
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_TEXTS} FROM restyles r JOIN identities i USING (entry_id)"  # noqa: S608 - our own columns
        " JOIN crawls w ON w.crawl_id = i.crawl_id JOIN sources s ON s.source_id = i.source_id"
        " WHERE r.source_id = ? AND r.restyle_id > ? ORDER BY i.feed_date, i.entry_id, r.restyle_id",
        (source_id, until),
    )
    for (entry_id, tag_uri, feed_date, started, name, url, _), group in groupby(rows, lambda row: row[:7]):
        digests = tuple(dict.fromkeys(_digests(row[7:] for row in group)))
        yield RecordedId(entry_id, tag_uri, from_text(feed_date), from_text(started), name, url, digests)


def _digests(texts: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Yield the identity digests of texts.

    Skip those of an entry without revisions, which are None.
    """
    return (identity_digest(ListedEntry(*parts)) for parts in texts if parts[0] is not None)
