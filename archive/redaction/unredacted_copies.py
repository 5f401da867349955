"""Find copies of the archive in its folder that still contain redacted texts."""

from __future__ import annotations

from pathlib import Path

from foreign_eyes.archive.archive_id import id_of_any_version
from foreign_eyes.archive.database import read_any_version
from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.redaction.redaction_records import is_redacted

_MAGIC = b"SQLite format 3\x00"


def archives_that_show(archive: Path, entry_id: int) -> list[Path]:
    """Return the copies of the archive in its folder in which the entry is not redacted."""
    with read_any_version(archive) as db:
        own_id = id_of_any_version(db)
    return [path for path in sorted(archive.resolve().parent.iterdir()) if _shows(path, archive, own_id, entry_id)]


def _shows(path: Path, archive: Path, own_id: str | None, entry_id: int) -> bool:
    try:
        if not path.is_file() or path.samefile(archive) or not _is_database(path):
            return False
        with read_any_version(path) as db:
            if id_of_any_version(db) not in (own_id, None):
                return False
            has_entry = db.execute("SELECT 1 FROM entries WHERE entry_id = ?", (entry_id,)).fetchone() is not None
            return has_entry and not ("redactions" in db.table_names() and is_redacted(db, entry_id))
    except (OSError, ArchiveError):
        return False


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
