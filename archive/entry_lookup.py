"""Find an entry by id, tag URI, or part of a current or former title."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.settling.operator_decisions import surviving_id
from foreign_eyes.listing.text import clean, folded

ID_DIGITS = 9


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """An entry that a search found, with its current title, or its attribution line.

    `former_title` is set if only an earlier title matched, `merged_id` if the searched id was merged into this entry.
    """

    entry_id: int
    title: str
    publication: str | None
    former_title: str | None = None
    merged_id: int | None = None


def find_entries(db: Database, wanted: str) -> list[NamedEntry]:
    """Return the entries that match `wanted`, newest feed date first.

    That is the entry with this id or tag URI; otherwise entries are searched by title. Entries with exactly this title,
    current or former, are preferred to those whose title contains it. Letter case, white space and quote style are ignored. A
    merged id finds the entry that it was merged into. A blank text finds nothing.
    """
    text = clean(wanted).strip()
    if (by_id := _by_id(db, text)) is not None:
        return [by_id]
    key = _title_key(text)
    return _by_title(db, key) if key else []


def known_tags(db: Database, tags: Sequence[str]) -> int:
    """Return how many of these tag URIs are those of entries of this archive, merged ones too."""
    query = "SELECT count(*) FROM identities WHERE tag_uri IN (SELECT value FROM json_each(?))"
    return int(db.execute(query, (json.dumps(list(tags)),)).fetchone()[0])


def _by_id(db: Database, wanted: str) -> NamedEntry | None:
    as_id = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == ID_DIGITS else None
    minted = db.execute("SELECT entry_id FROM identities WHERE tag_uri = ? OR entry_id = ?", (wanted, as_id)).fetchone()
    if minted is None:
        return None
    found_id = minted[0]
    entry_id = surviving_id(db, found_id)
    row = db.execute(
        "SELECT coalesce(title, attribution), publication FROM entries WHERE entry_id = ?", (entry_id,)
    ).fetchone()
    if row is None:
        return None
    return NamedEntry(entry_id, row[0], row[1], merged_id=found_id if found_id != entry_id else None)


def _by_title(db: Database, key: str) -> list[NamedEntry]:
    """Find entries by title.

    An index cannot find part of a title, so all titles are read, current ones first.
    """
    rows = db.execute(
        "SELECT e.entry_id, coalesce(e.title, e.attribution), e.publication, coalesce(r.title, r.attribution)"
        " FROM entries e JOIN revisions r USING (entry_id)"
        " ORDER BY e.feed_date DESC, r.revision_id = e.revision_id DESC, r.number DESC"
    )
    exact: dict[int, NamedEntry] = {}
    partial: dict[int, NamedEntry] = {}
    for entry_id, title, publication, revision_title in rows:
        revision_key = _title_key(revision_title)
        if key in revision_key and entry_id not in (exact if key == revision_key else partial):
            former = revision_title if _title_key(title) != revision_key else None
            (exact if key == revision_key else partial)[entry_id] = NamedEntry(entry_id, title, publication, former)
    return list((exact or partial).values())


def _title_key(title: str) -> str:
    return folded(title).casefold()
