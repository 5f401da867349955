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


def replace_manifest(db: Database, output: Path, files: Mapping[str, str]) -> None:
    """Make `files` the manifest of `output`, inside the caller's transaction; rows that stay are not written again."""
    listed = read_manifest(db, output)
    folder = _key(db, output)
    db.conn.executemany(
        "DELETE FROM published_files WHERE output = ? AND path = ?",
        [(folder, path) for path in sorted(listed.keys() - files.keys())],
    )
    db.conn.executemany(
        "INSERT INTO published_files (output, path, sha256) VALUES (?, ?, ?)"
        " ON CONFLICT (output, path) DO UPDATE SET sha256 = excluded.sha256",
        [(folder, path, digest) for path, digest in sorted(files.items()) if listed.get(path) != digest],
    )


def _key(db: Database, output: Path) -> str:
    """Name a folder by its way from the archive's: the two can move together, and analysts see no path of the machine."""
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    folder = os.path.realpath(output)
    return os.path.relpath(folder, Path(os.path.realpath(file)).parent) if file else folder
