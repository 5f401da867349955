"""Publications, with one name for all spellings of a press title."""

from __future__ import annotations

from sqlite_utils import Database

from foreign_eyes.listing.text_digests import publication_key


def record_publication(db: Database, name: str | None) -> tuple[int | None, str | None]:
    """Return the id and the one name of a publication, and store it if it is new; (None, None) for no name.

    The spelling that was seen first stays the name; other spellings lead to it by their key. The operator's name for it
    (`publication_names`) is stored as the name to show, and never used in matching.
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
    cursor = db.execute(
        "INSERT INTO publications (name, shown_name)"
        " VALUES (:name, coalesce((SELECT name FROM publication_names WHERE alias = :alias), :name))",
        {"name": name, "alias": alias},
    )
    db.execute("INSERT INTO publication_aliases VALUES (?, ?)", (alias, cursor.lastrowid))
    return cursor.lastrowid, name
