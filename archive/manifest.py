"""The manifest of an output folder: which files we wrote there, and what was in them.

It is why a publish may remove a file at all: only what is listed here is ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlite_utils import Database


def read_manifest(db: Database, output: Path) -> dict[str, str]:
    """Return the files last written to the folder `output`: SHA-256 in hexadecimal by path relative to it."""
    rows = db.execute("SELECT path, sha256 FROM published_files WHERE output = ? ORDER BY path", (_key(db, output),))
    return dict(rows.fetchall())


def published_source(db: Database, output: Path) -> str | None:
    """Return the name of the source whose files stand in `output`; None where nothing was published."""
    row = db.execute(
        "SELECT s.name FROM published_files JOIN sources s USING (source_id) WHERE output = ? LIMIT 1",
        (_key(db, output),),
    ).fetchone()
    return row[0] if row else None


def replace_manifest(db: Database, output: Path, source: str, files: Mapping[str, str]) -> None:
    """Make `files`, all of one source, the manifest of `output`, inside the caller's transaction.

    Rows that stay are not written again.
    """
    listed = read_manifest(db, output)
    changed = published_source(db, output) != source
    folder = _key(db, output)
    db.conn.executemany(
        "DELETE FROM published_files WHERE output = ? AND path = ?",
        [(folder, path) for path in sorted(listed.keys() - files.keys())],
    )
    db.conn.executemany(
        "INSERT INTO published_files (output, path, sha256, source_id)"
        " VALUES (?, ?, ?, (SELECT source_id FROM sources WHERE name = ?))"
        " ON CONFLICT (output, path) DO UPDATE SET sha256 = excluded.sha256, source_id = excluded.source_id",
        [
            (folder, path, digest, source)
            for path, digest in sorted(files.items())
            if changed or listed.get(path) != digest
        ],
    )


def _key(db: Database, output: Path) -> str:
    """Name a folder by its way from the archive's: the two can move together, and analysts see no path of the machine."""
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    folder = os.path.realpath(output)
    return os.path.relpath(folder, Path(os.path.realpath(file)).parent) if file else folder
