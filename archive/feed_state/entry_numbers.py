"""Number the entries of a source from the oldest.

So full pages of the published list never change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database


def number_new(db: Database, source_id: int, entry_ids: Iterable[int]) -> list[int]:
    """Give the next numbers to those of these entries that have none, oldest first.

    Return their ids.
    """
    last = count_numbered(db, source_id)
    db.execute(
        "INSERT INTO entry_numbers (source_id, number, entry_id)"
        " SELECT :source_id, (SELECT coalesce(max(number), 0) FROM entry_numbers WHERE source_id = :source_id)"
        "  + row_number() OVER (ORDER BY e.feed_date), e.entry_id"
        " FROM json_each(:ids) ids CROSS JOIN entries e ON e.entry_id = ids.value"
        " WHERE NOT EXISTS (SELECT 1 FROM entry_numbers n WHERE n.entry_id = e.entry_id)",
        {"source_id": source_id, "ids": json.dumps(list(entry_ids))},
    )
    rows = db.execute("SELECT entry_id FROM entry_numbers WHERE source_id = ? AND number > ?", (source_id, last))
    return [entry_id for (entry_id,) in rows]


def number_again(db: Database, source_id: int) -> None:
    """Number all entries of the source again, by feed date."""
    db.execute("DELETE FROM entry_numbers WHERE source_id = ?", (source_id,))
    db.execute(
        "INSERT INTO entry_numbers (source_id, number, entry_id)"
        " SELECT source_id, row_number() OVER (ORDER BY feed_date), entry_id FROM entries WHERE source_id = ?",
        (source_id,),
    )


def count_numbered(db: Database, source_id: int) -> int:
    """Return how many entries of the source have a number.

    After `journal_cursor.update_feed_state`, all have one.
    """
    row = db.execute("SELECT coalesce(max(number), 0) FROM entry_numbers WHERE source_id = ?", (source_id,)).fetchone()
    return int(row[0])


def numbers_of(db: Database, entry_ids: Iterable[int]) -> list[int]:
    """Return the numbers of these entries."""
    rows = db.execute(
        "SELECT n.number FROM json_each(?) ids CROSS JOIN entry_numbers n ON n.entry_id = ids.value",
        (json.dumps(list(entry_ids)),),
    )
    return [number for (number,) in rows]
