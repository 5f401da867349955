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

    def base_url(self) -> str | None:
        """Return the base URL of the last publish; None if there was none, or an earlier version did it."""
        row = self._db.execute("SELECT base_url FROM outputs WHERE output = ?", (self._key,)).fetchone()
        return row[0] if row else None

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of all files, in hexadecimal, by path relative to the folder."""
        rows = self._db.execute("SELECT path, sha256 FROM published_files WHERE output = ? ORDER BY path", (self._key,))
        return dict(rows.fetchall())

    def digest(self, name: str) -> str | None:
        """Return the SHA-256 of one file; None if the manifest does not list it."""
        row = self._db.execute("SELECT sha256 FROM published_files WHERE output = ? AND path = ?", (self._key, name))
        return next((digest for (digest,) in row), None)

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

    def record_state(self, state: OutputState, root: Path | None = None, *, own_base_url: bool = False) -> None:
        """Store the state that the folder shows now.

        `root` is the root of the site that the folder is a part of, and `own_base_url` whether the settings of the source
        name the base URL. Without a root, both stay as they are.
        """
        cursor = state.cursor
        site = (None, False) if root is None else (_key(self._db, root), own_base_url)
        self._db.execute(
            "INSERT INTO outputs (output, source_id, base_url, shape, derivation, changes_until, restyled_until,"
            " entries, events, files, root, own_base_url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (output) DO UPDATE SET source_id = excluded.source_id, base_url = excluded.base_url,"
            " shape = excluded.shape, derivation = excluded.derivation, changes_until = excluded.changes_until,"
            " restyled_until = excluded.restyled_until, entries = excluded.entries, events = excluded.events,"
            " files = excluded.files, root = coalesce(excluded.root, root),"
            " own_base_url = iif(excluded.root IS NULL, own_base_url, excluded.own_base_url)",
            (
                *(self._key, state.source_id, state.base_url, state.render_fingerprint),
                *(cursor.derivation, cursor.changes_until),
                *(cursor.restyled_until, state.entries, state.events, state.files),
                *site,
            ),
        )

    def record_site(self, root: Path, *, own_base_url: bool) -> None:
        """Store the site of a folder whose state does not change; the arguments are those of `record_state`."""
        self._db.execute(
            "UPDATE outputs SET root = ?, own_base_url = ? WHERE output = ? AND (root IS NOT ? OR own_base_url != ?)",
            (site := _key(self._db, root), own_base_url, self._key, site, own_base_url),
        )

    def forget(self) -> None:
        """Delete the manifest of the folder."""
        self._db.execute("DELETE FROM published_files WHERE output = ?", (self._key,))
        self._db.execute("DELETE FROM outputs WHERE output = ?", (self._key,))


@dataclass(frozen=True, slots=True)
class PublishedPlace:
    """A folder that shows a source.

    `base_url` is None if an earlier version published there. `root` is the root of the site that the folder is a part of;
    `own_base_url` says whether the settings of the source name the base URL, instead of deriving it from that of the root.
    """

    folder: Path
    source: str
    base_url: str | None
    root: Path
    own_base_url: bool = False

    def is_part_of(self, root: Path) -> bool:
        """Return whether the folder is a part of the site at `root`, or a folder that the source's own settings named."""
        is_own = not self.folder.is_relative_to(self.root)
        return is_own or self.root == root or self.folder in (root, root / self.source)


def published_places(db: Database) -> list[PublishedPlace]:
    """Return the output folders of the archive with the sites that they are a part of, ordered by path."""
    home = os.path.dirname(os.path.realpath(path_of(db)))  # noqa: PTH120 - paths as texts: there can be thousands
    roots: dict[str, Path] = {}
    rows = db.execute(
        "SELECT o.output, s.name, o.base_url, coalesce(o.root, o.output), o.own_base_url"
        " FROM outputs o JOIN sources s USING (source_id) ORDER BY o.output"
    )
    found = []
    for output, name, base_url, root, is_own in rows.fetchall():
        if root not in roots:
            roots[root] = Path(os.path.normpath(os.path.join(home, root)))  # noqa: PTH118
        folder = Path(os.path.normpath(os.path.join(home, output)))  # noqa: PTH118
        found.append(PublishedPlace(folder, name, base_url, roots[root], bool(is_own)))
    return found


def recorded_outputs(db: Database) -> dict[Path, str]:
    """Return all output folders with the names of their sources."""
    home = Path(os.path.realpath(path_of(db))).parent
    rows = db.execute(
        "SELECT DISTINCT p.output, s.name FROM published_files p JOIN sources s USING (source_id) ORDER BY p.output"
    )
    return {Path(os.path.normpath(home / output)): name for output, name in rows}


def forget_missing(db: Database, root: Path) -> list[Path]:
    """Delete the manifests of missing folders that are not a part of the site at `root`; return these folders.

    Called inside the caller's transaction. A folder that reappears still has its record. A folder of the site is published
    again, and its source keeps its place: `status` reports it until then.
    """
    kept = _key(db, root)
    home = Path(os.path.realpath(path_of(db))).parent
    others = db.execute(
        "SELECT output FROM outputs WHERE ? NOT IN (output, coalesce(root, output))", (kept,)
    ).fetchall()
    folders = [Path(os.path.normpath(home / output)) for (output,) in others]
    missing = [folder for folder in folders if not os.path.lexists(folder)]
    for folder in missing:
        Manifest(db, folder).forget()
    return missing


def _key(db: Database, output: Path) -> str:
    """Return a folder's path relative to the archive's.

    So both can be moved together, and no absolute path is stored.
    """
    file, folder = path_of(db), os.path.realpath(output)
    return os.path.relpath(folder, Path(os.path.realpath(file)).parent) if file.name else folder
