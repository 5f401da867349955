"""The names of sources: the present one, and former ones that a rename replaced."""

from __future__ import annotations

from sqlite_utils import Database


def present_name(db: Database, name: str) -> str:
    """Return the present name of the source that has, or had, this name; `name` itself if there is none.

    A source that has the name now counts before those that had it.
    """
    if db.execute("SELECT 1 FROM sources WHERE name = ?", (name,)).fetchone() is not None:
        return name
    row = db.execute(
        "SELECT s.name FROM renames r JOIN sources s USING (source_id) WHERE r.former_name = ?"
        " ORDER BY r.rename_id DESC LIMIT 1",
        (name,),
    ).fetchone()
    return str(row[0]) if row else name


def former_names(db: Database, name: str) -> list[str]:
    """Return the former names of the source with this name, oldest first."""
    rows = db.execute(
        "SELECT r.former_name FROM renames r JOIN sources s USING (source_id) WHERE s.name = ? ORDER BY r.rename_id",
        (name,),
    )
    return list(dict.fromkeys(former for (former,) in rows))
