"""Putting a backup in an archive's place: verified first, never over what it lacks, and nothing is deleted.

    verify the backup | copy it beside the archive | give lost ids back | set the archive aside | give the copy its name

What the archive minted after the backup was made is lost with it, but readers know it. The records of output folders tell the
ids, dates and wordings of that time; they are kept as ids to be found again, until a crawl meets one of the wordings.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id, change_archive_id
from foreign_eyes.archive.backup import BackupContents, contents_of, copy_database, loss, verify_copy
from foreign_eyes.archive.creation import place_new, sync_file, sync_folder, temporary_beside
from foreign_eyes.archive.database import open_archive, read_any_version, refuse_versions, writing
from foreign_eyes.archive.errors import ArchiveUnwritable, DamagedArchive, NoArchive, RecordDamaged, WouldLose
from foreign_eyes.archive.feed_state.folder_record import FolderRecord, read_record
from foreign_eyes.archive.feed_state.output_manifest import recorded_outputs
from foreign_eyes.archive.inode_lock import lock_new_file
from foreign_eyes.archive.lock import only_run
from foreign_eyes.archive.lost_ids import keep_lost_ids, keep_lost_seal
from foreign_eyes.archive.rebuilding.redactions import take_back
from foreign_eyes.archive.seals import derived_by_parser, has_seal, seal

_BESIDE = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the archive before it is now, what the new one holds, the ids that folders gave back.

    `redacted` counts the redactions taken from folders; if there are any, the caller derives the archive again.
    `folders` are the output folders whose records were read, `warnings` tell of those that could not be used.
    """

    contents: BackupContents
    aside: Path | None
    given_back: int
    folders: tuple[Path, ...]
    warnings: tuple[str, ...]
    redacted: int = 0


def restore(archive: Path, backup: Path, folders: Iterable[Path], *, force: bool, at: datetime, since: str) -> Restored:
    """Put a copy of `backup` in the place of `archive`, and take lost ids back from the records of output folders.

    `folders` are output folders besides those that the two archives know of; `at` names the archive that is set aside.

    Raises:
        WouldLose: the archive is healthy and holds what the backup lacks, unless forced.
        NotAnArchive, DamagedArchive, NoArchive, ArchiveOutdated: the backup, or another program's file in the archive's place.
        ArchiveBusy: a run holds the archive.
        ArchiveUnwritable: its folder cannot be written.
    """
    target = Path(os.path.realpath(archive))
    with read_any_version(backup) as db:
        refuse_versions(db, backup)
        verify_copy(backup, backup)
        held = contents_of(db)
    with only_run(archive, what="a restore", since=since, refuse_others=False), _writing(archive):
        before, outputs = _look_at(archive)
        if before is not None and (lost := loss(before, held)) is not None and not force:
            raise WouldLose(
                f"{archive}: the archive is healthy and holds what {backup} lacks: {lost}. To set it aside and restore all the"
                f" same: foreign-eyes restore {backup} --force"
            )
        with temporary_beside(target) as temporary:
            with read_any_version(backup) as db:
                copy_database(db, temporary)
            with open_archive(temporary) as db:
                taking = _Taking(db, _folders(db, outputs, folders))
                if held.archive_id is None:
                    taking.take_id(held, before, at)
                given_back = taking.take_ids()
                redacted = taking.take_redactions(at)
                contents = contents_of(db)
            if target.exists():
                _keep_permissions(temporary, target)
            sync_file(temporary)
            lock_new_file(temporary, target)
            aside = _set_aside(target, at) if os.path.lexists(target) else None
            if aside is None and not place_new(temporary, target):
                raise WouldLose(f"{archive}: another program made it meanwhile; nothing was restored")
            if aside is not None:
                temporary.replace(target)
            sync_folder(target.parent)
    return Restored(contents, aside, given_back, tuple(taking.records), tuple(taking.warnings), redacted)


class _Taking:
    """What is taken from the records of output folders into a restored archive."""

    def __init__(self, db: Database, folders: Sequence[Path]):
        self._db = db
        self.records: dict[Path, FolderRecord] = {}
        self.warnings: list[str] = []
        for folder in folders:
            try:
                record = read_record(folder)
            except RecordDamaged as error:
                self.warnings.append(str(error))
                continue
            if record is not None:
                self.records[folder] = record

    def take_id(self, held: BackupContents, before: BackupContents | None, at: datetime) -> None:
        """Give an archive of a version that had no ids the one that it got later, where an archive or a record knows it."""
        known = [(before.archive_id, before.entries)] if before is not None else []
        known += [(record.archive_id, frozenset(record.ids)) for record in self.records.values()]
        for found, entries in known:
            if found is not None and entries & held.entries:
                change_archive_id(self._db, found, at, "a backup without an id was restored")
                return

    def take_ids(self) -> int:
        """Keep what the archive lacks of its own ids and seals; return how many ids."""
        mine, found = archive_id(self._db), 0
        for folder, record in self.records.items():
            if record.archive_id != mine:
                self.warnings.append(f"{folder}: shows another archive ({record.archive_id}); its ids were left alone")
                continue
            with writing(self._db):
                found += keep_lost_ids(self._db, record.ids.values())
                if record.seal is not None and not has_seal(self._db, record.seal):
                    keep_lost_seal(self._db, record.seal)
        return found

    def take_redactions(self, at: datetime) -> int:
        """Add the redactions that the archive lacks; return how many. At the latest, the next crawl derives it again."""
        mine, taken = archive_id(self._db), 0
        for record in self.records.values():
            if record.archive_id == mine and record.redactions:
                with writing(self._db):
                    if found := take_back(self._db, record.redactions.values(), at):
                        seal(self._db, at, reason="redactions were taken from the record of an output folder")
                        self._db.execute(f"PRAGMA user_version={derived_by_parser(self._db) * 100:d}")
                    taken += found
        return taken


def _look_at(archive: Path) -> tuple[BackupContents | None, list[Path]]:
    """Return what the archive holds, and its output folders; None if it is damaged, or not there.

    Raises:
        NotAnArchive: it is another program's file.
    """
    if not archive.exists():
        return None, []
    try:
        with read_any_version(archive) as db:
            verify_copy(archive, archive)
            outputs = [*recorded_outputs(db)] if "published_files" in db.table_names() else []
            return contents_of(db), outputs
    except (DamagedArchive, NoArchive):
        return None, []


def _folders(db: Database, *more: Iterable[Path]) -> list[Path]:
    """Return each output folder once: those of the backup, and others."""
    found = [*recorded_outputs(db), *(folder for folders in more for folder in folders)]
    return list(dict.fromkeys(Path(os.path.realpath(folder)) for folder in found))


def _keep_permissions(temporary: Path, target: Path) -> None:
    """Let those read and write the restored archive who could the one before."""
    state = target.stat()
    with suppress(PermissionError):  # only root can give a file to others
        os.chown(temporary, state.st_uid, state.st_gid)
    temporary.chmod(stat.S_IMODE(state.st_mode))


def _set_aside(target: Path, at: datetime) -> Path:
    """Give the archive a second name, and its journal that name alone: it must not be applied to another file."""
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        more = "" if number == 1 else f"-{number}"
        aside = target.with_name(f"{target.stem}-set-aside-{stamp}{more}{target.suffix}")
        try:
            os.link(target, aside)
        except FileExistsError:
            number += 1
            continue
        except OSError:  # a file system without hard links
            target.rename(aside)
        break
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{target}{suffix}").rename(f"{aside}{suffix}")
    sync_folder(target.parent)
    return aside


@contextmanager
def _writing(archive: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveUnwritable(archive, error.strerror or error) from error
