"""The chain of seals over the archive's truth."""

from __future__ import annotations

from sqlite_utils import Database


def newest_seal(db: Database) -> str | None:
    """Return the digest of the newest seal, or None if nothing has been sealed yet."""
    row = db.execute("SELECT digest FROM seals ORDER BY seal_id DESC LIMIT 1").fetchone()
    return row[0] if row else None


def has_seal(db: Database, digest: str) -> bool:
    """Tell whether a seal with this digest is in the archive's chain."""
    return db.execute("SELECT 1 FROM seals WHERE digest = ?", (digest,)).fetchone() is not None
