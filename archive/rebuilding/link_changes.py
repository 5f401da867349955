"""Keeping the link ids of the journal valid in a rebuild.

Links are derived, so their ids can change.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

_LINK_COLUMNS = (
    "l.source_id, l.label, l.url, l.key, l.last_url, l.first_seen, l.capture_id, l.status, l.outcome, gone_at"
)


def journal_links(db: Database) -> list[tuple[Any, ...]]:
    """Return the links of the journal's rows, with the column and change that refer to each."""
    return [
        (column, *row)
        for column in ("link_id", "former_link_id")
        for row in db.execute(
            f"SELECT c.change_id, {_LINK_COLUMNS.replace('gone_at', 'coalesce(l.gone_at, c.at)')}"  # noqa: S608
            f" FROM changes c JOIN links l ON l.link_id = c.{column}"
        )
    ]


def restore_link_ids(db: Database, links: list[tuple[Any, ...]]) -> None:
    """Set the current link ids in the journal.

    A link that was not derived again is stored as gone.
    """
    for column, change_id, *link in links:
        row = db.execute(
            "SELECT link_id FROM links WHERE source_id = ? AND label = ? AND url = ?", (link[0], link[1], link[2])
        ).fetchone()
        if row is None:
            marks = ", ".join("?" for _ in link)
            columns = _LINK_COLUMNS.replace("l.", "")
            cursor = db.execute(f"INSERT INTO links ({columns}) VALUES ({marks})", link)  # noqa: S608 - our own names
            row = (cursor.lastrowid,)
        db.execute(f"UPDATE changes SET {column} = ? WHERE change_id = ?", (row[0], change_id))  # noqa: S608
