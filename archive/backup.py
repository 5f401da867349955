"""Copying an archive while others use it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from archive.store import read_archive


def copy_archive(archive: Path, copy: Path) -> None:
    """Write a consistent copy of `archive` to `copy`, by SQLite's online backup.

    Raises:
        ArchiveError: the archive cannot be read.
    """
    with read_archive(archive) as db:
        target = sqlite3.connect(copy)
        try:
            db.conn.backup(target)
        finally:
            target.close()
