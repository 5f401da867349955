"""Delete redacted texts: bodies, texts stored for an undo, and free pages of the file."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.archive.redaction.masking import Masker
from foreign_eyes.archive.redaction.redacted_pages import pack_page, unpack_page
from foreign_eyes.archive.redaction.redaction_records import drop_kept_texts
from foreign_eyes.archive.redaction.withholding import remove_purged


def purge_bodies(db: Database, source_id: int, entry_id: int) -> int:
    """Delete the bytes of bodies that show texts of a purged entry; return their number.

    Called inside the caller's transaction. The other entries of these pages are stored as parsed, so that they can be derived
    again.
    """
    drop_kept_texts(db, entry_id)
    masker = Masker.of_source(db, source_id, purged_only=True)
    rows = db.execute("SELECT body_sha256, rest FROM withheld_bodies ORDER BY body_sha256").fetchall()
    for body_sha256, rest in rows:
        page = unpack_page(rest)
        masked = masker.mask_all(page)
        if masked != page or not page.entries:
            db.execute(
                "UPDATE withheld_bodies SET purged = 1, rest = ? WHERE body_sha256 = ?",
                (pack_page(masked), body_sha256),
            )
    return remove_purged(db)


def vacuum(db: Database) -> None:
    """Rewrite the archive's file without free pages, which may contain deleted texts.

    Raises:
        sqlite3.OperationalError: another program reads the archive.
    """
    db.execute("PRAGMA secure_delete=ON")
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # in case another program has switched the archive to WAL
