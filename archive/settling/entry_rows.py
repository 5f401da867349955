"""Reading and writing entries, revisions and restyles.

All functions work inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.captures import Capture
from foreign_eyes.archive.matching.keys import commentary_key, excerpt_key
from foreign_eyes.archive.matching.matcher import ListingRow, Match
from foreign_eyes.archive.settling.identity_rows import Identity
from foreign_eyes.archive.settling.publication_names import record_publication
from foreign_eyes.archive.text_columns import TEXT_ASSIGNMENTS, TEXT_COLUMNS, TEXT_MARKS, text_columns, text_values
from foreign_eyes.archive.times import to_text
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the listing with its first place, and the capture that first showed it.

    `rank` counts all rows from 0 in listing order; `position` counts from 1 on its page.
    """

    rank: int
    entry: ListedEntry
    wording_digest: str
    title_key: str | None
    capture: Capture
    position: int
    first_capture: Capture
    # the texts at later places of the listing with the same wording in another style
    twins: tuple[ListedEntry, ...] = ()
    # the number of rows of the listing with this wording
    count: int = 1

    @property
    def row(self) -> ListingRow:
        """The row as an argument of matching."""
        return ListingRow(self.rank, self.wording_digest, self.title_key, self.entry, self.count)

    @property
    def identity_digest(self) -> str:
        """The identity digest, for which ids are minted (see `identity_digest`)."""
        return identity_digest(self.entry)


@dataclass(frozen=True, slots=True)
class RevisionCount:
    """The number of a revision, from 1.

    `technical` is whether it restates that number; `revision_id` is its id, if given.
    """

    number: int
    technical: bool = False
    revision_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as stored, to which a row was matched; digest and texts are the current ones."""

    entry_id: int
    revision_id: int
    number: int
    wording_digest: str
    last_place: tuple[str, int, int]
    missed: int
    withdrawn: bool
    texts: ListedEntry


def load_stored(db: Database, entry_ids: Iterable[int]) -> dict[int, StoredEntry]:
    """Return these entries as stored, by id; ids without an entry are left out."""
    rows = db.execute(
        "SELECT e.entry_id, e.revision_id, r.number, e.wording, e.last_body, e.last_page, e.last_position, e.missed,"  # noqa: S608
        f" e.withdrawn_at IS NOT NULL, {text_columns('e')}"
        " FROM json_each(?) JOIN entries e ON e.entry_id = value JOIN revisions r USING (revision_id)",
        (json.dumps(list(entry_ids)),),
    )
    return {
        entry_id: StoredEntry(
            *(entry_id, revision_id, number, wording, (body, page, position), missed, bool(withdrawn)),
            ListedEntry(*texts),
        )
        for entry_id, revision_id, number, wording, body, page, position, missed, withdrawn, *texts in rows
    }


def insert_entry(db: Database, identity: Identity, place: Place, not_before: str | None) -> None:
    """Store a new entry, which has no revision yet."""
    publication_id, publication = record_publication(db, place.entry.publication)
    entry = place.entry
    db.execute(
        "INSERT INTO entries (entry_id, tag_uri, feed_date, source_id, not_before, first_seen, wording, title_key,"  # noqa: S608
        f" excerpt_key, commentary_key, publication_id, last_body, last_page, last_position, {TEXT_COLUMNS})"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {TEXT_MARKS})",
        (
            *(identity.entry_id, identity.tag_uri, to_text(identity.feed_date), identity.source_id),
            *(not_before, to_text(place.first_capture.fetched_at)),
            *(place.wording_digest, place.title_key, excerpt_key(entry.excerpt), commentary_key(entry.commentary)),
            *(publication_id, *last_place(place), *text_values(entry, publication)),
        ),
    )


def insert_revision(
    db: Database, entry_id: int, count: RevisionCount, place: Place, match: Match, parser_version: int
) -> int:
    """Store a revision of an entry and make it current; return its id."""
    entry, capture = place.entry, place.first_capture
    _, publication = record_publication(db, entry.publication)
    cursor = db.execute(
        "INSERT INTO revisions (revision_id, entry_id, number, technical, first_seen, capture_id, page, position, wording,"  # noqa: S608
        f" flags, parser_version, match_method, match_score, {TEXT_COLUMNS})"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {TEXT_MARKS})",
        (
            *(count.revision_id, entry_id, count.number, count.technical),
            *(to_text(capture.fetched_at), capture.capture_id, place.capture.page, place.position),
            *(place.wording_digest, json.dumps(entry.flags), parser_version, match.method, match.score),
            *text_values(entry, publication),
        ),
    )
    make_current(db, entry_id, int(cursor.lastrowid or 0))
    return int(cursor.lastrowid or 0)


def make_current(db: Database, entry_id: int, revision_id: int) -> None:
    """Make a revision the current one of its entry."""
    db.execute("UPDATE entries SET revision_id = ? WHERE entry_id = ?", (revision_id, entry_id))


def find_revision(db: Database, entry_id: int, wording: str) -> int | None:
    """Return the id of an entry's latest revision with this wording, or None."""
    row = db.execute(
        "SELECT max(revision_id) FROM revisions WHERE entry_id = ? AND wording = ?", (entry_id, wording)
    ).fetchone()
    return row[0]  # type: ignore[no-any-return]


def rename_entry(db: Database, entry_id: int, identity: Identity) -> None:
    """Replace the provisional id of an entry by its identity."""
    # matching finds entries through the search index, which has entry ids
    _index_words(db, entry_id, "entries_fts, rowid", "'delete', entry_id")
    db.execute(
        "UPDATE entries SET entry_id = ?, tag_uri = ?, feed_date = ? WHERE entry_id = ?",
        (identity.entry_id, identity.tag_uri, to_text(identity.feed_date), entry_id),
    )
    _index_words(db, identity.entry_id, "rowid", "entry_id")
    named = (
        *(("revisions", "entry_id"), ("restyles", "entry_id"), ("placements", "entry_id")),
        ("match_doubts", "other_entry_id"),
    )
    for table, column in named:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (identity.entry_id, entry_id))  # noqa: S608


def _index_words(db: Database, entry_id: int, columns: str, values: str) -> None:
    db.execute(
        f"INSERT INTO entries_fts ({columns}, title, publication, excerpt, commentary)"  # noqa: S608 - our own names
        f" SELECT {values}, title, publication, excerpt, commentary FROM entries WHERE entry_id = ?",
        (entry_id,),
    )


def update_wording(db: Database, entry_id: int, place: Place) -> None:
    """Make the wording of `place` the current wording of an entry."""
    publication_id, publication = record_publication(db, place.entry.publication)
    entry = place.entry
    db.execute(
        "UPDATE entries SET wording = ?, title_key = ?, publication_id = ?, excerpt_key = ?, commentary_key = ?,"  # noqa: S608
        f" {TEXT_ASSIGNMENTS} WHERE entry_id = ?",
        (
            *(place.wording_digest, place.title_key, publication_id),
            *(excerpt_key(entry.excerpt), commentary_key(entry.commentary)),
            *(*text_values(entry, publication), entry_id),
        ),
    )


def record_restyle(db: Database, source_id: int, stored: StoredEntry, place: Place) -> None:
    """Update an entry's texts after a change of style, and record the change."""
    update_wording(db, stored.entry_id, place)
    entry, capture = place.entry, place.capture
    _, publication = record_publication(db, entry.publication)
    db.execute(
        "INSERT INTO restyles (source_id, entry_id, revision_id, first_seen, capture_id, page, position,"  # noqa: S608
        f" {TEXT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, {TEXT_MARKS})",
        (
            *(source_id, stored.entry_id, stored.revision_id),
            *(to_text(capture.fetched_at), capture.capture_id, capture.page, place.position),
            *text_values(entry, publication),
        ),
    )


def record_sighting(db: Database, stored: StoredEntry, place: Place) -> None:
    """Store where an entry was seen and that it is not missing.

    Write nothing if nothing has changed.
    """
    if stored.last_place != last_place(place):
        db.execute(
            "UPDATE entries SET last_body = ?, last_page = ?, last_position = ? WHERE entry_id = ?",
            (*last_place(place), stored.entry_id),
        )
    if stored.missed or stored.withdrawn:
        db.execute("UPDATE entries SET missed = 0, withdrawn_at = NULL WHERE entry_id = ?", (stored.entry_id,))


def known_wordings(db: Database, source_id: int, wordings: Iterable[str]) -> frozenset[str]:
    """Return the wordings that an entry of the source has or had."""
    rows = db.execute(
        "SELECT value FROM json_each(:wordings) WHERE EXISTS"
        " (SELECT 1 FROM entries WHERE source_id = :source_id AND wording = value)"
        " OR EXISTS (SELECT 1 FROM revisions r JOIN entries e USING (entry_id)"
        "  WHERE r.wording = value AND e.source_id = :source_id)",
        {"source_id": source_id, "wordings": json.dumps(list(wordings))},
    )
    return frozenset(wording for (wording,) in rows)


def count_listed(db: Database, source_id: int, bodies: Iterable[str]) -> int:
    """Return the number of entries in an unchanged listing with these bodies."""
    row = db.execute(
        "SELECT count(*) FROM entries WHERE source_id = ? AND withdrawn_at IS NULL"
        " AND last_body IN (SELECT value FROM json_each(?))",
        (source_id, json.dumps(list(bodies))),
    )
    return int(row.fetchone()[0])


def last_place(place: Place) -> tuple[str, int, int]:
    """Return body, page and position of a place."""
    return place.capture.body_sha256, place.capture.page, place.position
