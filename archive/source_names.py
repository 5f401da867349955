"""The names of sources: the present one, and former ones that a rename replaced."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from foreign_eyes.archive.errors import SourceRenamed
from foreign_eyes.archive.values import Source


def present_name(db: Database, name: str) -> str:
    """Return the present name of the source that has or had this name.

    A source that has the name now takes precedence over one that had it. If no source had it, return `name`.
    """
    if db.execute("SELECT 1 FROM sources WHERE name = ?", (name,)).fetchone() is not None:
        return name
    row = db.execute(
        "SELECT s.name FROM renames r JOIN sources s USING (source_id) WHERE r.former_name = ?"
        " ORDER BY r.rename_id DESC LIMIT 1",
        (name,),
    ).fetchone()
    return str(row[0]) if row else name


def name_here(db: Database, name: str, former: Iterable[str]) -> str:
    """Return the name that a source of another archive has in this one; `former` are its earlier names, the last one first.

    Either archive may have renamed it. It is `name` if this archive has no such source.
    """
    candidates = (present_name(db, each) for each in (name, *former))
    known = (each for each in candidates if db.execute("SELECT 1 FROM sources WHERE name = ?", (each,)).fetchone())
    return next(known, name)


def known_names(db: Database) -> str:
    """Return the names of all sources, for messages."""
    return ", ".join(name for (name,) in db.execute("SELECT name FROM sources ORDER BY name")) or "none yet"


def refuse_former_name(db: Database, source: Source) -> None:
    """Refuse to crawl a source under a name that a rename replaced.

    Another listing may have the name.

    Raises:
        SourceRenamed: a source with the same URL had this name.
    """
    name = present_name(db, source.name)
    row = db.execute("SELECT url FROM sources WHERE name = ?", (name,)).fetchone()
    if name != source.name and row == (source.url,):
        raise SourceRenamed(source.name, name)


def former_names(db: Database, name: str) -> list[str]:
    """Return the former names of the source with this name, oldest first."""
    rows = db.execute(
        "SELECT r.former_name FROM renames r JOIN sources s USING (source_id) WHERE s.name = ? ORDER BY r.rename_id",
        (name,),
    )
    return list(dict.fromkeys(former for (former,) in rows))
