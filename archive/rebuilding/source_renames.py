"""Renames of sources: an operator's decision that a source has another name.

    no source has the new name: the name is changed, and nothing is derived again
    a source has it:            its crawls are joined with those of the renamed source, which keeps its ids

After a crawl under the new name, the archive holds the listing twice. The join settles the crawls of both as those of one
source, and records a merge for each entry that got a second id. See docs/decisions/names-of-sources.md.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NoReturn

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.errors import CannotDecide, UnknownSource
from foreign_eyes.archive.forgotten_sources import resume_source
from foreign_eyes.archive.rebuilding.joined_sources import hand_over_publishing
from foreign_eyes.archive.rebuilding.merge_and_split import merge_survivors
from foreign_eyes.archive.rebuilding.same_entries import compare_entries
from foreign_eyes.archive.sample_sources import is_invented
from foreign_eyes.archive.seals import seal
from foreign_eyes.archive.settling.recognitions import store_match
from foreign_eyes.archive.source_names import known_names, present_name
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.listing.values import Parser

# the tables of truth whose rows name their source by its id, and that a join moves as they are
_MOVED = (
    "crawls",
    "identities",
    "recognitions",
    "renames",
    "forgotten_sources",
    "redated_captures",
    "readings",
    "links",
)


def joins(db: Database, name: str, new_name: str) -> bool:
    """Return whether renaming the source `name` to `new_name` joins two sources.

    Raises:
        UnknownSource: the archive has no source of that name.
        CannotDecide: it has been renamed, it has that name, or one of the two is invented and the other is not.
    """
    if (url := _url(db, name)) is None:
        _refuse_missing(db, name)
    if name == new_name:
        raise CannotDecide(f"the source is already named {name}; nothing was changed")
    other = _url(db, new_name)
    if other is not None and is_invented(url) != is_invented(other):
        raise CannotDecide(
            f"one of {name} and {new_name} is the sample, whose entries are invented; they cannot be joined"
        )
    return other is not None


def rename_source(db: Database, name: str, new_name: str, at: datetime) -> None:
    """Rename a source; no source has the new name."""
    with writing(db):
        source_id = _source_id(db, name)
        _record(db, source_id, name, new_name, at, joined=False)
        seal(db, at, changed={"sources": [source_id]})


def join_sources(
    db: Database, name: str, new_name: str, parser: Parser, at: datetime, authority: str
) -> tuple[Collection[int], dict[int, int]]:
    """Join the source `new_name` with `name`, which keeps its ids and gets the new name, in the copy of a rebuild.

    Return no added crawls, and the entries that were merged, with their survivors.

    Raises:
        CannotDecide: an entry that both have is redacted.
    """
    keep, other = _source_id(db, name), _source_id(db, new_name)
    compared = compare_entries(db, keep, other, parser, at, authority)
    db.execute("BEGIN")
    _move(db, keep, other, new_name)
    _record(db, keep, name, new_name, at, joined=True)
    resume_source(db, new_name, at)
    merged: dict[int, int] = {}
    for entry in compared:
        if entry.survivor_id is not None:
            merge_survivors(db, entry.survivor_id, entry.entry_id, at)
            merged[entry.entry_id] = entry.survivor_id
        if entry.doubtful is not None:
            store_match(db, entry.recognition_id, entry.doubtful)
    db.execute("COMMIT")
    return (), merged


def _url(db: Database, name: str) -> str | None:
    row = db.execute("SELECT url FROM sources WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def _source_id(db: Database, name: str) -> int:
    return int(db.execute("SELECT source_id FROM sources WHERE name = ?", (name,)).fetchone()[0])


def _refuse_missing(db: Database, name: str) -> NoReturn:
    if (renamed := present_name(db, name)) != name:
        raise CannotDecide(f"source {name} has been renamed to {renamed}; nothing was changed")
    raise UnknownSource(name, known_names(db))


def _record(db: Database, source_id: int, name: str, new_name: str, at: datetime, *, joined: bool) -> None:
    """Change the name of a source and record the decision, inside the caller's transaction."""
    db.execute("UPDATE sources SET name = ? WHERE source_id = ?", (new_name, source_id))
    db.execute("UPDATE OR IGNORE lost_ids SET source = ? WHERE source = ?", (new_name, name))
    db.execute(
        "INSERT INTO renames (at, source_id, former_name, name, joined) VALUES (?, ?, ?, ?, ?)",
        (to_text(at), source_id, name, new_name, joined),
    )


def _move(db: Database, keep: int, other: int, name: str) -> None:
    """Move the rows of `other` to `keep`, and delete the source `other`, inside the transaction."""
    values = {"keep": keep, "other": other, "name": name}
    _separate_dates(db, keep, other)
    db.execute(  # both sources were served the same bytes
        "DELETE FROM readings WHERE source_id = :other AND (body_sha256, parser_version) IN"
        " (SELECT body_sha256, parser_version FROM readings WHERE source_id = :keep)",
        values,
    )
    same_link = (
        "(SELECT k.link_id FROM links l JOIN links k ON k.source_id = :keep AND k.label = l.label AND k.url = l.url"
        " WHERE l.source_id = :other AND l.link_id = changes.{column})"
    )
    for column in ("link_id", "former_link_id"):
        link = same_link.format(column=column)
        db.execute(f"UPDATE changes SET {column} = {link} WHERE {link} IS NOT NULL", values)  # noqa: S608 - our own names
    db.execute(
        "DELETE FROM links WHERE source_id = :other AND (label, url) IN"
        " (SELECT label, url FROM links WHERE source_id = :keep)",
        values,
    )
    db.execute(
        "UPDATE changes SET source_id = :keep, former_source = coalesce(former_source, :name) WHERE source_id = :other",
        values,
    )
    for table in _MOVED:
        db.execute(f"UPDATE {table} SET source_id = :keep WHERE source_id = :other", values)  # noqa: S608
    db.execute(
        "UPDATE sources SET (url, title, language) = (SELECT url, title, language FROM sources WHERE source_id = :other)"
        " WHERE source_id = :keep",
        values,
    )
    db.execute("DELETE FROM sources WHERE source_id = :other", values)
    hand_over_publishing(db, keep, other)


def _separate_dates(db: Database, keep: int, other: int) -> None:
    """Move feed dates of `other` that entries of `keep` have, by microseconds: no two entries of a source share one."""
    taken = {
        date for (date,) in db.execute("SELECT feed_date FROM identities WHERE source_id IN (?, ?)", (keep, other))
    }
    rows = db.execute(
        "SELECT entry_id, feed_date FROM identities WHERE source_id = ? AND feed_date IN"
        " (SELECT feed_date FROM identities WHERE source_id = ?)",
        (other, keep),
    ).fetchall()
    for entry_id, date in rows:
        moved = date
        while moved in taken:
            moved = to_text(from_text(moved) + timedelta(microseconds=1))
        taken.add(moved)
        db.execute("UPDATE identities SET feed_date = ? WHERE entry_id = ?", (moved, entry_id))
