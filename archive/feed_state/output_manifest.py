"""The manifest of an output folder: its files with digests, and the state they show.

A publish removes only files that the manifest lists. If the state has not changed, a publish reads no files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.database import path_of
from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor


@dataclass(frozen=True, slots=True)
class OutputState:
    """The state of a folder after its last publish.

    `render_fingerprint` is a digest of settings, topics and templates: all that determines the files besides the archive.
    `cursor` is the position up to which the archive was published. `entries` and `events` are the numbers of entries and log
    events at that time, `files` the number of files in the folder.
    """

    source_id: int
    base_url: str
    render_fingerprint: str
    cursor: JournalCursor
    entries: int
    events: int
    files: int


class Manifest:
    """The list of the files written to one folder, as stored in the archive.

    Used inside the caller's transaction.
    """

    def __init__(self, db: Database, output: Path) -> None:
        self._db = db
        self._key = _key(db, output)

    def state(self) -> OutputState | None:
        """Return the state after the last publish.

        Return None if there was none, or an earlier version did it.
        """
        row = self._db.execute(
            "SELECT source_id, base_url, shape, derivation, changes_until, restyled_until, entries, events, files FROM outputs"
            " WHERE output = ?",
            (self._key,),
        ).fetchone()
        if row is None:
            return None
        source_id, base_url, fingerprint, *cursor, entries, events, files = row
        return OutputState(source_id, base_url, fingerprint, JournalCursor(*cursor), entries, events, files)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of all files, in hexadecimal, by path relative to the folder."""
        rows = self._db.execute("SELECT path, sha256 FROM published_files WHERE output = ? ORDER BY path", (self._key,))
        return dict(rows.fetchall())

    def has_files(self) -> bool:
        """Return whether the manifest lists any file."""
        row = self._db.execute("SELECT 1 FROM published_files WHERE output = ? LIMIT 1", (self._key,))
        return row.fetchone() is not None

    def lists(self, name: str) -> bool:
        """Return whether the manifest lists a file of this name."""
        row = self._db.execute("SELECT 1 FROM published_files WHERE output = ? AND path = ?", (self._key, name))
        return row.fetchone() is not None

    def source(self) -> str | None:
        """Return the name of the source whose files are in the folder.

        Return None if nothing was published.
        """
        row = self._db.execute(
            "SELECT s.name FROM published_files JOIN sources s USING (source_id) WHERE output = ? LIMIT 1", (self._key,)
        ).fetchone()
        return row[0] if row else None

    def record(self, source_id: int, written: Mapping[str, str], removed: Iterable[str]) -> None:
        """Store the digests of written files, and delete removed ones from the list."""
        self._db.conn.executemany(
            "DELETE FROM published_files WHERE output = ? AND path = ?", [(self._key, name) for name in removed]
        )
        self._db.conn.executemany(
            "INSERT INTO published_files (output, path, sha256, source_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (output, path) DO UPDATE SET sha256 = excluded.sha256, source_id = excluded.source_id"
            " WHERE sha256 != excluded.sha256 OR source_id != excluded.source_id",
            [(self._key, name, digest, source_id) for name, digest in sorted(written.items())],
        )

    def record_state(self, state: OutputState) -> None:
        """Store the state that the folder shows now."""
        cursor = state.cursor
        self._db.execute(
            "INSERT OR REPLACE INTO outputs (output, source_id, base_url, shape, derivation, changes_until, restyled_until,"
            " entries, events, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._key, state.source_id, state.base_url, state.render_fingerprint),
                *(cursor.derivation, cursor.changes_until),
                *(cursor.restyled_until, state.entries, state.events, state.files),
            ),
        )

    def forget(self) -> None:
        """Delete the manifest of the folder."""
        self._db.execute("DELETE FROM published_files WHERE output = ?", (self._key,))
        self._db.execute("DELETE FROM outputs WHERE output = ?", (self._key,))


def recorded_outputs(db: Database) -> dict[Path, str]:
    """Return all output folders with the names of their sources."""
    home = Path(os.path.realpath(path_of(db))).parent
    rows = db.execute(
        "SELECT DISTINCT p.output, s.name FROM published_files p JOIN sources s USING (source_id) ORDER BY p.output"
    )
    return {Path(os.path.normpath(home / output)): name for output, name in rows}


def forget_missing(db: Database, current: Path) -> list[Path]:
    """Delete the manifests of missing folders, except `current`; return these folders.

    Called inside the caller's transaction. A folder that reappears still has its record.
    """
    kept = Path(os.path.realpath(current))
    home = Path(os.path.realpath(path_of(db))).parent
    # from table `outputs`, since there can be many files and each publish calls this function
    folders = [
        Path(os.path.normpath(home / output)) for (output,) in db.execute("SELECT output FROM outputs").fetchall()
    ]
    missing = [folder for folder in folders if folder != kept and not os.path.lexists(folder)]
    for folder in missing:
        Manifest(db, folder).forget()
    return missing


def _key(db: Database, output: Path) -> str:
    """Return a folder's path relative to the archive's.

    So both can be moved together, and no absolute path is stored.
    """
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    folder = os.path.realpath(output)
    return os.path.relpath(folder, Path(os.path.realpath(file)).parent) if file else folder
