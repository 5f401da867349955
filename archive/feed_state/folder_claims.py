"""Whose an output folder is: this archive's, another's, or nobody's yet.

A folder is another archive's where its record names another id, or a seal that is not in this archive's chain: then this one
is an older copy, or a fork. A folder of an earlier version has no record: it is ours where the archive's manifest lists its
files, and somebody else's where it holds feeds of this program that the manifest does not know.
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
from foreign_eyes.archive.feed_state.folder_record import FolderRecord, Summary, read_record, read_summary
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.seals import has_seal, newest_seal
from foreign_eyes.archive.times import to_text

_GENERATOR = b"<generator>Foreign Eyes</generator>"
# the generator comes after the feed's own elements, which can be long
_HEAD = 16 * 1024


@dataclass(frozen=True, slots=True)
class FolderClaim:
    """What the record of a folder says, and why this archive may not publish there; None if it may."""

    summary: Summary | None
    refusal: ArchiveError | None


def read_claim(db: Database, folder: Path) -> FolderClaim:
    """Return whether this archive may publish to `folder`; nothing is changed."""
    try:
        summary = read_summary(folder)
        if summary is None:
            ours = Manifest(db, folder).has_files() or not shows_feeds(folder)
            return FolderClaim(None, None if ours else _of_unknown(folder, path_of(db)))
        if summary.archive_id != archive_id(db):
            return FolderClaim(summary, _of_another(folder, _here(db)))
        if summary.seal is not None and not has_seal(db, summary.seal):
            return FolderClaim(summary, _of_newer(folder, _here(db)))
    except RecordDamaged as error:
        return FolderClaim(None, error)
    return FolderClaim(summary, None)


def require_claim(archive: Path, folder: Path) -> None:
    """Refuse a folder that the archive at `archive`, which need not exist, may not publish to; nothing is changed.

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


def shows_feeds(folder: Path) -> bool:
    """Tell whether a folder holds a feed that this program wrote."""
    try:
        with (folder / "atom.xml").open("rb") as file:
            return _GENERATOR in file.read(_HEAD)
    except OSError:
        return False


def _require_claim_of_older(archive: Path, folder: Path) -> None:
    """Refuse likewise for an archive whose tables another version made: it may have no id yet."""
    summary = read_summary(folder)
    if summary is None:
        return  # whether its manifest lists the files is looked at when the archive has been brought up to date
    connection = sqlite3.connect(f"{archive.resolve().as_uri()}?mode=ro", uri=True)
    with closing(connection):
        db = Database(connection)
        tables = set(db.table_names())
        if "archive" not in tables:
            _refuse_without_id(folder, archive, f"{archive.absolute()} is an older archive, or empty, and has no id")
        elif summary.archive_id != archive_id(db):
            raise _of_another(folder, _here(db))
        elif summary.seal is not None and not ("seals" in tables and has_seal(db, summary.seal)):
            raise _of_newer(folder, _here(db))


def _refuse_without_id(folder: Path, archive: Path, here: str) -> None:
    if read_summary(folder) is not None:
        raise _of_another(folder, here)
    if shows_feeds(folder):
        raise _of_unknown(folder, archive)


def _of_another(folder: Path, here: str) -> OutputOfAnother:
    return OutputOfAnother(folder, f"it shows another archive. {_there(folder)}; {here}")


def _of_newer(folder: Path, here: str) -> OutputOfAnother:
    why = "it shows a state of the archive that this file does not have: it is an older copy, or the two have diverged"
    return OutputOfAnother(folder, f"{why}. {_there(folder)}; {here}")


def _of_unknown(folder: Path, archive: Path) -> OutputOfAnother:
    return OutputOfAnother(
        folder, f"it holds feeds that were not published from this archive ({archive.absolute()}), and has no record"
    )


def _there(folder: Path) -> str:
    record = read_record(folder)
    if record is None:  # removed since
        return "The folder has no record"
    moment = "none" if record.until is None else to_text(record.until)
    facts = (
        f"source {record.source}, {_entries(_of_source(record))}, newest change {moment}, seal {_short(record.seal)}"
    )
    return f"The folder: archive {record.archive_id}, {facts}"


def _of_source(record: FolderRecord) -> int:
    return sum(one.source == record.source for one in record.ids.values())


def _here(db: Database) -> str:
    entries, newest = db.execute("SELECT (SELECT count(*) FROM identities), (SELECT max(at) FROM changes)").fetchone()
    seal = newest_seal(db) if "seals" in db.table_names() else None
    facts = f"{_entries(entries)}, newest change {newest or 'none'}, seal {_short(seal)}"
    return f"here: archive {archive_id(db)} ({path_of(db)}), {facts}"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _short(seal: str | None) -> str:
    return "none" if seal is None else f"{seal[:16]}…"
