"""Revisions that older parsers read.

They cannot be derived again, so a rebuild stores them again unchanged.

Such a revision keeps its id. If the current parser reads other text in its place, that text becomes a technical
revision: another row with the same number.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.settling.publication_names import record_publication
from foreign_eyes.archive.settling.readings import revisions_read
from foreign_eyes.archive.text_columns import TEXT_COLUMNS, TEXT_MARKS, text_values
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import TEXT_PARTS, ListedEntry


@dataclass(frozen=True, slots=True)
class OlderRevision:
    """A revision as an older parser read it; its number is assigned again when it is restored.

    `stored` is the wording digest that is stored with it. It is sealed, so it stays even if the rules have changed.
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
    def wording_digest(self) -> str:
        """The wording digest by the current rules."""
        return wording_digest(self.listed)


_COLUMNS = (
    "revision_id, entry_id, technical, flags, first_seen, capture_id,"
    f" page, position, wording, parser_version, match_method, match_score, {TEXT_COLUMNS}"
)


class OlderRevisions:
    """The revisions that older parsers read and that are not restored yet."""

    def __init__(self, by_crawl: Mapping[int, Sequence[OlderRevision]] | None = None):
        """Keep the revisions of each crawl; without any, no older parser has read anything."""
        self._by_crawl = dict(by_crawl or {})
        revisions = [revision for crawl in self._by_crawl.values() for revision in crawl]
        self._entry_ids = frozenset(revision.entry_id for revision in revisions)
        self.last_id = max((revision.revision_id for revision in revisions), default=0)
        self.texts = {revision.revision_id: revision.listed for revision in revisions}
        self.entries = {revision.revision_id: revision.entry_id for revision in revisions}
        # entries of which a revision was restored
        self.restored: set[int] = set()

    def has_any(self, entry_id: int) -> bool:
        """Return whether an older parser read any revision of an entry, restored or not."""
        return entry_id in self._entry_ids

    def take(self, crawl_id: int, entry_id: int) -> list[OlderRevision]:
        """Remove and return the revisions of an entry in a crawl."""
        revisions = self._by_crawl.get(crawl_id, ())
        taken = [revision for revision in revisions if revision.entry_id == entry_id]
        if taken:
            self._by_crawl[crawl_id] = [revision for revision in revisions if revision.entry_id != entry_id]
        return taken

    def take_rest(self, crawl_id: int) -> Sequence[OlderRevision]:
        """Remove and return the remaining revisions of a crawl."""
        return self._by_crawl.pop(crawl_id, ())


def load_older_revisions(db: Database, parser_version: int) -> OlderRevisions:
    """Return the revisions that parsers before `parser_version` read.

    The caller deletes them from `db`, and restores each when its crawl is settled.
    """
    rows = db.execute(
        f"SELECT (SELECT crawl_id FROM captures c WHERE c.capture_id = r.capture_id), {_COLUMNS}"  # noqa: S608 - our names
        " FROM revisions r WHERE parser_version < ? ORDER BY revision_id",
        (parser_version,),
    )
    by_crawl: dict[int, list[OlderRevision]] = {}
    for crawl_id, *row in rows:
        by_crawl.setdefault(crawl_id, []).append(_revision(row))
    return OlderRevisions(by_crawl)


def was_read_by_older(crawl: Crawl, parser_version: int) -> bool:
    """Return whether a parser before `parser_version` was the first to settle a crawl."""
    return crawl.parser_version is not None and crawl.parser_version < parser_version


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row of a page as an older parser read it, and the entry that it was matched to."""

    wording_digest: str
    entry_id: int
    listed: ListedEntry
    parser_version: int


def older_sightings(
    db: Database, source_id: int, bodies: Collection[str], parser_version: int, older: OlderRevisions
) -> list[Sighting]:
    """Return the rows that the latest parser before `parser_version` read on these pages.

    Each wording is returned once, in listing order.
    """
    rows = db.execute(
        "SELECT l.shown, l.parser_version FROM json_each(:bodies) b CROSS JOIN readings l"
        " ON l.body_sha256 = b.value AND l.source_id = :source_id AND l.parser_version ="
        "  (SELECT max(o.parser_version) FROM readings o WHERE o.source_id = :source_id"
        "  AND o.body_sha256 = b.value AND o.parser_version < :version) ORDER BY b.key",
        {"source_id": source_id, "bodies": json.dumps(list(dict.fromkeys(bodies))), "version": parser_version},
    )
    found: dict[str, Sighting] = {}
    for shown, version in rows.fetchall():
        for revision_id in revisions_read(shown):
            if revision_id in older.texts:
                texts = older.texts[revision_id]
                wording = wording_digest(texts)
                found.setdefault(wording, Sighting(wording, older.entries[revision_id], texts, version))
    return list(found.values())


def restore_revision(db: Database, revision: OlderRevision, number: int) -> None:
    """Store a revision again as it was, as the entry's `number`."""
    listed = revision.listed
    record_publication(db, listed.publication)
    db.execute(
        f"INSERT INTO revisions ({_COLUMNS}, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {TEXT_MARKS}, ?)",  # noqa: S608
        (
            *(revision.revision_id, revision.entry_id, revision.technical),
            *(json.dumps(listed.flags), revision.first_seen, revision.capture_id, revision.page, revision.position),
            *(revision.stored, revision.parser_version, revision.match_method, revision.match_score),
            *(*text_values(listed, listed.publication), number),
        ),
    )


def _revision(row: list[Any]) -> OlderRevision:
    revision_id, entry_id, technical, flags, *facts = row[: -len(TEXT_PARTS)]
    listed = replace(ListedEntry(*row[-len(TEXT_PARTS) :]), flags=tuple(json.loads(flags)))
    return OlderRevision(revision_id, entry_id, bool(technical), listed, *facts)
