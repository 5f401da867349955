"""Writing entries and their revisions: what settling has decided, put into rows. Inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from archive.captures import Capture
from archive.clock import from_text, to_text
from archive.matching import Candidate, Match, Row
from archive.publications import record_publication
from archive.values import ListedEntry


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the listing, where it stands (its first place, if it stands in several) and what first showed it.

    `rank` counts all rows from 0 in listing order; `position` counts from 1 on its page.
    """

    rank: int
    entry: ListedEntry
    wording: str
    title_key: str | None
    capture: Capture
    position: int
    first_capture: Capture

    @property
    def row(self) -> Row:
        """The row as matching sees it."""
        return Row(self.rank, self.wording, self.title_key)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the archive has of an entry that a row was matched to."""

    entry_id: int
    revision_id: int
    number: int
    wording: str
    last_place: tuple[str, int, int]
    missed: int
    withdrawn: bool


def find_candidates(db: Database, source_id: int, rows: Sequence[Row]) -> list[Candidate]:
    """Return the entries that any of `rows` might be, found by index: same wording, now or earlier, or same title."""
    wordings = json.dumps([row.wording for row in rows])
    titles = json.dumps([row.title_key for row in rows if row.title_key])
    found = db.execute(
        "WITH seen (wording) AS (SELECT value FROM json_each(:wordings)),"
        " ids (entry_id) AS ("
        "  SELECT entry_id FROM entries WHERE source_id = :source_id AND wording IN seen"
        "  UNION SELECT entry_id FROM entries"
        "   WHERE source_id = :source_id AND title_key IN (SELECT value FROM json_each(:titles))"
        "  UNION SELECT entry_id FROM revisions WHERE wording IN seen)"
        " SELECT e.entry_id, e.last_page, e.last_position, e.wording, e.title_key,"
        "  (SELECT json_group_array(r.wording) FROM revisions r WHERE r.entry_id = e.entry_id AND r.wording != e.wording)"
        " FROM ids JOIN entries e USING (entry_id) WHERE e.source_id = :source_id",
        {"wordings": wordings, "titles": titles, "source_id": source_id},
    )
    return [
        Candidate(entry_id, (page, position), wording, frozenset(json.loads(earlier)), key)
        for entry_id, page, position, wording, key, earlier in found
    ]


def load_stored(db: Database, entry_ids: Iterable[int]) -> dict[int, Stored]:
    """Return by id what the archive has of these entries."""
    rows = db.execute(
        "SELECT e.entry_id, e.revision_id, r.number, e.wording, e.last_body, e.last_page, e.last_position, e.missed,"
        " e.withdrawn_at IS NOT NULL FROM json_each(?) JOIN entries e ON e.entry_id = value JOIN revisions r USING (revision_id)",
        (json.dumps(list(entry_ids)),),
    )
    return {
        entry_id: Stored(entry_id, revision_id, number, wording, (body, page, position), missed, bool(withdrawn))
        for entry_id, revision_id, number, wording, body, page, position, missed, withdrawn in rows
    }


def dates_taken(db: Database, source_id: int, until: datetime, count: int) -> set[datetime]:
    """Return the feed dates of the source in the seconds before `until` where `count` new ones will be sought."""
    rows = db.execute(
        "SELECT feed_date FROM entries WHERE source_id = ? AND feed_date BETWEEN ? AND ?",
        (source_id, to_text(until - timedelta(seconds=count + 1)), to_text(until)),
    )
    return {from_text(row[0]) for row in rows}


def entry_id_taken(db: Database, entry_id: int) -> bool:
    """Tell whether the archive has minted this id already."""
    return db.execute("SELECT 1 FROM entries WHERE entry_id = ?", (entry_id,)).fetchone() is not None


def insert_entry(
    db: Database, source_id: int, entry_id: int, tag_uri: str, place: Place, feed_date: datetime, not_before: str | None
) -> None:
    """Store a new entry, as yet without a revision."""
    publication_id, publication = record_publication(db, place.entry.publication)
    entry = place.entry
    db.execute(
        "INSERT INTO entries (entry_id, tag_uri, feed_date, source_id, not_before, first_seen, wording, title_key, title,"
        " publication, publication_id, attribution, excerpt, commentary, last_body, last_page, last_position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry_id, tag_uri, to_text(feed_date), source_id, not_before, to_text(place.first_capture.fetched_at)),
            *(place.wording, place.title_key, entry.title, publication, publication_id),
            *(entry.attribution, entry.excerpt, entry.commentary),
            *_last_place(place),
        ),
    )


def insert_revision(db: Database, entry_id: int, number: int, place: Place, match: Match, parser_version: int) -> int:
    """Store revision `number` of an entry and make it the current one's; return its id."""
    entry, capture = place.entry, place.first_capture
    _, publication = record_publication(db, entry.publication)
    cursor = db.execute(
        "INSERT INTO revisions (entry_id, number, title, publication, attribution, excerpt, commentary, first_seen,"
        " capture_id, page, position, wording, flags, parser_version, match_method, match_score)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry_id, number, entry.title, publication, entry.attribution, entry.excerpt, entry.commentary),
            *(to_text(capture.fetched_at), capture.capture_id, place.capture.page, place.position),
            *(place.wording, json.dumps(entry.flags), parser_version, match.method, match.score),
        ),
    )
    db.execute("UPDATE entries SET revision_id = ? WHERE entry_id = ?", (cursor.lastrowid, entry_id))
    return int(cursor.lastrowid or 0)


def update_wording(db: Database, entry_id: int, place: Place) -> None:
    """Make the wording of `place` the entry's current one."""
    publication_id, publication = record_publication(db, place.entry.publication)
    entry = place.entry
    db.execute(
        "UPDATE entries SET wording = ?, title_key = ?, title = ?, publication = ?, publication_id = ?, attribution = ?,"
        " excerpt = ?, commentary = ? WHERE entry_id = ?",
        (
            *(place.wording, place.title_key, entry.title, publication, publication_id),
            *(entry.attribution, entry.excerpt, entry.commentary, entry_id),
        ),
    )


def record_sighting(db: Database, stored: Stored, place: Place) -> None:
    """Note where an entry was seen, and that it is not missing; nothing is written where nothing differs."""
    if stored.last_place != _last_place(place):
        db.execute(
            "UPDATE entries SET last_body = ?, last_page = ?, last_position = ? WHERE entry_id = ?",
            (*_last_place(place), stored.entry_id),
        )
    if stored.missed or stored.withdrawn:
        db.execute("UPDATE entries SET missed = 0, withdrawn_at = NULL WHERE entry_id = ?", (stored.entry_id,))


def record_listing_row(
    db: Database, source_id: int, parser_version: int, place: Place, entry_id: int, revision_id: int
) -> None:
    """Note which entry and revision a row of a body is."""
    db.execute(
        "INSERT INTO listing_rows (source_id, body_sha256, parser_version, position, wording, entry_id, revision_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET entry_id = excluded.entry_id,"
        " revision_id = excluded.revision_id WHERE entry_id != excluded.entry_id OR revision_id != excluded.revision_id",
        (
            *(source_id, place.capture.body_sha256, parser_version, place.position, place.wording),
            *(entry_id, revision_id),
        ),
    )


def has_wordings(db: Database, source_name: str, wordings: Iterable[str]) -> bool:
    """Tell whether all of these wordings are current ones of the source's entries."""
    unknown = db.execute(
        "SELECT 1 FROM json_each(?) WHERE value NOT IN"
        " (SELECT wording FROM entries WHERE source_id = (SELECT source_id FROM sources WHERE name = ?)) LIMIT 1",
        (json.dumps(list(wordings)), source_name),
    )
    return unknown.fetchone() is None


def count_listed(db: Database, source_id: int) -> int:
    """Return how many entries the last complete crawl listed."""
    row = db.execute(
        "SELECT count(*) FROM entries WHERE source_id = ? AND missed = 0 AND withdrawn_at IS NULL", (source_id,)
    )
    return int(row.fetchone()[0])


def miss_entries(db: Database, source_id: int, listed: Iterable[int] | None, at: datetime) -> list[tuple[int, int]]:
    """Count one more complete crawl without these entries; return (entry, revision) of those that this withdraws.

    `listed` are the entries that it did show; None means that it showed just what the crawl before it did.
    """
    if listed is None:
        missing = db.execute(
            "SELECT entry_id FROM entries WHERE source_id = ? AND missed > 0 AND withdrawn_at IS NULL", (source_id,)
        ).fetchall()
    else:
        missing = db.execute(
            "SELECT entry_id FROM entries WHERE source_id = ? AND withdrawn_at IS NULL"
            " EXCEPT SELECT value FROM json_each(?)",
            (source_id, json.dumps(list(listed))),
        ).fetchall()
    ids = json.dumps([row[0] for row in missing])
    db.execute("UPDATE entries SET missed = missed + 1 WHERE entry_id IN (SELECT value FROM json_each(?))", (ids,))
    return db.execute(
        "UPDATE entries SET withdrawn_at = ? WHERE missed >= 2 AND entry_id IN (SELECT value FROM json_each(?))"
        " RETURNING entry_id, revision_id",
        (to_text(at), ids),
    ).fetchall()


def _last_place(place: Place) -> tuple[str, int, int]:
    return place.capture.body_sha256, place.capture.page, place.position
