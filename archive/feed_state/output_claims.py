"""Check whether an archive may publish to an output folder.

It may not if the folder shows another archive. A folder shows another archive if its record has another archive id, or a seal
that is not in this archive's chain; in the latter case this archive is an older copy or has diverged. A folder of an earlier
version has no record: the archive may publish there if its manifest lists files of the folder, but not if the folder has
feeds that the manifest does not list.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.database import path_of, read_archive
from foreign_eyes.archive.errors import ArchiveError, ArchiveOutdated, OutputOfAnother, RecordDamaged
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.feed_state.output_record import FolderRecord, RecordSummary, read_record, read_summary
from foreign_eyes.archive.sample_sources import is_invented
from foreign_eyes.archive.seals import has_seal, newest_seal
from foreign_eyes.archive.times import to_text

_GENERATOR = b"<generator>Foreign Eyes</generator>"
# bytes that are searched for the generator: the elements of the feed before it can be long
_HEAD = 16 * 1024


@dataclass(frozen=True, slots=True)
class FolderClaim:
    """The summary of a folder's record, and the error if this archive may not publish there."""

    summary: RecordSummary | None
    refusal: ArchiveError | None


def read_claim(db: Database, folder: Path) -> FolderClaim:
    """Return the claim of this archive to `folder`; nothing is changed."""
    try:
        summary = read_summary(folder)
        if summary is None:
            is_ours = Manifest(db, folder).has_files() or not shows_feeds(folder)
            return FolderClaim(None, None if is_ours else _of_unknown(folder, path_of(db)))
        if summary.archive_id != archive_id(db):
            return FolderClaim(summary, _of_another(folder, _describe_archive(db)))
        if summary.seal is not None and not has_seal(db, summary.seal):
            return FolderClaim(summary, _of_newer(folder, _describe_archive(db)))
    except RecordDamaged as error:
        return FolderClaim(None, error)
    return FolderClaim(summary, None)


def require_claim(archive: Path, folder: Path) -> None:
    """Check that the archive at `archive`, which need not exist, may publish to `folder`.

    Nothing is changed.

    Raises:
        OutputOfAnother: the folder shows another archive, or a newer state of this one.
        RecordDamaged: its record cannot be used.
        ArchiveError: the archive cannot be read.
    """
    if not archive.is_file():
        _refuse_without_id(folder, archive, f"there is no archive at {archive.absolute()}")
        return
    try:
        with read_archive(archive) as db:
            if (refusal := read_claim(db, folder).refusal) is not None:
                raise refusal
    except ArchiveOutdated:
        _require_claim_of_older(archive, folder)


def shows_sample(folder: Path) -> bool:
    """Return whether the record of a folder says that it shows an invented source, of this or another archive."""
    try:
        record = read_record(folder)
    except RecordDamaged:
        return False
    return record is not None and is_invented(record.url)


def shows_feeds(folder: Path) -> bool:
    """Return whether a folder has a feed that this program wrote."""
    try:
        with (folder / "atom.xml").open("rb") as file:
            return _GENERATOR in file.read(_HEAD)
    except OSError:
        return False


def _require_claim_of_older(archive: Path, folder: Path) -> None:
    """Check the same for an archive of an older version, which may have no id yet."""
    summary = read_summary(folder)
    if summary is None:
        return  # the manifest is checked after the migrations of the archive
    connection = sqlite3.connect(f"{archive.resolve().as_uri()}?mode=ro", uri=True)
    with closing(connection):
        db = Database(connection)
        tables = set(db.table_names())
        if "archive" not in tables:
            _refuse_without_id(folder, archive, f"{archive.absolute()} is empty or of an older version, and has no id")
        elif summary.archive_id != archive_id(db):
            raise _of_another(folder, _describe_archive(db))
        elif summary.seal is not None and not ("seals" in tables and has_seal(db, summary.seal)):
            raise _of_newer(folder, _describe_archive(db))


def _refuse_without_id(folder: Path, archive: Path, here: str) -> None:
    if read_summary(folder) is not None:
        raise _of_another(folder, here)
    if shows_feeds(folder):
        raise _of_unknown(folder, archive)


def _of_another(folder: Path, here: str) -> OutputOfAnother:
    return OutputOfAnother(folder, f"it shows another archive. {_describe_folder(folder)}; {here}")


def _of_newer(folder: Path, here: str) -> OutputOfAnother:
    why = "it shows a newer or different state of this archive: the archive file is an older copy, or the two have diverged"
    return OutputOfAnother(folder, f"{why}. {_describe_folder(folder)}; {here}")


def _of_unknown(folder: Path, archive: Path) -> OutputOfAnother:
    return OutputOfAnother(
        folder, f"it has feeds that were not published from this archive ({archive.absolute()}), and no record"
    )


def _describe_folder(folder: Path) -> str:
    record = read_record(folder)
    if record is None:  # another process has removed it
        return "The folder has no record"
    newest = "none" if record.newest_change is None else to_text(record.newest_change)
    facts = (
        f"source {record.source}, {_entries(_of_source(record))}, newest change {newest}, seal {_short(record.seal)}"
    )
    return f"The folder: archive {record.archive_id}, {facts}"


def _of_source(record: FolderRecord) -> int:
    return sum(recorded.source == record.source for recorded in record.ids.values())


def _describe_archive(db: Database) -> str:
    entries, newest = db.execute("SELECT (SELECT count(*) FROM identities), (SELECT max(at) FROM changes)").fetchone()
    seal = newest_seal(db) if "seals" in db.table_names() else None
    facts = f"{_entries(entries)}, newest change {newest or 'none'}, seal {_short(seal)}"
    return f"here: archive {archive_id(db)} ({path_of(db)}), {facts}"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _short(seal: str | None) -> str:
    return "none" if seal is None else f"{seal[:16]}…"
