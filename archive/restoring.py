"""Restore a backup.

The backup is verified, a loss of data is refused, and the old archive is set aside instead of deleted.

    verify the backup | copy it beside the archive | restore lost ids | set the archive aside | rename the copy

The ids that the archive created after the backup are lost with it, but readers know them. The records of output folders
contain these ids with their dates and the digests of their texts. They are stored as lost ids until a crawl finds one of the
texts.
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
from foreign_eyes.archive.archive_lock import only_run
from foreign_eyes.archive.backup import BackupContents, contents_of, copy_database, find_loss, verify_copy
from foreign_eyes.archive.creation import place_new, sync_file, sync_folder, temporary_beside
from foreign_eyes.archive.database import open_archive, read_any_version, refuse_versions, writing
from foreign_eyes.archive.errors import (
    ArchiveUnwritable,
    BackupUnusable,
    DamagedArchive,
    NoArchive,
    NotAnArchive,
    RecordDamaged,
    WouldLose,
)
from foreign_eyes.archive.feed_state.output_manifest import recorded_outputs
from foreign_eyes.archive.feed_state.output_record import FolderRecord, read_record
from foreign_eyes.archive.inode_lock import lock_new_file
from foreign_eyes.archive.lost_ids import keep_lost_ids, keep_lost_seal
from foreign_eyes.archive.rebuilding.redaction_decisions import restore_redactions
from foreign_eyes.archive.seals import derived_by_parser, has_seal, seal

_SIDE_FILES = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    `contents` are those of the new archive, `aside` is the path of the old one. `given_back` is the number of ids and
    `redacted` that of redactions that were read from records; if there are any redactions, the caller derives the archive
    again. `folders` are the output folders whose records were read; `warnings` describe the records that could not be used.
    """

    contents: BackupContents
    aside: Path | None
    given_back: int
    folders: tuple[Path, ...]
    warnings: tuple[str, ...]
    redacted: int = 0


def restore(archive: Path, backup: Path, folders: Iterable[Path], *, force: bool, at: datetime, since: str) -> Restored:
    """Replace `archive` with a copy of `backup`, and restore lost ids from output folders.

    `folders` are output folders besides those that the two archives have recorded. The time `at` becomes part of the name of
    the archive that is set aside.

    Raises:
        WouldLose: the archive is undamaged and has data that the backup lacks, and `force` is not set.
        BackupUnusable: the backup is missing, damaged, or not a backup.
        ArchiveOutdated: a newer version made the backup.
        NotAnArchive: `archive` is another program's file.
        ArchiveBusy: another run has locked the archive.
        ArchiveUnwritable: its folder cannot be written.
    """
    target = Path(os.path.realpath(archive))
    restored = _verify_backup(backup)
    with only_run(archive, what="a restore", since=since, refuse_others=False), _writing(archive):
        replaced, outputs = _examine(archive)
        if replaced is not None and (lost := find_loss(replaced, restored)) is not None and not force:
            raise WouldLose(
                f"{archive}: the archive is not damaged and has data that {backup} lacks: {lost}. To set it aside and restore"
                f" the backup anyway: foreign-eyes restore {backup} --force"
            )
        with temporary_beside(target) as temporary:
            with read_any_version(backup) as db:
                copy_database(db, temporary)
            with open_archive(temporary, keeps_copy=False) as db:
                recovery = _RecordRecovery(db, _folders(db, outputs, folders))
                if restored.archive_id is None:
                    recovery.recover_archive_id(restored, replaced, at)
                given_back = recovery.recover_ids()
                redacted = recovery.recover_redactions(at)
                contents = contents_of(db)
            if target.exists():
                _keep_permissions(temporary, target)
            sync_file(temporary)
            lock_new_file(temporary, target)
            aside = _set_aside(target, at) if os.path.lexists(target) else None
            if aside is None and not place_new(temporary, target):
                raise WouldLose(
                    f"{archive}: another program has just created this file; nothing was restored. Try again"
                )
            if aside is not None:
                temporary.replace(target)
            sync_folder(target.parent)
    return Restored(contents, aside, given_back, tuple(recovery.records), tuple(recovery.warnings), redacted)


def _verify_backup(backup: Path) -> BackupContents:
    """Return the contents of a verified backup.

    Raises:
        BackupUnusable: it is missing, damaged, or not a backup.
        ArchiveOutdated: a newer version made it.
    """
    try:
        with read_any_version(backup) as db:
            refuse_versions(db, backup)
            verify_copy(backup, backup)
            return contents_of(db)
    except NoArchive:
        raise BackupUnusable(backup, "no such file") from None
    except NotAnArchive as error:
        raise BackupUnusable(backup, f"not a backup of an archive ({error.why})") from error
    except DamagedArchive as error:
        raise BackupUnusable(backup, f"the backup is damaged ({error.why})") from error


class _RecordRecovery:
    """Copies ids and redactions from the records of output folders into a restored archive."""

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

    def recover_archive_id(self, restored: BackupContents, replaced: BackupContents | None, at: datetime) -> None:
        """Give a backup without an id the id of the replaced archive or of a record.

        They must have an entry in common.
        """
        candidates = [(replaced.archive_id, replaced.entries)] if replaced is not None else []
        candidates += [(record.archive_id, frozenset(record.ids)) for record in self.records.values()]
        for found, entries in candidates:
            if found is not None and entries & restored.entries:
                change_archive_id(self._db, found, at, "a backup without an id was restored")
                return

    def recover_ids(self) -> int:
        """Store the entry ids and seals that the archive lacks; return the number of ids."""
        own_id, found = archive_id(self._db), 0
        for folder, record in self.records.items():
            if record.archive_id != own_id:
                self.warnings.append(f"{folder}: shows another archive ({record.archive_id}); its ids were not used")
                continue
            with writing(self._db):
                found += keep_lost_ids(self._db, record.ids.values())
                if record.seal is not None and not has_seal(self._db, record.seal):
                    keep_lost_seal(self._db, record.seal)
        return found

    def recover_redactions(self, at: datetime) -> int:
        """Store the redactions that the archive lacks.

        Return their number. The next crawl at the latest applies them.
        """
        own_id, added = archive_id(self._db), 0
        for record in self.records.values():
            if record.archive_id == own_id and record.redactions:
                with writing(self._db):
                    if found := restore_redactions(self._db, record.redactions.values(), at):
                        seal(self._db, at, reason="redactions were taken from the record of an output folder")
                        self._db.execute(f"PRAGMA user_version={derived_by_parser(self._db) * 100:d}")
                    added += found
        return added


def _examine(archive: Path) -> tuple[BackupContents | None, list[Path]]:
    """Return an archive's contents and its output folders.

    They are None and no folders if it is damaged or missing.

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
    """Return the output folders of the backup and the others, without duplicates."""
    found = [*recorded_outputs(db), *(folder for folders in more for folder in folders)]
    return list(dict.fromkeys(Path(os.path.realpath(folder)) for folder in found))


def _keep_permissions(temporary: Path, target: Path) -> None:
    """Give the restored archive the owner and permissions of the replaced one."""
    state = target.stat()
    with suppress(PermissionError):  # only root can give a file to others
        os.chown(temporary, state.st_uid, state.st_gid)
    temporary.chmod(stat.S_IMODE(state.st_mode))


def _set_aside(target: Path, at: datetime) -> Path:
    """Link the archive to a second name, and rename its journal.

    SQLite must not apply the journal to the restored file.
    """
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        counter = "" if number == 1 else f"-{number}"
        aside = target.with_name(f"{target.stem}-set-aside-{stamp}{counter}{target.suffix}")
        try:
            os.link(target, aside)
        except FileExistsError:
            number += 1
            continue
        except OSError:  # a file system without hard links
            target.rename(aside)
        break
    for suffix in _SIDE_FILES:
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
