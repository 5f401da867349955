"""What stands in an output folder: its files with what was in them, and the state of the archive that they show.

The list is why a publish may remove a file at all: only what stands in it is ours. The state is why it need not look at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.database import path_of
from foreign_eyes.archive.feed_state.journal_cursor import Mark


@dataclass(frozen=True, slots=True)
class OutputState:
    """What was published last to a folder: whose feeds, for which address, in which shape, up to where, and how much.

    `shape` is a digest of all that decides what files say besides the archive. `entries` and `events` are those of the
    source and its log at that time, `files` all that stand in the folder.
    """

    source_id: int
    base_url: str
    shape: str
    mark: Mark
    entries: int
    events: int
    files: int


class Manifest:
    """The files that were written to one folder, in the archive; inside the caller's transaction."""

    def __init__(self, db: Database, output: Path) -> None:
        self._db = db
        self._key = _key(db, output)

    def state(self) -> OutputState | None:
        """Return what was published last; None where nothing was, or a version before this one did it."""
        row = self._db.execute(
            "SELECT source_id, base_url, shape, derivation, changes_until, restyled_until, entries, events, files FROM outputs"
            " WHERE output = ?",
            (self._key,),
        ).fetchone()
        if row is None:
            return None
        source_id, base_url, shape, *mark, entries, events, files = row
        return OutputState(source_id, base_url, shape, Mark(*mark), entries, events, files)

    def digests(self) -> dict[str, str]:
        """Return all files: SHA-256 in hexadecimal by path relative to the folder."""
        rows = self._db.execute("SELECT path, sha256 FROM published_files WHERE output = ? ORDER BY path", (self._key,))
        return dict(rows.fetchall())

    def has_files(self) -> bool:
        """Tell whether any file was written."""
        row = self._db.execute("SELECT 1 FROM published_files WHERE output = ? LIMIT 1", (self._key,))
        return row.fetchone() is not None

    def lists(self, name: str) -> bool:
        """Tell whether a file of that name was written."""
        row = self._db.execute("SELECT 1 FROM published_files WHERE output = ? AND path = ?", (self._key, name))
        return row.fetchone() is not None

    def source(self) -> str | None:
        """Return the name of the source whose files stand there; None where nothing was published."""
        row = self._db.execute(
            "SELECT s.name FROM published_files JOIN sources s USING (source_id) WHERE output = ? LIMIT 1", (self._key,)
        ).fetchone()
        return row[0] if row else None

    def record(self, source_id: int, written: Mapping[str, str], removed: Iterable[str]) -> None:
        """Note what files hold now, by their digests, and which are no more."""
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
        """Note what the folder shows now."""
        mark = state.mark
        self._db.execute(
            "INSERT OR REPLACE INTO outputs (output, source_id, base_url, shape, derivation, changes_until, restyled_until,"
            " entries, events, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._key, state.source_id, state.base_url, state.shape, mark.derivation, mark.changes_until),
                *(mark.restyled_until, state.entries, state.events, state.files),
            ),
        )

    def forget(self) -> None:
        """Forget the folder: its files are no longer ours."""
        self._db.execute("DELETE FROM published_files WHERE output = ?", (self._key,))
        self._db.execute("DELETE FROM outputs WHERE output = ?", (self._key,))


def recorded_outputs(db: Database) -> dict[Path, str]:
    """Return every folder that files were published to, with the name of the source whose files they are."""
    home = Path(os.path.realpath(path_of(db))).parent
    rows = db.execute(
        "SELECT DISTINCT p.output, s.name FROM published_files p JOIN sources s USING (source_id) ORDER BY p.output"
    )
    return {Path(os.path.normpath(home / output)): name for output, name in rows}


def forget_missing(db: Database, but: Path) -> list[Path]:
    """Forget the folders that are no longer there, except one; return them. Inside the caller's transaction.

    Nothing is lost by it: a folder that comes back has its record.
    """
    kept = Path(os.path.realpath(but))
    home = Path(os.path.realpath(path_of(db))).parent
    # not of the files, which can be many: this is done after every publish
    folders = [
        Path(os.path.normpath(home / output)) for (output,) in db.execute("SELECT output FROM outputs").fetchall()
    ]
    missing = [folder for folder in folders if folder != kept and not os.path.lexists(folder)]
    for folder in missing:
        Manifest(db, folder).forget()
    return missing


def _key(db: Database, output: Path) -> str:
    """Name a folder by its way from the archive's: the two can move together, and analysts see no path of the machine."""
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    folder = os.path.realpath(output)
    return os.path.relpath(folder, Path(os.path.realpath(file)).parent) if file else folder
