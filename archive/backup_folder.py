"""Dated backups in one folder: name a new one, find the newest, and remove those beyond the number to keep.

Only backups of the same archive are removed, and none that holds data which the archive lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from foreign_eyes.archive.archive_id import id_of_any_version
from foreign_eyes.archive.backup import BackupContents, Loss, contents_of, find_loss
from foreign_eyes.archive.creation import remove_abandoned
from foreign_eyes.archive.database import read_any_version
from foreign_eyes.archive.errors import ArchiveError, ArchiveUnwritable

_STAMP = "%Y%m%dT%H%M%SZ"
_DATED = re.compile(r"(?P<stem>.+)-(?P<stamp>\d{8}T\d{6}Z)(?P<suffix>\.[^.]*)")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was done about older backups.

    `removed` are the backups that were removed, `kept` is how many of this archive remain, `richer` are those that were
    kept because they hold data that the archive lacks, and `unreadable` are files that look like backups and are damaged.
    """

    removed: tuple[Path, ...] = ()
    kept: int = 0
    richer: tuple[tuple[Path, Loss], ...] = ()
    unreadable: tuple[Path, ...] = ()


def dated_backup(archive: Path, folder: Path, at: datetime) -> Path:
    """Return the path of a backup that is made now. Pure."""
    return folder / f"{archive.stem}-{at.astimezone(UTC):{_STAMP}}{archive.suffix or '.db'}"


def dated_backups(folder: Path, archive: Path) -> list[Path]:
    """Return the files in a folder that have the name of a dated backup of the archive, newest first.

    Raises:
        ArchiveUnwritable: the folder cannot be read.
    """
    try:
        found = [
            (match["stamp"], path)
            for path in folder.iterdir()
            if (match := _DATED.fullmatch(path.name))
            and (match["stem"], match["suffix"]) == (archive.stem, archive.suffix or ".db")
        ]
    except OSError as error:
        raise ArchiveUnwritable(folder, error.strerror or error) from error
    return [path for _, path in sorted(found, reverse=True)]


def prune_backups(
    folder: Path, archive: Path, newest: Path, contents: BackupContents, keep: int, *, force: bool
) -> Pruned:
    """Remove the older backups of an archive beyond the number to keep.

    Args:
        folder: where the backups are.
        archive: the archive, for its name.
        newest: the backup that has just been made; it is never removed.
        contents: what `newest` holds.
        keep: how many backups to keep, with `newest`; 1 or more.
        force: also remove backups that hold data which the archive lacks.

    Raises:
        ArchiveUnwritable: a backup cannot be removed.
    """
    # a killed backup leaves a temporary file under a name that no later backup has
    remove_abandoned(folder, lambda name: bool(_DATED.fullmatch(name)) and name.startswith(f"{archive.stem}-"))
    others, unreadable = [], []
    for path in dated_backups(folder, archive):
        if path == newest:
            continue
        try:
            with read_any_version(path) as db:
                if id_of_any_version(db) == contents.archive_id is not None:
                    others.append(path)
        except ArchiveError:
            unreadable.append(path)
    removed, richer = [], []
    for path, lost in _losses(others[keep - 1 :], contents):
        if lost is not None and not force:
            richer.append((path, lost))
            continue
        _remove(path)
        removed.append(path)
    return Pruned(tuple(removed), 1 + len(others) - len(removed), tuple(richer), tuple(unreadable))


def _losses(backups: Sequence[Path], contents: BackupContents) -> Iterator[tuple[Path, Loss | None]]:
    """Yield each backup with what it holds and the archive lacks."""
    for path in backups:
        with suppress(ArchiveError), read_any_version(path) as db:
            yield path, find_loss(contents_of(db), contents)


def _remove(backup: Path) -> None:
    try:
        backup.unlink(missing_ok=True)
    except OSError as error:
        raise ArchiveUnwritable(backup, error.strerror or error) from error
