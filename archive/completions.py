"""What a shell completes: ids of entries and names of sources. Read with sqlite3 alone, because a shell waits for it.

A file that is missing, damaged, locked or of another version completes nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_ID_DIGITS = 9
_MOST = 100
# a shell must not hang because a crawl writes
_BUSY_SECONDS = 0.05


def entries_beginning_with(archive: Path, digits: str) -> list[tuple[str, str]]:
    """Return ids of entries that begin with `digits`, each with its title or attribution line."""
    if len(digits) > _ID_DIGITS or not (digits == "" or (digits.isascii() and digits.isdigit())):
        return []
    first, last = int(digits.ljust(_ID_DIGITS, "0")), int(digits.ljust(_ID_DIGITS, "9"))
    rows = _rows(
        archive,
        "SELECT entry_id, coalesce(title, attribution) FROM entries WHERE entry_id BETWEEN ? AND ?"
        " ORDER BY entry_id LIMIT ?",
        (first, last, _MOST),
    )
    return [(f"{entry_id:0{_ID_DIGITS}d}", title or "") for entry_id, title in rows]


def archived_sources(archive: Path) -> list[tuple[str, str]]:
    """Return the names of the archived sources, each with its URL."""
    return [(str(name), url) for name, url in _rows(archive, "SELECT name, url FROM sources ORDER BY name", ())]


def _rows(archive: Path, query: str, values: tuple[int, ...]) -> list[tuple[int | str, str]]:
    if not archive.is_file():
        return []
    try:
        uri = f"{archive.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
            return connection.execute(query, values).fetchall()
    except (sqlite3.Error, OSError):
        return []
