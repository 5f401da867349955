"""The names under which publications are shown: the operator's, or those listed.

Settings give the names and their aliases. They change what views, feeds and pages show; matching and revisions use the names
as listed. A name that feeds were published under before is kept, so that its address can lead to the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from foreign_eyes.listing.text_digests import publication_key

_LONGEST = 200


def aliases_of(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the name to show by publication key, from each name's aliases.

    A name is an alias of itself.

    Raises:
        ValueError: one spelling would lead to two names.
    """
    found: dict[str, str] = {}
    for name, aliases in names.items():
        for alias in (name, *aliases):
            if (other := found.setdefault(publication_key(alias), name)) != name:
                raise ValueError(f"{alias!r} is listed for {other!r} and for {name!r}: keep one of them")
    return found


def check_names(names: Mapping[str, Sequence[str]]) -> None:
    """Check the operator's names of publications and their aliases.

    Raises:
        ValueError: a name cannot be published, or one spelling would lead to two names.
    """
    for name, aliases in names.items():
        for spelling in (name, *aliases):
            letters = any(character.isalnum() for character in spelling)
            if not letters or not spelling.isprintable() or spelling != spelling.strip() or len(spelling) > _LONGEST:
                raise ValueError(
                    f"{spelling!r}: a name has letters or digits, and is one line of at most {_LONGEST} characters"
                )
    aliases_of(names)


def sync_names(db: Database, names: Mapping[str, Sequence[str]]) -> bool:
    """Store the operator's names and update the names to show.

    Return whether a name to show changed. The names that feeds were published under are stored as former ones first.
    """
    wanted = aliases_of(names)
    if dict(db.execute("SELECT alias, name FROM publication_names").fetchall()) == wanted:
        return False
    db.execute("DELETE FROM publication_names")
    db.conn.executemany("INSERT INTO publication_names (alias, name) VALUES (?, ?)", sorted(wanted.items()))
    db.execute(
        "INSERT OR IGNORE INTO former_publication_names (source_id, name, alias)"
        " SELECT t.source_id, p.shown_name, a.alias FROM publications p JOIN publication_aliases a USING (publication_id)"
        " JOIN tallies t ON t.kind = 'publication' AND t.name = p.shown_name"
        " WHERE p.shown_name != coalesce((SELECT n.name FROM publication_names n WHERE n.alias = a.alias), p.name)"
    )
    changed = db.execute(
        "UPDATE publications SET shown_name = w.shown FROM (SELECT p.publication_id, coalesce("
        "  (SELECT n.name FROM publication_aliases a JOIN publication_names n USING (alias)"
        "   WHERE a.publication_id = p.publication_id LIMIT 1), p.name) AS shown FROM publications p) w"
        " WHERE w.publication_id = publications.publication_id AND w.shown IS NOT shown_name"
    ).rowcount
    return changed > 0


def listed_names(db: Database, shown_name: str) -> list[str]:
    """Return the names as listed that are shown under a name."""
    rows = db.execute("SELECT name FROM publications WHERE shown_name = ? ORDER BY name", (shown_name,))
    return [name for (name,) in rows]


def shown_names(db: Database, names: Iterable[str]) -> set[str]:
    """Return the names under which these names, as listed, are shown."""
    found = (db.execute("SELECT shown_name FROM publications WHERE name = ?", (name,)).fetchone() for name in names)
    return {row[0] for row in found if row}


def former_names(db: Database, source_id: int, names: Iterable[str]) -> set[str]:
    """Return the former names whose addresses lead, or led until now, to these names."""
    found: set[str] = set()
    for name in names:
        found.update(
            former
            for (former,) in db.execute(
                "SELECT f.name FROM former_publication_names f JOIN publication_aliases a USING (alias)"
                " JOIN publications p USING (publication_id) WHERE f.source_id = :source_id AND p.shown_name = :name"
                " UNION SELECT p.name FROM publications p WHERE p.shown_name = :name AND p.name != :name",
                {"source_id": source_id, "name": name},
            )
        )
    return found


def renamed_publications(db: Database, source_id: int) -> dict[str, str]:
    """Return by former name the name that the publications of a source are shown under now.

    Former names are those that feeds were published under, and the names as listed of publications that the operator
    named; the publication that is listed under a former name comes first. A name that the source has entries under is not a
    former one.
    """
    rows = db.execute("SELECT name FROM tallies WHERE source_id = ? AND kind = 'publication'", (source_id,))
    current = {name for (name,) in rows}
    published = db.execute(
        "SELECT f.name, p.shown_name FROM former_publication_names f JOIN publication_aliases a USING (alias)"
        " JOIN publications p USING (publication_id) WHERE f.source_id = ? ORDER BY f.name, p.shown_name DESC",
        (source_id,),
    )
    listed = db.execute("SELECT name, shown_name FROM publications WHERE shown_name != name ORDER BY name")
    return {former: name for former, name in (*published, *listed) if former not in current and name in current}
