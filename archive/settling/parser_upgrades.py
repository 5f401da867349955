"""What older parsers read: it cannot be derived again, so it is carried over when the archive is.

A revision that an older parser read stays as it is and keeps its id. What the parser of today reads in its place is a
technical revision: another row of the same number.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.settling.publication_names import record_publication
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class OlderRevision:
    """A revision as an older parser read it. The crawl is that of its capture; its number follows from its place in time.

    `stored` is the digest that it was stored with, which is sealed and stays, even if the rules have changed.
    """

    revision_id: int
    entry_id: int
    technical: bool
    listed: ListedEntry
    first_seen: str
    capture_id: int
    page: int
    position: int
    stored: str
    parser_version: int
    match_method: str
    match_score: float | None

    @property
    def wording(self) -> str:
        """The digest of its wording by today's rules."""
        return wording_digest(self.listed)


_COLUMNS = (
    "revision_id, entry_id, technical, excerpt, attribution, title, publication, commentary, flags, first_seen, capture_id,"
    " page, position, wording, parser_version, match_method, match_score"
)


def take_older_revisions(db: Database, parser_version: int) -> tuple[dict[int, list[OlderRevision]], int]:
    """Return by crawl the revisions that parsers before `parser_version` read, and the next free revision id.

    Whoever asks deletes them and stores each again when its crawl is settled.
    """
    rows = db.execute(
        f"SELECT (SELECT crawl_id FROM captures c WHERE c.capture_id = r.capture_id), {_COLUMNS}"  # noqa: S608 - our names
        " FROM revisions r WHERE parser_version < ? ORDER BY revision_id",
        (parser_version,),
    )
    older: dict[int, list[OlderRevision]] = {}
    last = 0
    for crawl_id, *row in rows:
        revision = _revision(row)
        older.setdefault(crawl_id, []).append(revision)
        last = revision.revision_id
    return older, last + 1


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row of a page as an older parser read it, and the entry that it was matched to."""

    wording: str
    entry_id: int
    listed: ListedEntry
    parser_version: int


def older_sightings(
    db: Database, source_id: int, bodies: Collection[str], parser_version: int, texts: Mapping[int, ListedEntry]
) -> list[Sighting]:
    """Return what the latest parser before `parser_version` read on these pages, each wording once, in listing order.

    `texts` are those of the older revisions, by their ids.
    """
    order = {body: number for number, body in enumerate(bodies)}
    rows = db.execute(
        "SELECT l.body_sha256, l.position, l.entry_id, l.revision_id, l.parser_version FROM listing_rows l"
        " WHERE l.source_id = :source_id AND l.body_sha256 IN (SELECT value FROM json_each(:bodies))"
        " AND l.parser_version = (SELECT max(o.parser_version) FROM listing_rows o WHERE o.source_id = l.source_id"
        "  AND o.body_sha256 = l.body_sha256 AND o.parser_version < :version)",
        {"source_id": source_id, "bodies": json.dumps(list(bodies)), "version": parser_version},
    ).fetchall()
    found: dict[str, Sighting] = {}
    for _, _, entry_id, revision_id, version in sorted(rows, key=lambda row: (order[row[0]], row[1])):
        if revision_id in texts:
            wording = wording_digest(texts[revision_id])
            found.setdefault(wording, Sighting(wording, entry_id, texts[revision_id], version))
    return list(found.values())


def restore_revision(db: Database, revision: OlderRevision, number: int) -> None:
    """Store a revision again as it was, as the entry's `number`."""
    listed = revision.listed
    record_publication(db, listed.publication)
    db.execute(
        f"INSERT INTO revisions ({_COLUMNS}, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            *(revision.revision_id, revision.entry_id, revision.technical),
            *(listed.excerpt, listed.attribution, listed.title, listed.publication, listed.commentary),
            *(json.dumps(listed.flags), revision.first_seen, revision.capture_id, revision.page, revision.position),
            *(revision.stored, revision.parser_version, revision.match_method, revision.match_score, number),
        ),
    )


def _revision(row: list[Any]) -> OlderRevision:
    revision_id, entry_id, technical, excerpt, attribution, title, publication, commentary, flags, *facts = row
    listed = ListedEntry(excerpt, attribution, title, publication, commentary, tuple(json.loads(flags)))
    return OlderRevision(revision_id, entry_id, bool(technical), listed, *facts)
