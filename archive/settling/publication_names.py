"""Publications: one name for all spellings of a press title."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.listing.text_digests import publication_key


def record_publication(db: Database, name: str | None) -> tuple[int | None, str | None]:
    """Return the id and the one name of a publication, recording it where it is new; (None, None) for none.

    The spelling seen first stays the name; others are known by their key.
    """
    if not name:
        return None, None
    alias = publication_key(name)
    known = db.execute(
        "SELECT publication_id, p.name FROM publication_aliases JOIN publications p USING (publication_id) WHERE alias = ?",
        (alias,),
    ).fetchone()
    if known:
        return int(known[0]), str(known[1])
    cursor = db.execute("INSERT INTO publications (name) VALUES (?)", (name,))
    db.execute("INSERT INTO publication_aliases VALUES (?, ?)", (alias, cursor.lastrowid))
    return cursor.lastrowid, name
